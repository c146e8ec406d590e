/** Benchmarks of Ashlar and of what it is compared with. */
package dev.ashlar.bench;
