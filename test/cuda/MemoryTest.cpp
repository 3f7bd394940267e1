// What of the devices' memory streams borrow: it comes back to them alone, and all of it to the
// driver.
#include "test/cuda/Calls.h"

#include "runtime/cuda/DeviceMemory.h"

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

using namespace bregman;
using namespace bregman::cuda;
using namespace bregman::testing;

namespace {

class CudaMemory : public ::testing::Test {
protected:
  void SetUp() override {
    auto made = Device::get(0);
    ASSERT_TRUE(made) << made.error().message;
    device = *made;
    Current current(*device);
    for (void *&stream : streams)
      ASSERT_EQ(cuStreamCreate(&stream, 0), 0);
    memory = deviceMemory();
  }
  void TearDown() override {
    memory.reset();
    {
      Current current(*device);
      for (void *stream : streams)
        ASSERT_EQ(cuStreamDestroy_v2(stream), 0);
    }
    device.reset();
    if (standinLive) {
      EXPECT_EQ(standinLive(), 0) << "something was kept";
    }
  }

  Buffer borrow(size_t bytes, void *stream, const void *near = nullptr) {
    Result<Buffer> made = Buffer::borrow(memory, bytes, near, stream);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : Buffer();
  }
  static int64_t allocations() { return callsOf("cuMemAlloc_v2"); }
  static int64_t releases() { return callsOf("cuMemFree_v2"); }
  static void expectAllocations(int64_t before, int64_t count) {
    expectCalls("cuMemAlloc_v2", before, count);
  }
  static void expectReleases(int64_t before, int64_t count) {
    expectCalls("cuMemFree_v2", before, count);
  }

  std::shared_ptr<const Device> device;
  std::shared_ptr<Memory> memory;
  void *streams[2] = {};
};

TEST_F(CudaMemory, ComesBackToItsStreamAlone) {
  int64_t before = allocations(), freed = releases();
  void *first = borrow(1000, streams[0]).data();
  EXPECT_EQ(borrow(1000, streams[0]).data(), first);
  EXPECT_EQ(borrow(10, streams[0]).data(), first) << "it is large enough";
  // The first stream may still be at work on it.
  void *second = borrow(1000, streams[1]).data();
  EXPECT_NE(second, first);
  EXPECT_NE(borrow(1000, nullptr).data(), first);
  EXPECT_EQ(borrow(1000, streams[0]).data(), first);
  EXPECT_EQ(borrow(1000, streams[1]).data(), second);
  expectAllocations(before, 3);
  expectReleases(freed, 0);
}

TEST_F(CudaMemory, HasABlockForEachThatIsLentAtOnce) {
  int64_t before = allocations(), freed = releases();
  for (int round = 0; round < 3; ++round) {
    Buffer a = borrow(100, streams[0]), b = borrow(5000, streams[0]), c = borrow(7, streams[0]);
    EXPECT_NE(a.data(), b.data());
    EXPECT_NE(a.data(), c.data());
    EXPECT_NE(b.data(), c.data());
  }
  expectAllocations(before, 3);
  // A larger one takes the place of the largest, and the others stay.
  void *grown = borrow(6000, streams[0]).data();
  EXPECT_EQ(borrow(5500, streams[0]).data(), grown);
  expectAllocations(before, 4);
  expectReleases(freed, 1);
}

TEST_F(CudaMemory, StaysOnItsDevice) {
  if (!standinCalls)
    GTEST_SKIP() << "the driver is a real one, and may have one device";
  auto second = Device::get(1);
  ASSERT_TRUE(second) << second.error().message;
  Result<Buffer> there = Buffer::create(deviceMemory(1), 16);
  ASSERT_TRUE(there) << there.error().message;
  void *onFirst = borrow(1000, nullptr).data();
  void *onSecond = borrow(1000, nullptr, there->data()).data();
  EXPECT_NE(onFirst, onSecond) << "the same stream's name, but of another device";
  auto where = Device::of(onSecond);
  ASSERT_TRUE(where) << where.error().message;
  EXPECT_EQ((*where)->ordinal, 1);
  EXPECT_EQ(borrow(1000, nullptr, there->data()).data(), onSecond);
  EXPECT_EQ(borrow(1000, nullptr).data(), onFirst);
}

TEST_F(CudaMemory, WhatIsSharedIsReleased) {
  int64_t freed = releases();
  Buffer shared = borrow(1000, streams[0]);
  void *address = shared.data();
  shared.share();
  shared = Buffer();
  expectReleases(freed, 1);
  // A sanitizer would take the question for a fault.
  if (standinCalls) {
    EXPECT_FALSE(Device::of(address));
  }
}

TEST_F(CudaMemory, WhatIsKeptIsNotMissedElsewhere) {
  if (!standinMemory)
    GTEST_SKIP() << "the driver is a real one";
  standinMemory(1 << 20);
  Buffer other = borrow(100, streams[1]);
  (void)borrow(700 << 10, streams[0]);
  Result<Buffer> large = Buffer::create(memory, 600 << 10);
  EXPECT_TRUE(large) << "what the stream does not use was given up";
  Result<Buffer> tooLarge = Buffer::borrow(memory, 600 << 10, nullptr, streams[0]);
  ASSERT_FALSE(tooLarge);
  EXPECT_NE(tooLarge.error().message.find("614400 bytes on cuda:0 (stand-in 0): cuMemAlloc_v2 "
                                          "gives CUDA_ERROR_OUT_OF_MEMORY (2)"),
            std::string::npos)
      << tooLarge.error().message;
  standinMemory(1 << 30);
}

TEST_F(CudaMemory, ThreadsHaveBlocksOfTheirOwn) {
  std::vector<std::thread> threads;
  std::atomic<int> shared = 0;
  std::mutex mutex;
  std::set<void *> lent;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        Buffer mine = borrow(size_t(100 + 50 * (i % 7)), streams[t % 2]);
        {
          std::lock_guard lock(mutex);
          shared += !lent.insert(mine.data()).second;
        }
        std::lock_guard lock(mutex);
        lent.erase(mine.data());
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(shared, 0);
}

} // namespace
