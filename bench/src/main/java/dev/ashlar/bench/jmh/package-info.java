/**
 * JMH benchmarks of single operations. Those of package-private code stand in its package, below
 * {@code dev.ashlar.internal}.
 */
package dev.ashlar.bench.jmh;
