package dev.ashlar.cli.bench;

/**
 * What a workload came to.
 *
 * @param workload that ran
 * @param operations of all threads
 * @param seconds it took
 * @param reads of these operations
 * @param found of these reads, what was there
 * @param deviceReads read operations of the device meanwhile, RocksDB's background work included
 * @param deviceWrites write operations of the device
 * @param deviceFlushes flushes of the device
 * @param deviceBytesRead bytes read
 * @param deviceBytesWritten bytes written
 */
public record WorkloadResult(
    Workload workload,
    long operations,
    double seconds,
    long reads,
    long found,
    long deviceReads,
    long deviceWrites,
    long deviceFlushes,
    long deviceBytesRead,
    long deviceBytesWritten) {

  /**
   * Its rate.
   *
   * @return operations a second, of all threads
   */
  public double perSecond() {
    return operations / seconds;
  }
}
