package dev.ashlar.bench.peer;

/**
 * What fio measured.
 *
 * @param perSecond operations a second
 * @param bytesPerSecond bytes a second
 * @param medianMicros median latency of an operation, from submission to completion
 * @param operations in all
 * @param flushes fdatasync calls in all
 */
public record FioResult(
    double perSecond, double bytesPerSecond, double medianMicros, long operations, long flushes) {}
