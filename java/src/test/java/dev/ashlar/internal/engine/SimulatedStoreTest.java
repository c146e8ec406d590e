package dev.ashlar.internal.engine;

import dev.ashlar.testing.ChunkStoreContract;
import dev.ashlar.testing.StoreUnderTest;

class SimulatedStoreTest extends ChunkStoreContract {
  @Override
  protected StoreUnderTest openStore() {
    return FakeWorld.builder(1).open();
  }
}
