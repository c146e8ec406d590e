#include "ashlar/store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/crc32c.h"
#include "cpp/testing/random.h"
#include "cpp/testing/store_client.h"

namespace ashlar {
namespace {

constexpr uint32_t kSlots = 32;

class StoreTest : public ::testing::Test {
 protected:
  void StartRuntime(uint32_t reactors) {
    StoreRuntimeOptions options;
    options.reactors.reactors = reactors;
    options.op_slots = kSlots;
    options.buffer_bytes = 1 << 20;
    auto runtime = StoreRuntime::Start(options);
    ASSERT_TRUE(runtime.ok()) << runtime.status().ToString();
    runtime_ = *runtime;
    client_ = std::make_unique<StoreClient>(*runtime_, kSlots);
  }

  void OpenMemory(uint64_t size_bytes) {
    StoreOpenOptions options;
    options.device.size_bytes = size_bytes;
    options.format = true;
    options.id.bytes[3] = 7;
    auto store = Store::Open(runtime_, options);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = *store;
    const Status started = store_->Start();
    ASSERT_TRUE(started.ok()) << started.ToString();
  }

  void TearDown() override {
    if (runtime_ != nullptr) runtime_->Stop();
  }

  std::shared_ptr<StoreRuntime> runtime_;
  std::unique_ptr<StoreClient> client_;
  std::shared_ptr<Store> store_;
};

TEST_F(StoreTest, WhatWasWrittenIsRead) {
  StartRuntime(1);
  OpenMemory(64 * kMiB);
  AlignedBuffer data(256 * kPageBytes);
  Random(1).Fill(data.span());
  const std::vector<MappedPage> holes(256);
  auto written = client_->Write(*store_, 0, holes, 0, data.span());
  ASSERT_TRUE(written.outcome.ok()) << static_cast<int>(written.outcome.code);
  EXPECT_EQ(written.pages[0].crc, Crc32c(data.data(), kPageBytes));
  AlignedBuffer back(256 * kPageBytes);
  ASSERT_TRUE(client_->Read(*store_, 0, written.pages, 0, back.span()).ok());
  EXPECT_TRUE(std::ranges::equal(data.span(), back.span()));
  EXPECT_TRUE(client_->Flush(*store_, 0).ok());
  EXPECT_EQ(store_->Numbers().used_pages, 256u);
  EXPECT_TRUE(client_->FreePages(*store_, 0, written.pages).ok());
  EXPECT_EQ(store_->Numbers().used_pages, 0u);
  EXPECT_TRUE(store_->Close(true).ok());
}

}  // namespace
}  // namespace ashlar
