/** The rows of the comparison: each sets up both sides, lets them run in turn and compares. */
package dev.ashlar.bench.row;
