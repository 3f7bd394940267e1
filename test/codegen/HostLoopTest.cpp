// Loops, compiled: every tail, every width, both variants and any alignment give the same bits.
#include "test/codegen/KernelRunner.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <random>

using namespace bregman;
using namespace bregman::test;

/// w = tanh(beta x'), x' = x - lr m', m' = mu m + g.
static const char *const momentum = R"(
bregman.kernel @md_tanh_s.momentum.step scalars (lr = %lr, mu = %mu, beta = %beta)
    streams (g = %g : in f32, x = %x : inout f32, m = %m : inout f32, w = %w : out f32) {
  bregman.sweep (%gi = %g, %xi = %x, %mi = %m) : f32, f32, f32 {
    %0 = arith.mulf %mu, %mi : f32
    %m1 = arith.addf %0, %gi : f32
    %d = arith.mulf %lr, %m1 : f32
    %x1 = arith.subf %xi, %d : f32
    %1 = arith.mulf %beta, %x1 : f32
    %w1 = math.tanh %1 : f32
    bregman.yield x = %x1, m = %m1, w = %w1 : f32, f32, f32
  }
})";
static const std::vector<float> scalars{0.125f, 0.9f, 3.0f};

namespace {
/// g, x, m, w of a number of weights, each stream `shift` elements off a cache line, with guards.
struct Tensor {
  static constexpr int guard = 16;

  Tensor(int64_t size, int shift) : size(size) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    for (int stream = 0; stream < 4; ++stream) {
      memory[stream].resize(size + 4 * guard);
      void *start = memory[stream].data() + guard;
      size_t space = 1 << 20;
      values[stream] =
          static_cast<float *>(std::align(64, 64, start, space)) + shift * (stream + 1);
      for (float &value : memory[stream])
        value = 77;
      for (int64_t i = 0; i < size; ++i)
        values[stream][i] = normal(random);
    }
  }
  std::vector<void *> streams() { return {values[0], values[1], values[2], values[3]}; }
  /// All four streams, and that nothing around them was written.
  std::vector<float> result() {
    std::vector<float> all;
    for (int stream = 0; stream < 4; ++stream) {
      all.insert(all.end(), values[stream], values[stream] + size);
      EXPECT_EQ(values[stream][-1], 77) << "stream " << stream;
      EXPECT_EQ(values[stream][size], 77) << "stream " << stream << " of " << size;
    }
    return all;
  }

  int64_t size;
  std::vector<float> memory[4];
  float *values[4];
};
} // namespace

static std::vector<float> runMomentum(KernelRunner &runner, int64_t size, int shift) {
  Tensor tensor(size, shift);
  runner.run(size, tensor.streams(), scalars);
  return tensor.result();
}

static bool sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](float x, float y) {
    return std::bit_cast<uint32_t>(x) == std::bit_cast<uint32_t>(y);
  });
}

TEST(HostLoop, EveryTailAndAlignmentGivesTheDefinition) {
  for (int lanes : lanesHere()) {
    KernelRunner runner(lanes);
    ASSERT_NO_FATAL_FAILURE(runner.load(momentum));
    for (int shift : {0, 1, 3})
      for (int64_t size = 0; size <= 9 * lanes; ++size) {
        std::vector<float> result = runMomentum(runner, size, shift);
        Tensor tensor(size, shift);
        for (int64_t i = 0; i < size; ++i) {
          float m = scalars[1] * tensor.values[2][i] + tensor.values[0][i];
          float x = tensor.values[1][i] - scalars[0] * m;
          ASSERT_EQ(result[size + i], x) << i << " of " << size;
          ASSERT_EQ(result[2 * size + i], m);
          ASSERT_NEAR(result[3 * size + i], std::tanh(static_cast<double>(scalars[2] * x)), 6e-8);
        }
      }
  }
}

TEST(HostLoop, WidthsAndVariantsGiveTheSameBits) {
  constexpr int64_t size = 16 * 37;
  std::vector<std::vector<float>> results;
  for (int lanes : lanesHere())
    for (LoopVariant variant : {LoopVariant::Plain, LoopVariant::Streaming}) {
      KernelRunner runner(lanes, variant);
      ASSERT_NO_FATAL_FAILURE(runner.load(momentum));
      results.push_back(runMomentum(runner, size, 0));
      EXPECT_TRUE(sameBits(results.front(), results.back())) << lanes;
    }
}

TEST(HostLoop, TheStreamingVariantTakesAnyNumberOfVectors) {
  for (int lanes : lanesHere()) {
    KernelRunner plain(lanes), streaming(lanes, LoopVariant::Streaming);
    ASSERT_NO_FATAL_FAILURE(plain.load(momentum));
    ASSERT_NO_FATAL_FAILURE(streaming.load(momentum));
    for (int64_t size = 0; size <= 5 * lanes; size += lanes)
      EXPECT_TRUE(sameBits(runMomentum(plain, size, 0), runMomentum(streaming, size, 0)))
          << size << " of " << lanes;
  }
}

TEST(HostLoop, TailsHaveTheBitsOfTheBody) {
  for (int lanes : lanesHere()) {
    KernelRunner runner(lanes);
    ASSERT_NO_FATAL_FAILURE(runner.load(momentum));
    Tensor whole(11 * lanes, 0), cut(11 * lanes, 0);
    runner.run(whole.size, whole.streams(), scalars);
    for (int64_t start = 0, size = 1; start < cut.size; start += size, size += 2) {
      size = std::min(size, cut.size - start);
      std::vector<void *> streams;
      for (float *stream : cut.values)
        streams.push_back(stream + start);
      runner.run(size, streams, scalars);
    }
    EXPECT_TRUE(sameBits(whole.result(), cut.result()));
  }
}

TEST(HostLoop, StreamsOfOneTensorMayBeTheSameMemory) {
  // The parameter itself as latent: x is read, w is written to the same place.
  for (int lanes : lanesHere()) {
    KernelRunner runner(lanes);
    ASSERT_NO_FATAL_FAILURE(runner.load(momentum));
    Tensor apart(37, 0), same(37, 0);
    runner.run(37, apart.streams(), scalars);
    std::vector<void *> streams = same.streams();
    streams[3] = streams[0]; // w over g
    runner.run(37, streams, scalars);
    EXPECT_EQ(0, std::memcmp(same.values[0], apart.values[3], 37 * sizeof(float)));
  }
}

TEST(HostLoop, KernelsThatReadNothingFillTheirStreams) {
  const char *kernel = R"(
bregman.kernel @k scalars (s = %s) streams (x = %x : out f32, y = %y : out vector<2xf32>) {
  bregman.sweep () {
    %c = arith.constant dense<[1.0, -2.0]> : vector<2xf32>
    bregman.yield x = %s, y = %c : f32, vector<2xf32>
  }
})";
  for (int lanes : lanesHere()) {
    KernelRunner runner(lanes);
    ASSERT_NO_FATAL_FAILURE(runner.load(kernel));
    std::vector<float> x(75), first(75), second(75);
    runner.run(75, {x.data(), first.data(), second.data()}, {0.25f});
    EXPECT_EQ(x, std::vector<float>(75, 0.25f));
    EXPECT_EQ(first, std::vector<float>(75, 1));
    EXPECT_EQ(second, std::vector<float>(75, -2));
  }
}

/// Rounded to nearest even, NaN kept quiet.
static uint16_t toBF16(float value) {
  auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value))
    return static_cast<uint16_t>((bits >> 16) | 0x40);
  uint32_t kept = bits >> 16, rest = bits & 0xffff;
  return static_cast<uint16_t>(kept + (rest > 0x8000 || (rest == 0x8000 && (kept & 1))));
}

TEST(HostLoop, BF16IsWidenedExactlyAndRoundedToEven) {
  const char *kernel = R"(
bregman.kernel @k scalars (s = %s) streams (g = %g : in bf16, x = %x : in f32, a = %a : out f32,
                                            b = %b : out bf16) {
  bregman.sweep (%gi = %g, %xi = %x) : f32, f32 {
    bregman.yield a = %gi, b = %xi : f32, f32
  }
})";
  std::vector<uint32_t> patterns;
  for (uint32_t high = 0; high < 0x10000; high += 7)
    for (uint32_t low : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu})
      patterns.push_back(high << 16 | low);
  auto size = static_cast<int64_t>(patterns.size());
  std::vector<uint16_t> g(size), b(size);
  std::vector<float> x(size), a(size);
  for (int64_t i = 0; i < size; ++i) {
    x[i] = std::bit_cast<float>(patterns[i]);
    g[i] = static_cast<uint16_t>(i);
  }
  for (int lanes : lanesHere())
    for (LoopVariant variant : {LoopVariant::Plain, LoopVariant::Streaming}) {
      KernelRunner runner(lanes, variant);
      ASSERT_NO_FATAL_FAILURE(runner.load(kernel));
      // Out streams of the streaming variant are aligned by cutting the front.
      std::vector<float> room(size + 16);
      void *start = room.data();
      size_t space = room.size() * sizeof(float);
      a.assign(size, 0);
      auto *aligned = static_cast<float *>(std::align(64, 64, start, space));
      int64_t count = variant == LoopVariant::Plain ? size : size / lanes * lanes;
      runner.run(count, {g.data(), x.data(), aligned, b.data()}, {0});
      for (int64_t i = 0; i < count; ++i) {
        ASSERT_EQ(std::bit_cast<uint32_t>(aligned[i]), static_cast<uint32_t>(g[i]) << 16) << i;
        ASSERT_EQ(b[i], toBF16(x[i])) << std::hex << patterns[i];
      }
    }
}

TEST(HostLoop, F16RoundTrips) {
  const char *kernel = R"(
bregman.kernel @k scalars () streams (x = %x : inout f16) {
  bregman.sweep (%xi = %x) : f32 {
    %h = arith.constant 0.5 : f32
    %0 = arith.mulf %xi, %h : f32
    bregman.yield x = %0 : f32
  }
})";
  for (int lanes : lanesHere()) {
    KernelRunner runner(lanes);
    ASSERT_NO_FATAL_FAILURE(runner.load(kernel));
    std::vector<_Float16> x;
    for (int i = 0; i < 1000; ++i)
      x.push_back(static_cast<_Float16>(static_cast<float>(i - 500) * 1.37f));
    std::vector<_Float16> wanted;
    for (_Float16 value : x)
      wanted.push_back(static_cast<_Float16>(0.5f * static_cast<float>(value)));
    runner.run(1000, {x.data()}, {});
    EXPECT_EQ(0, std::memcmp(x.data(), wanted.data(), 2000));
  }
}
