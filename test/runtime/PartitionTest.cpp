// The static cut: every weight once, equal shares, and the streaming code only where it may go.
#include "runtime/Partition.h"
#include "runtime/Machine.h"

#include <gtest/gtest.h>

using namespace bregman;

namespace {

const std::vector<StreamInfo> streams = {
    {"g", Access::In}, {"x", Access::InOut}, {"w", Access::Out}};

/// Addresses are never followed, so made-up ones will do. `misalignment` is in weights, of w.
Segment tensor(int64_t size, uintptr_t base, int misalignment = 0) {
  return {size,
          {reinterpret_cast<void *>(base), reinterpret_cast<void *>(base + (1 << 28)),
           reinterpret_cast<void *>(base + (2 << 28) + 4 * misalignment)}};
}

int64_t sizeOfShare(const HostPartition &partition, int index) {
  int64_t size = 0;
  for (size_t i = partition.shares[index].begin; i < partition.shares[index].end; ++i)
    size += partition.chunks[i].size;
  return size;
}

void expectEveryWeightOnce(const HostPartition &partition, const std::vector<Segment> &segments) {
  size_t chunk = 0, shareEnd = 0;
  for (const auto &share : partition.shares) {
    EXPECT_EQ(share.begin, shareEnd);
    shareEnd = share.end;
  }
  EXPECT_EQ(shareEnd, partition.chunks.size());
  for (const Segment &segment : segments) {
    int64_t at = 0;
    for (; at < segment.size; ++chunk) {
      ASSERT_LT(chunk, partition.chunks.size());
      for (size_t plane = 0; plane < segment.streams.size(); ++plane)
        ASSERT_EQ(partition.addresses[partition.chunks[chunk].streams + plane],
                  static_cast<char *>(segment.streams[plane]) + at * 4);
      at += partition.chunks[chunk].size;
    }
    ASSERT_EQ(at, segment.size);
  }
  EXPECT_EQ(chunk, partition.chunks.size());
}

TEST(Partition, SharesAreContiguousAndEqual) {
  std::vector<Segment> segments;
  for (int i = 0; i < 62; ++i)
    segments.push_back(tensor(i % 3 ? 1000 + 977 * i : 64, uintptr_t(i + 1) << 32, i % 16));
  int64_t total = 0;
  for (const Segment &segment : segments)
    total += segment.size;
  CutPolicy policy{.lanes = 16, .cacheBytes = 1 << 16, .bytesPerThread = 0};
  for (int threads : {1, 2, 3, 7, 16}) {
    HostPartition partition = cut({streams}, segments, threads, true, policy);
    ASSERT_EQ(int(partition.shares.size()), threads);
    expectEveryWeightOnce(partition, segments);
    for (int i = 0; i < threads; ++i)
      EXPECT_NEAR(double(sizeOfShare(partition, i)), double(total) / threads, 80);
  }
}

TEST(Partition, CutsOfAnAlignedTensorAreOnCacheLines) {
  std::vector<Segment> segments = {tensor(100'003, uintptr_t(1) << 32)};
  CutPolicy policy{.lanes = 16, .cacheBytes = 1 << 30, .bytesPerThread = 0};
  HostPartition partition = cut({streams}, segments, 7, false, policy);
  for (const auto &chunk : partition.chunks)
    for (int plane = 0; plane < 3; ++plane)
      EXPECT_EQ(reinterpret_cast<uintptr_t>(partition.addresses[chunk.streams + plane]) % 256, 0u);
}

TEST(Partition, StreamsOnlyWhatIsLargeAndAligned) {
  for (int lanes : {8, 16})
    for (int misalignment = 0; misalignment < 16; ++misalignment)
      for (int tail = 0; tail < 17; ++tail) {
        std::vector<Segment> segments = {tensor(4095, uintptr_t(1) << 32, misalignment),
                                         tensor(20'000 + tail, uintptr_t(2) << 32, misalignment)};
        CutPolicy policy{.lanes = lanes, .cacheBytes = 4096, .bytesPerThread = 0};
        HostPartition partition = cut({streams}, segments, 3, true, policy);
        expectEveryWeightOnce(partition, segments);
        int64_t streamed = 0;
        for (const auto &chunk : partition.chunks) {
          if (!chunk.streaming)
            continue;
          streamed += chunk.size;
          EXPECT_EQ(chunk.size % lanes, 0);
          auto w = reinterpret_cast<uintptr_t>(partition.addresses[chunk.streams + 2]);
          EXPECT_EQ(w % (lanes * 4), 0u);
          EXPECT_GT(w, uintptr_t(2) << 32) << "the small tensor stays plain";
        }
        EXPECT_GT(streamed, 20'000 - 64);
      }
}

TEST(Partition, WriteOnlyStreamsThatCannotBeAlignedTogetherStayPlain) {
  std::vector<StreamInfo> two = {{"a", Access::Out}, {"b", Access::Out}};
  auto anyStreams = [&](uintptr_t a, uintptr_t b) {
    std::vector<Segment> segments = {
        {50'000, {reinterpret_cast<void *>(a), reinterpret_cast<void *>(b)}}};
    HostPartition partition = cut({two}, segments, 2, true, {.cacheBytes = 1, .bytesPerThread = 0});
    return partition.shares[0].streams;
  };
  EXPECT_TRUE(anyStreams(0x100000, 0x200000));
  EXPECT_TRUE(anyStreams(0x100014, 0x200014));
  EXPECT_FALSE(anyStreams(0x100014, 0x200010));
  EXPECT_FALSE(anyStreams(0x100002, 0x200002)) << "not even a weight's alignment";
}

TEST(Partition, HalfPrecisionOutputsNeedNoAlignment) {
  std::vector<StreamInfo> half = {{"x", Access::InOut}, {"w", Access::Out, ElementType::BF16}};
  std::vector<Segment> segments = {
      {50'000, {reinterpret_cast<void *>(0x100004), reinterpret_cast<void *>(0x900002)}}};
  HostPartition partition = cut({half}, segments, 1, true, {.cacheBytes = 1, .bytesPerThread = 0});
  ASSERT_EQ(partition.chunks.size(), 1u);
  EXPECT_TRUE(partition.chunks[0].streaming);
}

TEST(Partition, SizeChoosesVariantAndThreads) {
  // 12 bytes per weight: with 2 threads each touches 600 KB of this model.
  std::vector<Segment> segments = {tensor(100'000, uintptr_t(1) << 32)};
  auto streamsWith = [&](int64_t cache, int threads) {
    HostPartition partition =
        cut({streams}, segments, threads, true, {.cacheBytes = cache, .bytesPerThread = 0});
    return partition.shares[0].streams;
  };
  EXPECT_TRUE(streamsWith(1'000'000, 1));
  EXPECT_FALSE(streamsWith(1'000'000, 2));
  EXPECT_FALSE(streamsWith(1'200'000, 1));
  auto threadsWith = [&](int64_t bytesPerThread) {
    return cut({streams}, segments, 8, false, {.bytesPerThread = bytesPerThread}).shares.size();
  };
  EXPECT_EQ(threadsWith(1'000'000), 1u);
  EXPECT_EQ(threadsWith(300'000), 4u);
  EXPECT_EQ(threadsWith(1), 8u);
  EXPECT_GE(secondLevelCacheBytes(), 64 << 10);
}

TEST(Partition, EmptyModelsAndTensors) {
  EXPECT_EQ(cut({streams}, {}, 4, true, {}).chunks.size(), 0u);
  std::vector<Segment> segments = {{0, {nullptr, nullptr, nullptr}},
                                   tensor(5, uintptr_t(1) << 32),
                                   {0, {nullptr, nullptr, nullptr}}};
  for (int threads : {1, 2, 7}) {
    HostPartition partition = cut({streams}, segments, threads, true, {.bytesPerThread = 0});
    expectEveryWeightOnce(partition, segments);
  }
}

} // namespace
