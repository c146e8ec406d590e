package dev.ashlar.internal.engine;

import dev.ashlar.testing.ChunkStoreContract;
import dev.ashlar.testing.StoreUnderTest;

class SimulatedInlineStoreTest extends ChunkStoreContract {
  @Override
  protected StoreUnderTest openStore() {
    return FakeWorld.builder(2).inline(true).slots(3).open();
  }
}
