// Which weights share a value: the arithmetic of extents, and the cut of tensors by them.
#include "runtime/Stretches.h"

#include <gtest/gtest.h>

using namespace bregman;

namespace {

constexpr Extent tensorwise{ExtentKind::Tensor}, channelwise{ExtentKind::Channel};
Extent groups(int64_t size) { return {ExtentKind::Group, size}; }

TEST(Extent, CountsItsSegments) {
  EXPECT_EQ(segmentsOf({}, 24, 4), 24);
  EXPECT_EQ(segmentsOf(tensorwise, 24, 4), 1);
  EXPECT_EQ(segmentsOf({ExtentKind::Run}, 24, 4), 1);
  EXPECT_EQ(segmentsOf(channelwise, 24, 4), 4);
  EXPECT_EQ(segmentsOf(channelwise, 24, 24), 24) << "one axis: a weight per channel";
  EXPECT_EQ(segmentsOf(groups(6), 24, 4), 4);
  EXPECT_EQ(segmentsOf(groups(4), 24, 4), 8) << "the last group of each channel is shorter";
  EXPECT_EQ(segmentsOf(groups(64), 24, 4), 4);
  EXPECT_EQ(segmentsOf(groups(4), 0, 0), 0);
  EXPECT_EQ(segmentsOf(groups(4), 0, 3), 0);
  EXPECT_EQ(segmentsOf(channelwise, 0, 3), 3);
  EXPECT_EQ(segmentsOf(tensorwise, 0, 0), 1);
}

TEST(Extent, EachWeightLiesBetweenItsSegmentsEnds) {
  for (Extent extent : {Extent(), tensorwise, channelwise, groups(1), groups(4), groups(9)})
    for (int64_t channels : {1, 2, 3, 12}) {
      Segmentation segmentation{extent, 36, channels};
      EXPECT_EQ(segmentation.begin(0), 0);
      EXPECT_EQ(segmentation.begin(segmentation.count()), 36);
      for (int64_t i = 0; i < 36; ++i) {
        int64_t segment = segmentation.at(i);
        EXPECT_LE(segmentation.begin(segment), i);
        EXPECT_GT(segmentation.begin(segment + 1), i);
      }
    }
}

float memory[100'000];

/// The stretches as "first+size" and the offset of each stream's address in floats.
std::vector<std::vector<int64_t>> layout(const KernelShape &shape, int64_t size, int64_t channels) {
  Segment tensor{size, std::vector<void *>(shape.streams.size(), memory), channels};
  Stretches stretches = stretchesOf(shape, {&tensor, 1});
  std::vector<std::vector<int64_t>> result;
  for (size_t i = 0; i < stretches.segments.size(); ++i) {
    result.push_back({stretches.firsts[i], stretches.segments[i].size});
    for (void *address : stretches.segments[i].streams)
      result.back().push_back(static_cast<float *>(address) - memory);
  }
  return result;
}
using Layout = std::vector<std::vector<int64_t>>;

StreamInfo stream(const char *name, Access access, Extent extent = {}) {
  return {name, access, ElementType::F32, 1, extent};
}

TEST(Stretches, EndWhereAnyStreamsSegmentEnds) {
  std::vector<StreamInfo> streams = {stream("x", Access::In), stream("s", Access::In, channelwise),
                                     stream("t", Access::In, tensorwise)};
  EXPECT_EQ(layout({streams}, 12, 3), (Layout{{0, 4, 0, 0, 0}, {4, 4, 4, 1, 0}, {8, 4, 8, 2, 0}}));
  streams.push_back(stream("u", Access::In, groups(3)));
  EXPECT_EQ(
      layout({streams}, 8, 2),
      (Layout{{0, 3, 0, 0, 0, 0}, {3, 1, 3, 0, 0, 1}, {4, 3, 4, 1, 0, 2}, {7, 1, 7, 1, 0, 3}}));
  // Groups of two sizes need not be nested.
  streams = {stream("a", Access::In, groups(2)), stream("b", Access::In, groups(3)),
             stream("x", Access::InOut)};
  EXPECT_EQ(layout({streams}, 6, 1),
            (Layout{{0, 2, 0, 0, 0}, {2, 1, 1, 0, 2}, {3, 1, 1, 1, 3}, {4, 2, 2, 1, 4}}));
}

TEST(Stretches, OfAKernelThatReducesAreBlocks) {
  std::vector<StreamInfo> streams = {stream("x", Access::In),
                                     stream("$0", Access::Sum, tensorwise)};
  EXPECT_EQ(layout({streams}, 10'000, 1),
            (Layout{{0, 4096, 0, 0}, {4096, 4096, 4096, 0}, {8192, 1808, 8192, 0}}));
  streams.push_back(stream("s", Access::In, channelwise));
  EXPECT_EQ(layout({streams}, 10'000, 2), (Layout{{0, 4096, 0, 0, 0},
                                                  {4096, 904, 4096, 0, 0},
                                                  {5000, 4096, 5000, 0, 1},
                                                  {9096, 904, 9096, 0, 1}}));
}

TEST(Stretches, OfAKernelOverAnExtentCountItsValues) {
  std::vector<StreamInfo> streams = {stream("$0", Access::In, groups(3)),
                                     stream("s", Access::In, channelwise),
                                     stream("t", Access::InOut, groups(3))};
  // Three groups in each channel of eight.
  EXPECT_EQ(layout({streams, groups(3)}, 16, 2), (Layout{{0, 3, 0, 0, 0}, {3, 3, 3, 1, 3}}));
  std::vector<StreamInfo> one = {stream("s", Access::InOut, tensorwise)};
  EXPECT_EQ(layout({one, tensorwise}, 16, 2), (Layout{{0, 1, 0}}));
  EXPECT_EQ(layout({one, tensorwise}, 0, 0), (Layout{{0, 1, 0}})) << "an empty tensor has it too";
}

TEST(Stretches, SharesOfAReductionEndBetweenBlocks) {
  std::vector<StreamInfo> streams = {stream("x", Access::In), stream("$0", Access::Sum, tensorwise),
                                     stream("$1", Access::Max, channelwise)};
  Segment tensors[] = {{50'000, {memory, memory, memory}, 5}, {3, {memory, memory, memory}, 1}};
  for (int threads : {1, 2, 7}) {
    HostPartition partition = cut({streams}, tensors, threads, false, {.bytesPerThread = 0});
    ASSERT_EQ(partition.shares.size(), size_t(threads));
    ASSERT_EQ(partition.chunks.size(), 16u) << "three for each channel, and one";
    EXPECT_EQ(partition.partials.size(), 32u);
    ASSERT_EQ(partition.combinations.size(), 8u);
    for (const auto &share : partition.shares)
      EXPECT_NEAR(double(share.end - share.begin), 16.0 / threads, 1.5);
    for (size_t i = 0; i < partition.chunks.size(); ++i) {
      EXPECT_EQ(partition.addresses[partition.chunks[i].streams + 1], &partition.partials[i]);
      EXPECT_EQ(partition.addresses[partition.chunks[i].streams + 2], &partition.partials[16 + i]);
    }
    EXPECT_EQ(partition.combinations[0].end, 15u);
    EXPECT_EQ(partition.combinations[1].begin, 15u);
    EXPECT_EQ(partition.combinations[3].begin, 16u + 3);
    EXPECT_EQ(partition.combinations[3].end, 16u + 6);
    EXPECT_EQ(partition.combinations[3].result, memory + 1);
  }
}

TEST(Stretches, BlocksStreamWhereTheyAreAligned) {
  std::vector<StreamInfo> streams = {stream("x", Access::Out),
                                     stream("$0", Access::Sum, tensorwise)};
  float *aligned = memory;
  while (reinterpret_cast<uintptr_t>(aligned) % 64 != 0)
    ++aligned;
  CutPolicy policy{.lanes = 16, .cacheBytes = 1, .bytesPerThread = 0};
  Segment tensor{10'000, {aligned, memory}, 1};
  HostPartition partition = cut({streams}, {&tensor, 1}, 1, true, policy);
  ASSERT_EQ(partition.chunks.size(), 3u);
  EXPECT_TRUE(partition.chunks[0].streaming);
  EXPECT_TRUE(partition.chunks[1].streaming);
  EXPECT_FALSE(partition.chunks[2].streaming) << "shorter than a block";
  tensor.streams[0] = aligned + 1;
  partition = cut({streams}, {&tensor, 1}, 1, true, policy);
  ASSERT_EQ(partition.chunks.size(), 3u) << "the same calls, for the same bits";
  EXPECT_FALSE(partition.chunks[0].streaming);
}

} // namespace
