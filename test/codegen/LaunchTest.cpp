// Compiled reductions and random numbers on whole models: the same bits for every width, variant
// and number of threads, and the definition's value.
#include "runtime/HostKernel.h"
#include "test/codegen/KernelRunner.h"

#include <cmath>
#include <cstring>
#include <random>

using namespace bregman;
using namespace bregman::test;

namespace {
constexpr Extent tensorwise{ExtentKind::Tensor}, channelwise{ExtentKind::Channel};
constexpr Extent groupwise{ExtentKind::Group, 100};

/// x' = x - g; of |x'|, where x' > 0 for the mean: one of each reduction, by three extents.
const char *const kernelText = R"(
bregman.kernel @k scalars () streams (g = %g : in f32, x = %x : inout f32, y = %y : out f32,
    s = %s : in f32 per channel, sum = %a : sum f32 per tensor, mean = %b : mean f32 per channel,
    std = %d : std f32 per tensor, min = %e : min f32 per group(100), max = %f : max f32 per channel) {
  bregman.sweep (%gi = %g, %xi = %x, %si = %s) : f32, f32, f32 {
    %zero = arith.constant 0.0 : f32
    %0 = arith.mulf %si, %gi : f32
    %x1 = arith.subf %xi, %0 : f32
    %c = arith.cmpf ogt, %x1, %zero : f32
    %u = bregman.random : f32
    bregman.yield x = %x1, y = %u, sum = %x1, mean = %x1, mean.where = %c, std = %x1, min = %x1,
      max = %x1 : f32, f32, f32, f32, i1, f32, f32, f32
  }
})";

std::vector<StreamInfo> streams() {
  auto stream = [](const char *name, Access access, Extent extent = {}) {
    return StreamInfo{name, access, ElementType::F32, 1, extent};
  };
  return {stream("g", Access::In),
          stream("x", Access::InOut),
          stream("y", Access::Out),
          stream("s", Access::In, channelwise),
          stream("sum", Access::Sum, tensorwise),
          stream("mean", Access::Mean, channelwise),
          stream("std", Access::Std, tensorwise),
          stream("min", Access::Min, groupwise),
          stream("max", Access::Max, channelwise)};
}

/// The arrays of some tensors, each `shift` floats off a cache line.
struct Arrays {
  Arrays(std::vector<std::pair<int64_t, int64_t>> shapes, int shift) {
    std::mt19937 random(11);
    std::normal_distribution<float> normal;
    for (auto [size, channels] : shapes) {
      Segment &segment = segments.emplace_back();
      segment.size = size;
      segment.channels = channels;
      segment.parameter = uint32_t(segments.size());
      for (const StreamInfo &info : streams()) {
        int64_t count = segmentsOf(info.extent, size, channels);
        memory.emplace_back(count + 32, 0.0f);
        void *start = memory.back().data();
        size_t space = memory.back().size() * sizeof(float);
        auto *aligned = static_cast<float *>(std::align(64, 64, start, space)) + shift;
        for (int64_t i = 0; i < count && info.access <= Access::InOut; ++i)
          aligned[i] = normal(random);
        segment.streams.push_back(aligned);
      }
    }
  }
  float *at(size_t tensor, size_t stream) const {
    return static_cast<float *>(segments[tensor].streams[stream]);
  }
  /// What was written.
  std::vector<float> results() const {
    std::vector<float> all;
    for (const Segment &segment : segments)
      for (size_t stream = 1; stream < segment.streams.size(); ++stream) {
        auto *values = static_cast<float *>(segment.streams[stream]);
        all.insert(all.end(), values,
                   values + segmentsOf(streams()[stream].extent, segment.size, segment.channels));
      }
    return all;
  }
  std::vector<Segment> segments;
  std::vector<std::vector<float>> memory;
};

HostKernel load(std::vector<std::unique_ptr<KernelRunner>> &runners, int lanes, bool streaming) {
  HostCode code;
  for (LoopVariant variant : {LoopVariant::Plain, LoopVariant::Streaming}) {
    runners.push_back(std::make_unique<KernelRunner>(lanes, variant));
    runners.back()->load(kernelText);
    if (variant == LoopVariant::Plain)
      code.plain = runners.back()->code.function;
    else if (streaming)
      code.streaming = runners.back()->code.function;
  }
  return HostKernel({.name = "k", .streams = streams(), .random = true}, code,
                    {.lanes = lanes, .cacheBytes = streaming ? 1 : 0, .bytesPerThread = 0});
}
} // namespace

TEST(Launch, WidthsVariantsThreadsAndAlignmentGiveTheSameBits) {
  std::vector<std::pair<int64_t, int64_t>> shapes = {
      {3 * 12'345, 3}, {7, 7}, {50'000, 1}, {960, 2}};
  std::vector<std::unique_ptr<KernelRunner>> runners;
  std::vector<float> first;
  for (int lanes : lanesHere())
    for (bool streaming : {false, true}) {
      HostKernel kernel = load(runners, lanes, streaming);
      for (int threads : {1, 2, 7})
        for (int shift : {0, 3}) {
          Arrays arrays(shapes, shift);
          kernel.launch(arrays.segments, {}, threads, {.seed = 5, .step = 3, .next = 4});
          std::vector<float> results = arrays.results();
          if (first.empty())
            first = results;
          ASSERT_EQ(first.size(), results.size());
          // Of one weight there is no deviation: NaN, so not by ==.
          EXPECT_EQ(0, std::memcmp(first.data(), results.data(), first.size() * sizeof(float)))
              << lanes << " lanes, " << threads << " threads, shift " << shift;
        }
    }
}

TEST(Launch, GivesTheDefinition) {
  std::vector<std::unique_ptr<KernelRunner>> runners;
  HostKernel kernel = load(runners, lanesHere().back(), true);
  constexpr int64_t size = 3 * 12'345, channels = 3, row = size / channels;
  Arrays arrays({{size, channels}}, 0);
  kernel.launch(arrays.segments, {}, 2);
  const float *x = arrays.at(0, 1);
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < size; ++i)
    sum += x[i];
  for (int64_t i = 0; i < size; ++i)
    squares += (x[i] - sum / size) * (x[i] - sum / size);
  EXPECT_FLOAT_EQ(*arrays.at(0, 4), float(sum));
  EXPECT_FLOAT_EQ(*arrays.at(0, 6), float(std::sqrt(squares / (size - 1))));
  for (int64_t channel = 0; channel < channels; ++channel) {
    const float *begin = x + channel * row, *end = begin + row;
    double kept = 0, count = 0;
    for (const float *value = begin; value != end; ++value)
      if (*value > 0)
        kept += *value, ++count;
    EXPECT_FLOAT_EQ(arrays.at(0, 5)[channel], float(kept / count));
    EXPECT_EQ(arrays.at(0, 8)[channel], *std::max_element(begin, end));
    for (int64_t group = 0; group < 124; ++group)
      EXPECT_EQ(arrays.at(0, 7)[channel * 124 + group],
                *std::min_element(begin + 100 * group, std::min(begin + 100 * group + 100, end)));
  }
}

TEST(Launch, RandomNumbersDoNotDependOnTheCut) {
  std::vector<std::unique_ptr<KernelRunner>> runners;
  HostKernel kernel = load(runners, lanesHere().back(), true);
  Arrays arrays({{20'000, 4}, {20'000, 20'000}}, 0);
  kernel.launch(arrays.segments, {}, 2, {.seed = 5});
  const float *coarse = arrays.at(0, 2), *fine = arrays.at(1, 2);
  double mean = 0;
  int equal = 0;
  for (int i = 0; i < 20'000; ++i) {
    EXPECT_TRUE(coarse[i] >= 0 && coarse[i] < 1);
    mean += coarse[i] / 20'000;
    equal += coarse[i] == fine[i];
  }
  EXPECT_NEAR(mean, 0.5, 0.01);
  EXPECT_LT(equal, 3) << "another tensor has others";
  // The same tensor, cut at each weight.
  arrays.segments[1].parameter = arrays.segments[0].parameter;
  kernel.launch(arrays.segments, {}, 2, {.seed = 5});
  EXPECT_EQ(0, std::memcmp(coarse, fine, 20'000 * sizeof(float)));
}
