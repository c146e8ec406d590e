/** The store under test, doing the work of each row. */
package dev.ashlar.bench.ours;
