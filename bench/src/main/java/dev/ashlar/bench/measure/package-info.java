/** How things are measured: rounds in turn, rates and latencies, CPU, heap and device counters. */
package dev.ashlar.bench.measure;
