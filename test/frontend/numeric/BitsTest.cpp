// The same bits however a model lies in memory and whoever computes it: vectors of 8 or 16 lanes,
// body and masked tail, plain and streaming code, any cut into tensors, any alignment, any number
// of threads. Only which NaN a NaN is stays open, as it does in LLVM.
#include "Library.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

using namespace bregman;
using namespace numeric;

namespace {

constexpr int steps = 5;

struct Inputs {
  std::vector<float> w0;
  std::vector<std::vector<float>> gradients;
};

/// Random values, with edge values strewn among them.
Inputs inputsFor(int64_t size) {
  auto withEdges = [&](uint64_t seed) {
    std::vector<float> values = randomValues(size, seed);
    const std::vector<float> &edges = edgeValues();
    for (int64_t i = seed % 7, k = seed; i < size; i += 7, ++k)
      values[i] = edges[k % edges.size()];
    return values;
  };
  Inputs inputs{withEdges(1), {}};
  for (int k = 0; k < steps; ++k)
    inputs.gradients.push_back(withEdges(2 + k));
  return inputs;
}

/// Every bit of what is stored, each NaN as the same one.
std::vector<uint32_t> bitsOf(const Drive &drive) {
  std::vector<uint32_t> bits = drive.bits();
  for (uint32_t &word : bits)
    if (std::isnan(std::bit_cast<float>(word)))
      word = 0x7fc00000;
  return bits;
}

/// Every bit after attach, after each step and after finalize.
std::vector<std::vector<uint32_t>> trajectory(Drive &drive, const Inputs &inputs) {
  for (const auto &[name, value] : livelyNumbers())
    drive.set(name, value);
  std::vector<std::vector<uint32_t>> all;
  drive.attach(inputs.w0);
  all.push_back(bitsOf(drive));
  for (const auto &gradient : inputs.gradients) {
    drive.advance(gradient);
    all.push_back(bitsOf(drive));
  }
  drive.finalize();
  all.push_back(bitsOf(drive));
  return all;
}

class Bits : public ::testing::TestWithParam<Pair> {
protected:
  std::vector<std::vector<uint32_t>> run(const CompileOptions &options, const Layout &layout,
                                         const Inputs &inputs) {
    Drive drive(compile(GetParam(), options), shortRun(), layout);
    return trajectory(drive, inputs);
  }

  /// The first difference, in words.
  static void expectSame(const std::vector<std::vector<uint32_t>> &actual,
                         const std::vector<std::vector<uint32_t>> &expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t k = 0; k < actual.size(); ++k) {
      ASSERT_EQ(actual[k].size(), expected[k].size());
      auto [a, e] = std::mismatch(actual[k].begin(), actual[k].end(), expected[k].begin());
      ASSERT_TRUE(a == actual[k].end())
          << "row " << k << ", word " << a - actual[k].begin() << " of " << actual[k].size()
          << ": 0x" << std::hex << *a << " for 0x" << *e;
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
  static int64_t sum(const std::vector<int64_t> &sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), int64_t(0));
  }
};

TEST_P(Bits, TailsLanesCutsAndAlignment) {
  const std::vector<int64_t> sizes = tails();
  const Inputs inputs = inputsFor(sum(sizes));
  const std::vector<int64_t> flat = {sum(sizes)}, single(flat[0], 1);
  CompileOptions wide, narrow;
  wide.lanes = 16;
  narrow.lanes = 8;
  auto expected = run(narrow, {flat}, inputs);
  {
    SCOPED_TRACE("every tail, 8 lanes");
    expectSame(run(narrow, {sizes}, inputs), expected);
  }
  {
    SCOPED_TRACE("one tensor per weight, 8 lanes");
    expectSame(run(narrow, {single}, inputs), expected);
  }
  for (int misalignment : {1, 3, 13}) {
    SCOPED_TRACE("every tail, 8 lanes, misaligned by " + std::to_string(misalignment));
    expectSame(run(narrow, {sizes, misalignment}, inputs), expected);
  }
  if (!program(GetParam().quantizer).compile(GetParam().quantizer, GetParam().optimizer, wide))
    GTEST_SKIP() << "this CPU has no AVX-512";
  {
    SCOPED_TRACE("one tensor, 16 lanes");
    expectSame(run(wide, {flat}, inputs), expected);
  }
  {
    SCOPED_TRACE("every tail, 16 lanes");
    expectSame(run(wide, {sizes}, inputs), expected);
  }
  {
    SCOPED_TRACE("one tensor per weight, 16 lanes");
    expectSame(run(wide, {single}, inputs), expected);
  }
  for (int misalignment : {1, 7, 15}) {
    SCOPED_TRACE("every tail, 16 lanes, misaligned by " + std::to_string(misalignment));
    expectSame(run(wide, {sizes, misalignment}, inputs), expected);
  }
}

/// Tensors of all kinds that make up `size` weights.
std::vector<int64_t> several(int64_t size) {
  return {1, size / 2, 4095, 4096, 17, 0, size - size / 2 - 1 - 4095 - 4096 - 17};
}

struct Variant {
  const char *name;
  Layout layout;
  int lanes = 0;
};

TEST_P(Bits, Streaming) {
  auto method = compile(GetParam());
  // As many weights as it takes to leave the cache.
  int64_t size = 100003;
  while (!Drive(method, shortRun(), {{size}}).cut().streams) {
    size *= 2;
    ASSERT_LT(size, 1 << 26) << "no size takes the streaming code";
  }
  const Inputs inputs = inputsFor(size);
  CompileOptions plain;
  plain.streaming = false;
  auto expected = run(plain, {{size}}, inputs);
  for (const Variant &variant : {Variant{"one tensor", {{size}}},
                                 {"8 lanes", {{size}}, 8},
                                 {"misaligned", {{size}, 5}},
                                 {"several tensors", {several(size)}},
                                 {"several misaligned tensors", {several(size), 9}}}) {
    SCOPED_TRACE(variant.name);
    CompileOptions options;
    options.lanes = variant.lanes;
    expectSame(run(options, variant.layout, inputs), expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Library, Bits, ::testing::ValuesIn(pairsPerWeight()), nameOf);

class ThreadedBits : public Bits {};

TEST_P(ThreadedBits, AnyNumberOfThreads) {
  // A thread is not woken for less than a megabyte.
  const int64_t size = 1000003;
  const Inputs inputs = inputsFor(size);
  ASSERT_EQ(Drive(compile(GetParam()), shortRun(), {{size}, 0, 7}).cut().threads, 7u);
  auto expected = run({}, {{size}}, inputs);
  for (const Variant &variant : {Variant{"two", {{size}, 0, 2}},
                                 {"two, several misaligned tensors", {several(size), 3, 2}},
                                 {"seven", {{size}, 0, 7}},
                                 {"seven, several tensors", {several(size), 0, 7}}}) {
    SCOPED_TRACE(variant.name);
    expectSame(run({}, variant.layout, inputs), expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Library, ThreadedBits, ::testing::ValuesIn(eachQuantizerPerWeight()),
                         nameOf);

} // namespace
