// The same bits however a model lies in memory and whoever computes it: vectors of 8 or 16 lanes,
// body and masked tail, plain and streaming code, any alignment, any number of threads, any cut
// into tensors where weights share nothing, and after a load at any step. Only which NaN a NaN is
// stays open, as it does in LLVM.
#include "Library.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>

using namespace bregman;
using namespace numeric;

namespace {

struct Inputs {
  std::vector<float> w0;
  std::vector<std::vector<float>> gradients;
};

class Bits : public ::testing::TestWithParam<Pair> {
protected:
  using Rows = std::vector<std::vector<uint32_t>>;

  /// Whether the cut into tensors may be any.
  const bool alone = isPerWeight(GetParam());

  /// Random values, with edge values strewn among them. What is no number would soon be shared by
  /// all weights that share something. Made once for all methods.
  const Inputs &inputsFor(int64_t size, int steps) const {
    static std::map<std::tuple<int64_t, int, bool>, Inputs> made;
    Inputs &inputs = made[{size, steps, alone}];
    if (!inputs.gradients.empty())
      return inputs;
    std::vector<float> edges = edgeValues();
    if (!alone)
      std::erase_if(edges, [](float value) { return !(std::fabs(value) <= 9); });
    auto withEdges = [&](uint64_t seed) {
      std::vector<float> values = randomValues(size, seed);
      for (int64_t i = seed % 7, k = seed; i < size; i += 7, ++k)
        values[i] = edges[k % edges.size()];
      return values;
    };
    inputs.w0 = withEdges(1);
    for (int k = 0; k < steps; ++k)
      inputs.gradients.push_back(withEdges(2 + k));
    return inputs;
  }

  /// Every bit of what is stored, each NaN as the same one.
  static std::vector<uint32_t> bitsOf(const Drive &drive) {
    std::vector<uint32_t> bits = drive.bits();
    for (uint32_t &word : bits)
      if (std::isnan(std::bit_cast<float>(word)))
        word = 0x7fc00000;
    return bits;
  }

  Drive make(const CompileOptions &options, const Layout &layout) {
    Drive drive(compile(GetParam(), options), shortRun(), layout);
    drive.setLively();
    return drive;
  }

  /// Every bit after attach, after each step and after finalize.
  Rows run(const CompileOptions &options, const Layout &layout, const Inputs &inputs) {
    Drive drive = make(options, layout);
    drive.attach(inputs.w0);
    Rows all = {bitsOf(drive)};
    for (const auto &gradient : inputs.gradients) {
      drive.advance(gradient);
      all.push_back(bitsOf(drive));
    }
    drive.finalize();
    all.push_back(bitsOf(drive));
    return all;
  }

  /// The first difference, in words.
  static void expectSame(const Rows &actual, const Rows &expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t k = 0; k < actual.size(); ++k) {
      ASSERT_EQ(actual[k].size(), expected[k].size());
      auto [a, e] = std::mismatch(actual[k].begin(), actual[k].end(), expected[k].begin());
      ASSERT_TRUE(a == actual[k].end())
          << "row " << k << ", word " << a - actual[k].begin() << " of " << actual[k].size()
          << ": 0x" << std::hex << *a << " for 0x" << *e;
    }
  }

  struct Variant {
    const char *name;
    Layout layout;
    int lanes = 0;
    bool streaming = true;
  };
  void expectAllSame(const std::vector<Variant> &variants, const Inputs &inputs,
                     const Rows &expected) {
    for (const Variant &variant : variants) {
      SCOPED_TRACE(variant.name);
      CompileOptions options;
      options.lanes = variant.lanes;
      options.streaming = variant.streaming;
      expectSame(run(options, variant.layout, inputs), expected);
    }
  }

  /// 0, 1, ..., 3 * 16 + 1, then around multiples of the 64 weights that a plain loop takes at
  /// once.
  static std::vector<int64_t> tails() {
    std::vector<int64_t> sizes(3 * 16 + 2);
    std::iota(sizes.begin(), sizes.end(), 0);
    for (int64_t size : {63, 64, 65, 127, 128, 129, 191, 192, 193, 1000})
      sizes.push_back(size);
    return sizes;
  }
  /// Tensors of all kinds that make up `size` weights.
  static std::vector<int64_t> several(int64_t size) {
    return {1, size / 2, 4095, 4096, 17, 0, size - size / 2 - 1 - 4095 - 4096 - 17};
  }
  static int64_t sum(const std::vector<int64_t> &sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), int64_t(0));
  }
};

TEST_P(Bits, TailsLanesCutsAndAlignment) {
  const std::vector<int64_t> sizes = tails();
  const Inputs &inputs = inputsFor(sum(sizes), 5);
  const std::vector<int64_t> flat = {sum(sizes)}, single(flat[0], 1);
  CompileOptions narrow, wide;
  narrow.lanes = 8;
  wide.lanes = 16;
  const Rows expected = run(narrow, {sizes}, inputs);
  for (int lanes : {8, 16}) {
    SCOPED_TRACE(std::to_string(lanes) + " lanes");
    const Pair &pair = GetParam();
    if (lanes == 16 && !program(pair.quantizer).compile(pair.quantizer, pair.optimizer, wide))
      GTEST_SKIP() << "this CPU has no AVX-512";
    expectAllSame({{"every tail", {sizes}, lanes},
                   {"misaligned by 1", {sizes, 1}, lanes},
                   {"misaligned by 7", {sizes, 7}, lanes},
                   {"misaligned by 13", {sizes, 13}, lanes}},
                  inputs, expected);
    if (alone)
      expectAllSame({{"one tensor", {flat}, lanes}, {"one tensor per weight", {single}, lanes}},
                    inputs, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Library, Bits, ::testing::ValuesIn(pairs()), nameOf);

class SavedBits : public Bits {};

TEST_P(SavedBits, GoOnAfterALoadAtAnyStep) {
  const Layout layout{{37, 24, 0, 1, 63}}, elsewhere{layout.sizes, /*misalignment=*/5};
  const int steps = int(shortRun().steps);
  const Inputs &inputs = inputsFor(sum(layout.sizes), steps);
  Drive straight = make({}, layout);
  straight.attach(inputs.w0);
  std::vector<Drive::Saved> saved = {straight.save()};
  Rows expected = {bitsOf(straight)};
  for (const auto &gradient : inputs.gradients) {
    straight.advance(gradient);
    saved.push_back(straight.save());
    expected.push_back(bitsOf(straight));
  }
  for (int from = 0; from <= steps; ++from) {
    SCOPED_TRACE("from step " + std::to_string(from));
    Drive other = make({}, elsewhere);
    other.load(saved[from]);
    Rows actual = {bitsOf(other)};
    for (int k = from; k < steps; ++k) {
      other.advance(inputs.gradients[k]);
      actual.push_back(bitsOf(other));
    }
    expectSame(actual, Rows(expected.begin() + from, expected.end()));
  }
}

INSTANTIATE_TEST_SUITE_P(Library, SavedBits, ::testing::ValuesIn(pairs()), nameOf);

/// Where there is much to do: one kind of optimizer is as good as another.
class LargeBits : public Bits {};

TEST_P(LargeBits, Streaming) {
  // As many weights as it takes to leave the cache.
  int64_t size = 100008;
  while (!make({}, {{size}}).cut().streams) {
    size *= 2;
    ASSERT_LT(size, 1 << 26) << "no size takes the streaming code";
  }
  const Inputs &inputs = inputsFor(size, 3);
  const Layout whole{alone ? std::vector{size} : several(size)}, parts{several(size)};
  CompileOptions plain;
  plain.streaming = false;
  expectAllSame({{"as it is", whole},
                 {"8 lanes", whole, 8},
                 {"misaligned", {whole.sizes, 5}},
                 {"several tensors", parts},
                 {"several misaligned tensors", {parts.sizes, 9}}},
                inputs, run(plain, whole, inputs));
}

TEST_P(LargeBits, AnyNumberOfThreads) {
  // A thread is not woken for less than a megabyte.
  const int64_t size = 1000008;
  const Inputs &inputs = inputsFor(size, 3);
  ASSERT_EQ(make({}, {{size}, 0, 7}).cut().threads, 7u);
  const std::vector<int64_t> whole = {size}, parts = several(size);
  const Rows expected = run({}, {whole}, inputs);
  expectAllSame({{"two", {whole, 0, 2}}, {"seven", {whole, 0, 7}}}, inputs, expected);
  expectAllSame({{"two, several misaligned tensors", {parts, 3, 2}},
                 {"seven, several tensors", {parts, 0, 7}}},
                inputs, alone ? expected : run({}, {parts}, inputs));
}

INSTANTIATE_TEST_SUITE_P(Library, LargeBits, ::testing::ValuesIn(eachQuantizer()), nameOf);

} // namespace
