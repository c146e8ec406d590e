// Preloaded by a test: the DPDK that is found is one that SPDK does not know.
extern "C" __attribute__((visibility("default"))) const char* rte_version();
const char* rte_version() { return "DPDK 99.11.0"; }
