// Random numbers, compiled, against the generator's published test vectors and a scalar loop.
#include "test/codegen/KernelRunner.h"

#include <array>
#include <cstring>

using namespace bregman;
using namespace bregman::test;

static const char *const uniform = R"(
bregman.kernel @k scalars () streams (now = %a : out f32, next = %b : out f32) {
  bregman.sweep () {
    %0 = bregman.random : f32
    %1 = bregman.random next : f32
    bregman.yield now = %0, next = %1 : f32, f32
  }
})";

/// The generator in scalars.
static std::array<uint32_t, 4> philox(std::array<uint32_t, 4> c, uint32_t k0, uint32_t k1) {
  for (int round = 0; round < 10; ++round) {
    uint64_t a = uint64_t(0xD2511F53) * c[0], b = uint64_t(0xCD9E8D57) * c[2];
    c = {uint32_t(b >> 32) ^ c[1] ^ k0, uint32_t(b), uint32_t(a >> 32) ^ c[3] ^ k1, uint32_t(a)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return c;
}

static float numberOf(uint32_t word) { return float(word >> 8) * 0x1p-24f; }

namespace {
struct Known {
  std::array<uint32_t, 4> counter, key, words;
};
} // namespace

/// Of the authors' `kat_vectors`, philox4x32 with 10 rounds.
static const Known published[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};

TEST(Philox, PublishedVectors) {
  for (int lanes : lanesHere()) {
    KernelRunner runner(lanes);
    ASSERT_NO_FATAL_FAILURE(runner.load(uniform));
    for (const Known &known : published) {
      const auto &[counter, key, words] = known;
      EXPECT_EQ(philox(counter, key[0], key[1]), words) << "the reference of the other tests";
      bregman::abi::Random record{
          {key[0], key[1]}, counter[3], 0, counter[2], 0, uint64_t(counter[1]) << 32 | counter[0]};
      float now = -1, next = -1;
      runner.run(1, {&now, &next, &record}, {});
      EXPECT_EQ(now, numberOf(words[0])) << lanes;
    }
  }
}

TEST(Philox, ANumberDependsOnItsIndexAloneAndIndicesHave64Bits) {
  for (int lanes : lanesHere())
    for (LoopVariant variant : {LoopVariant::Plain, LoopVariant::Streaming}) {
      KernelRunner runner(lanes, variant);
      ASSERT_NO_FATAL_FAILURE(runner.load(uniform));
      // Past the edge of the counter's low word, in the middle of a vector and at its beginning.
      for (uint64_t first : {0ull, 5ull, 0xfffffffdull, 0xffffffffull, 0x3fffffff0ull}) {
        bregman::abi::Random record{{0x12345678, 0x9abcdef0}, 42, 0, 7, 8, first};
        alignas(64) float now[96], next[96];
        int64_t size = variant == LoopVariant::Plain ? 83 : 96;
        runner.run(size, {now, next, &record}, {});
        for (int64_t i = 0; i < size; ++i) {
          uint64_t index = first + uint64_t(i);
          auto word = [&](uint32_t step) {
            return philox({uint32_t(index), uint32_t(index >> 32), step, 42}, 0x12345678,
                          0x9abcdef0)[0];
          };
          ASSERT_EQ(now[i], numberOf(word(7))) << first << " + " << i;
          ASSERT_EQ(next[i], numberOf(word(8))) << first << " + " << i;
        }
      }
    }
}

TEST(Philox, TheSecondOfTwoStagesHasTheNumbersOfItsOwnWeights) {
  // x waits for nothing random, w is published with noise an iteration later.
  const char *kernel = R"(
bregman.kernel @k scalars () streams (x = %x : inout f32, w = %w : out f32) {
  bregman.sweep (%xi = %x) : f32 {
    %one = arith.constant 1.0 : f32
    %x1 = arith.addf %xi, %one : f32
    %u = bregman.random next : f32
    %t = math.tanh %x1 : f32
    %0 = arith.cmpf olt, %u, %t : f32
    %1 = arith.select %0, %one, %u : f32
    bregman.yield x = %x1, w = %1 : f32, f32
  }
})";
  // Where the second stage waits for nothing.
  const char *apart = R"(
bregman.kernel @k scalars () streams (x = %x : inout f32, w = %w : out f32) {
  bregman.sweep (%xi = %x) : f32 {
    %x1 = arith.addf %xi, %xi : f32
    %u = bregman.random next : f32
    bregman.yield x = %x1, w = %u : f32, f32
  }
})";
  for (int lanes : lanesHere()) {
    KernelRunner runner(lanes);
    for (const char *text : {kernel, apart}) {
      ASSERT_NO_FATAL_FAILURE(runner.load(text));
      std::vector<float> x(150, -1), w(150);
      bregman::abi::Random record{{1, 2}, 3, 0, 4, 5, 6};
      runner.run(150, {x.data(), w.data(), &record}, {});
      for (uint32_t i = 0; i < 150; ++i)
        ASSERT_EQ(w[i], numberOf(philox({6 + i, 0, 5, 3}, 1, 2)[0])) << i; // tanh 0 is below all
    }
  }
}
