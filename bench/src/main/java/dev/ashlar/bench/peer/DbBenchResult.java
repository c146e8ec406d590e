package dev.ashlar.bench.peer;

/**
 * What db_bench said of one benchmark.
 *
 * @param benchmark its name
 * @param perSecond operations a second
 * @param found how many of the keys it looked for were there, in db_bench's words; empty if it
 *     looked for none
 */
public record DbBenchResult(String benchmark, double perSecond, String found) {}
