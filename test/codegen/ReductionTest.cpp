// Reductions, compiled: the same bits for every width, variant and alignment, and the definition's
// value; and values that many weights share.
#include "test/codegen/KernelRunner.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <random>

using namespace bregman;
using namespace bregman::test;

static const double inf = std::numeric_limits<double>::infinity();

/// Sum, mean, std, min and max of x where x > s, and the sum of all.
static const char *const statistics = R"(
bregman.kernel @k scalars (s = %s)
    streams (x = %x : in f32, all = %a : sum f32 per tensor, sum = %0 : sum f32 per tensor,
             mean = %1 : mean f32 per tensor, std = %2 : std f32 per tensor,
             min = %3 : min f32 per tensor, max = %4 : max f32 per tensor) {
  bregman.sweep (%xi = %x) : f32 {
    %c = arith.cmpf ogt, %xi, %s : f32
    bregman.yield all = %xi, sum = %xi, sum.where = %c, mean = %xi, mean.where = %c,
      std = %xi, std.where = %c, min = %xi, min.where = %c, max = %xi, max.where = %c
      : f32, f32, i1, f32, i1, f32, i1, f32, i1, f32, i1
  }
})";

namespace {
struct Statistics {
  bregman::abi::Partial all, sum, mean, std, min, max;
};
} // namespace

static Statistics run(KernelRunner &runner, const std::vector<float> &x, float threshold,
                      int shift = 0) {
  std::vector<float> memory(x.size() + 64, 1e30f);
  float *start = memory.data() + 16 + shift;
  std::copy(x.begin(), x.end(), start);
  Statistics s;
  std::memset(&s, 0xff, sizeof s);
  runner.run(int64_t(x.size()), {start, &s.all, &s.sum, &s.mean, &s.std, &s.min, &s.max},
             {threshold});
  return s;
}

/// 16 accumulators in double, added by halves: what the contract says, written once more.
static double sumOf(const std::vector<double> &values) {
  double lanes[16] = {};
  for (size_t i = 0; i < values.size(); ++i)
    lanes[i % 16] += values[i];
  for (int width = 8; width > 0; width /= 2)
    for (int i = 0; i < width; ++i)
      lanes[i] += lanes[i + width];
  return lanes[0];
}

TEST(Reduction, EveryTailWidthAndAlignmentHasTheBitsOfTheContract) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0.3f, 2);
  for (int lanes : lanesHere()) {
    KernelRunner runner(lanes);
    ASSERT_NO_FATAL_FAILURE(runner.load(statistics));
    for (int64_t size :
         {0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 4095, 4096})
      for (int shift : {0, 3}) {
        std::vector<float> x(size);
        std::vector<double> all, kept, squares;
        double least = inf, greatest = -inf, count = 0;
        for (float &value : x) {
          value = normal(random);
          bool keeps = value > 0.5f;
          all.push_back(value);
          kept.push_back(keeps ? value : 0);
          squares.push_back(keeps ? double(value) * value : 0);
          if (keeps) {
            ++count;
            least = std::min<double>(least, value);
            greatest = std::max<double>(greatest, value);
          }
        }
        Statistics s = run(runner, x, 0.5f, shift);
        EXPECT_EQ(s.all.sum, sumOf(all)) << size << " by " << lanes;
        EXPECT_EQ(s.all.count, double(size));
        EXPECT_EQ(s.sum.sum, sumOf(kept));
        EXPECT_EQ(s.sum.count, count);
        EXPECT_EQ(s.mean.sum, sumOf(kept));
        EXPECT_EQ(s.mean.count, count);
        EXPECT_EQ(s.std.sum, sumOf(kept));
        EXPECT_EQ(s.std.sumOfSquares, sumOf(squares));
        EXPECT_EQ(s.std.count, count);
        EXPECT_EQ(s.min.sum, least);
        EXPECT_EQ(s.max.sum, greatest);
      }
  }
}

TEST(Reduction, StreamingAndAnyNumberOfVectorsHaveTheSameBits) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::vector<float> x(16 * 37);
  for (float &value : x)
    value = normal(random);
  std::vector<Statistics> results;
  for (int lanes : lanesHere())
    for (LoopVariant variant : {LoopVariant::Plain, LoopVariant::Streaming}) {
      KernelRunner runner(lanes, variant);
      ASSERT_NO_FATAL_FAILURE(runner.load(statistics));
      results.push_back(run(runner, x, -0.25f));
      EXPECT_EQ(0, std::memcmp(&results.front(), &results.back(), sizeof(Statistics))) << lanes;
    }
}

TEST(Reduction, WhatNothingHoldsForIsEmpty) {
  for (int lanes : lanesHere()) {
    KernelRunner runner(lanes);
    ASSERT_NO_FATAL_FAILURE(runner.load(statistics));
    Statistics s = run(runner, {1, 2, 3, 4, 5}, 9);
    EXPECT_EQ(s.all.sum, 15);
    EXPECT_EQ(s.all.count, 5);
    EXPECT_EQ(s.mean.sum, 0);
    EXPECT_EQ(s.mean.count, 0);
    EXPECT_EQ(s.std.sumOfSquares, 0);
    EXPECT_EQ(s.min.sum, inf);
    EXPECT_EQ(s.max.sum, -inf);
    EXPECT_FALSE(std::signbit(s.sum.sum));
  }
}

TEST(Reduction, NaNPassesWhereItIsTakenAndNowhereElse) {
  float nan = std::numeric_limits<float>::quiet_NaN();
  for (int lanes : lanesHere()) {
    KernelRunner runner(lanes);
    ASSERT_NO_FATAL_FAILURE(runner.load(R"(
bregman.kernel @k scalars () streams (x = %x : in f32, c = %c : in f32,
    sum = %s : sum f32 per tensor, min = %l : min f32 per tensor, max = %h : max f32 per tensor,
    kept = %k : max f32 per tensor) {
  bregman.sweep (%xi = %x, %ci = %c) : f32, f32 {
    %zero = arith.constant 0.0 : f32
    %1 = arith.cmpf ogt, %ci, %zero : f32
    bregman.yield sum = %xi, min = %xi, max = %xi, kept = %xi, kept.where = %1 : f32, f32, f32, f32, i1
  }
})"));
    for (int64_t at : {0, 5, 16, 36}) {
      std::vector<float> x(37), c(37, 1);
      for (size_t i = 0; i < x.size(); ++i)
        x[i] = float(i) - 11;
      x[at] = nan;
      c[at] = -1;
      bregman::abi::Partial sum, min, max, kept;
      runner.run(37, {x.data(), c.data(), &sum, &min, &max, &kept}, {});
      EXPECT_TRUE(std::isnan(sum.sum)) << at;
      EXPECT_TRUE(std::isnan(min.sum)) << at;
      EXPECT_TRUE(std::isnan(max.sum)) << at;
      EXPECT_EQ(kept.sum, at == 36 ? 24 : 25);
      EXPECT_EQ(kept.count, 36);
      x[at] = float(-inf);
      runner.run(37, {x.data(), c.data(), &sum, &min, &max, &kept}, {});
      EXPECT_EQ(sum.sum, -inf);
      EXPECT_EQ(min.sum, -inf);
      EXPECT_EQ(max.sum, at == 36 ? 24 : 25);
    }
  }
}

TEST(Reduction, LevelsAreReducedPlaneByPlaneUnderOneCondition) {
  for (int lanes : lanesHere()) {
    KernelRunner runner(lanes);
    ASSERT_NO_FATAL_FAILURE(runner.load(R"(
bregman.kernel @k scalars () streams (x = %x : in vector<2xf32>, g = %g : in f32,
    "$0" = %0 : mean vector<2xf32> per channel) {
  bregman.sweep (%xi = %x, %gi = %g) : vector<2xf32>, f32 {
    %zero = arith.constant 0.0 : f32
    %1 = arith.cmpf ogt, %gi, %zero : f32
    bregman.yield "$0" = %xi, "$0.where" = %1 : vector<2xf32>, i1
  }
})"));
    std::vector<float> x{1, 2, 4}, y{-1, -20, -3}, g{1, -1, 1};
    bregman::abi::Partial first, second;
    runner.run(3, {x.data(), y.data(), g.data(), &first, &second}, {});
    EXPECT_EQ(first.sum, 5);
    EXPECT_EQ(first.count, 2);
    EXPECT_EQ(second.sum, -4);
    EXPECT_EQ(second.count, 2);
  }
}

TEST(Reduction, WhatIsSweptMayAlsoBeWrittenAndNarrowed) {
  // A step that moves x and sums what the new x is quantized to.
  std::vector<std::vector<float>> moved;
  std::vector<double> sums;
  for (int lanes : lanesHere())
    for (LoopVariant variant : {LoopVariant::Plain, LoopVariant::Streaming}) {
      KernelRunner runner(lanes, variant);
      ASSERT_NO_FATAL_FAILURE(runner.load(R"(
bregman.kernel @k scalars (lr = %lr) streams (g = %g : in f32, x = %x : inout f32,
    s = %s : in f32 per tensor, "$0" = %r : sum f32 per tensor) {
  bregman.sweep (%gi = %g, %xi = %x, %si = %s) : f32, f32, f32 {
    %d = arith.mulf %lr, %gi : f32
    %x1 = arith.subf %xi, %d : f32
    %0 = arith.divf %x1, %si : f32
    %1 = math.tanh %0 : f32
    bregman.yield x = %x1, "$0" = %1 : f32, f32
  }
})"));
      std::vector<float> g(96), x(96);
      for (size_t i = 0; i < x.size(); ++i)
        x[i] = float(i) / 32 - 1, g[i] = float(i % 7) - 3;
      float s = 0.75f;
      bregman::abi::Partial sum;
      double wanted = 0;
      for (size_t i = 0; i < x.size(); ++i)
        wanted += std::tanh((double(x[i]) - 0.25 * g[i]) / s);
      runner.run(96, {g.data(), x.data(), &s, &sum}, {0.25f});
      EXPECT_NEAR(sum.sum, wanted, 1e-5);
      moved.push_back(x);
      sums.push_back(sum.sum);
      EXPECT_EQ(moved.front(), moved.back());
      EXPECT_EQ(sums.front(), sums.back());
    }
}

TEST(SharedValue, IsTheSameForEveryWeightAndComputedOnce) {
  const char *kernel = R"(
bregman.kernel @k scalars () streams (x = %x : in f32, s = %s : in f32 per channel,
    a = %a : in vector<2xf32> per tensor, w = %w : out f32) {
  bregman.sweep (%xi = %x, %si = %s, %ai = %a) : f32, f32, vector<2xf32> {
    %e = math.exp %si : f32
    %0 = bregman.reduce sum %ai : vector<2xf32>
    %1 = arith.mulf %e, %xi : f32
    %2 = arith.addf %1, %0 : f32
    bregman.yield w = %2 : f32
  }
})";
  std::vector<std::vector<float>> results;
  for (int lanes : lanesHere())
    for (LoopVariant variant : {LoopVariant::Plain, LoopVariant::Streaming}) {
      KernelRunner runner(lanes, variant);
      ASSERT_NO_FATAL_FAILURE(runner.load(kernel));
      alignas(64) float w[64];
      std::vector<float> x(64);
      for (size_t i = 0; i < x.size(); ++i)
        x[i] = float(i);
      float s = 0, low = -0.5f, high = 2;
      runner.run(64, {x.data(), &s, &low, &high, w}, {});
      for (int i = 0; i < 64; ++i)
        ASSERT_EQ(w[i], float(i) + 1.5f);
    }
}

TEST(SharedValue, KernelsOverAnExtentSweepItsValues) {
  for (int lanes : lanesHere()) {
    KernelRunner runner(lanes);
    ASSERT_NO_FATAL_FAILURE(runner.load(R"(
bregman.kernel @k over channel scalars (lr = %lr) streams ("$0" = %h : in f32 per channel,
    t = %t : in f32 per tensor, s = %s : inout f32 per channel) {
  bregman.sweep (%hi = %h, %ti = %t, %si = %s) : f32, f32, f32 {
    %0 = arith.mulf %lr, %hi : f32
    %1 = arith.mulf %0, %ti : f32
    %2 = arith.subf %si, %1 : f32
    bregman.yield s = %2 : f32
  }
})"));
    for (int64_t channels : {1, 5, 70}) {
      std::vector<float> h(channels), s(channels, 1);
      for (int64_t i = 0; i < channels; ++i)
        h[i] = float(i);
      float t = 2;
      runner.run(channels, {h.data(), &t, s.data()}, {0.5f});
      for (int64_t i = 0; i < channels; ++i)
        ASSERT_EQ(s[i], 1 - float(i));
    }
  }
}

TEST(SharedValue, IsStoredAsF32) {
  KernelRunner runner(8);
  auto module = runner.parse(R"(
bregman.kernel @k scalars () streams (s = %s : in bf16 per tensor, w = %w : out f32) {
  bregman.sweep (%si = %s) : f32 {
    bregman.yield w = %si : f32
  }
})");
  auto made = runner.backend->compile(*module, {});
  ASSERT_FALSE(bool(made));
  EXPECT_EQ(llvm::toString(made.takeError()),
            "code generation failed: kernel.mlir:2:1: 'bregman.kernel' op stream `s` is shared by "
            "many weights, which is 'f32' only");
}
