// The compiled kernels against the oracle, value by value: whatever is stored, and the weights.
#include "Library.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

using namespace bregman;
using namespace numeric;

namespace {

/// Rounding errors are counted in halves of the last place of 1, or of the largest number that a
/// weight has met so far where that is larger: sums cancel.
constexpr double unit = 0x1p-24;

/// How far a kernel may be from the oracle after k steps, in units: two roundings at first, two
/// more with each step. The largest measured is 0.8 of it.
double allowedUnits(const Pair &pair, const std::string &name, int k, double beta) {
  double units = 2 + 2 * k;
  // What the projection's slope multiplies.
  if (name == "w")
    units *= std::max(1.0, beta);
  if (pair.quantizer == "gd_tanh" || pair.quantizer == "pmf") {
    // h = beta J g: the error of J comes back by way of x, and m sums it.
    units *= 3 * std::max(1.0, beta);
    // Adam divides by the size of h: where J vanishes, so do its digits, and x moves by lr anyway.
    if (name == "x" && pair.optimizer.starts_with("adam"))
      return 0.05 / unit;
  }
  return units;
}

class KernelAndOracle : public ::testing::TestWithParam<Pair> {
protected:
  KernelAndOracle() : kernel(make(false)), oracle(make(true)) {}

  std::unique_ptr<bregman::Run> make(bool reference) {
    const Pair &pair = GetParam();
    auto made = program(pair.quantizer).run(pair.quantizer, pair.optimizer, shortRun(), reference);
    if (!made)
      throw std::runtime_error(made.error().message);
    auto known = compile(pair)->parameters;
    for (const auto &[name, value] : livelyNumbers())
      for (const ParameterInfo &info : known)
        if (info.name == name)
          EXPECT_FALSE((*made)->set(name, value));
    return std::move(*made);
  }

  double beta() {
    for (const auto &[name, value] : oracle->schedules())
      if (name == "beta")
        return value;
    return 1;
  }

  void start(const std::vector<float> &w0) {
    ASSERT_FALSE(kernel->attach(w0));
    ASSERT_FALSE(oracle->attach(w0));
    scale.assign(w0.size(), 1);
    parted.assign(w0.size(), false);
    meet(w0);
    compare();
  }

  void step(const std::vector<float> &gradient) {
    if (HasFatalFailure())
      return;
    ASSERT_FALSE(kernel->advance(gradient));
    ASSERT_FALSE(oracle->advance(gradient));
    ++k;
    meet(gradient);
    compare();
  }

  double worst = 0;    ///< share of what is allowed
  int64_t skipped = 0; ///< weights that f32 cannot follow, or that are too near a jump to tell

private:
  void meet(std::span<const float> values) {
    for (size_t i = 0; i < values.size(); ++i)
      meet(i, values[i]);
  }
  void meet(size_t i, double value) {
    double size = std::fabs(value);
    if (std::isfinite(value))
      scale[i] = std::max(scale[i], size);
    // The oracle's doubles go on where squares of f32 overflow; and they tell 0 from what f32
    // rounds to it, which lies on the other side of a jump.
    if ((std::isfinite(value) && size > 1e18) || (jumps && size > 0 && size < 1e-30))
      parted[i] = true;
    // Where f32 saturates the derivative is 0, and 0 times infinity is no number. Of two levels the
    // one dual that is stored has a sign at infinity, where the softmax of both is none.
    if ((!std::isfinite(value) && hasJacobian) || (std::isinf(value) && isTwoLevelSoftmax))
      parted[i] = true;
  }

  void compare() {
    auto actual = kernel->stored(), expected = oracle->stored();
    std::vector<double> actualW = kernel->weights(), expectedW = oracle->weights();
    EXPECT_EQ(kernel->schedules(), oracle->schedules());
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < scale.size(); ++i) {
      for (const auto &[name, planes] : expected)
        for (double value : planes[i])
          meet(i, name == "optimizer.v" ? std::sqrt(std::fabs(value)) : value);
      if (parted[i]) {
        ++skipped;
        continue;
      }
      bool isNaN = std::isnan(expected.front().second[i].back());
      // A latent that is no number stays so, whatever its optimizer's states are.
      for (size_t s = 0; s < (isNaN ? 1 : expected.size()); ++s) {
        ASSERT_EQ(actual[s].first, expected[s].first);
        ASSERT_EQ(actual[s].second[i].size(), expected[s].second[i].size());
        for (size_t level = 0; level < expected[s].second[i].size(); ++level)
          ASSERT_NO_FATAL_FAILURE(compare(i, expected[s].first, actual[s].second[i][level],
                                          expected[s].second[i][level]));
      }
      double x = expected.front().second[i].back();
      if (jumps && std::fabs(x) <= allowedUnits(GetParam(), "x", k, 1) * unit * scale[i])
        ++skipped;
      else
        ASSERT_NO_FATAL_FAILURE(compare(i, "w", actualW[i], expectedW[i]));
    }
  }

  void compare(size_t i, const std::string &name, double actual, double expected) {
    double units = allowedUnits(GetParam(), name, k, beta());
    double of = name == "optimizer.v" ? scale[i] * scale[i] : scale[i];
    if (actual == expected || (std::isnan(actual) && std::isnan(expected)))
      return;
    double share = std::fabs(actual - expected) / (units * unit * of);
    worst = std::max(worst, share);
    // A NaN is never near.
    ASSERT_TRUE(share <= 1) << name << "[" << i << "] after step " << k << ": " << actual << " for "
                            << expected << ", " << share << " of what is allowed";
  }

  std::unique_ptr<bregman::Run> kernel, oracle;
  const std::string &quantizer = GetParam().quantizer;
  const bool jumps =
      quantizer == "binary_connect" || quantizer == "ste_clipped" || quantizer == "proxquant";
  const bool hasJacobian = quantizer == "gd_tanh" || quantizer == "pmf";
  const bool isTwoLevelSoftmax = quantizer == "md_softmax_s" || quantizer == "pmf";
  std::vector<double> scale; ///< the largest number that each weight has met
  std::vector<bool> parted;  ///< what f32 cannot follow
  int k = 0;
};

TEST_P(KernelAndOracle, Random) {
  constexpr int64_t size = 1000;
  start(randomValues(size, 11));
  for (int k = 1; k <= 12; ++k)
    step(randomValues(size, 20 + k));
  // Far from them, the bounds would test nothing.
  EXPECT_GT(worst, 0.1);
  EXPECT_EQ(skipped, 0);
}

TEST_P(KernelAndOracle, Edges) {
  const std::vector<float> &edges = edgeValues();
  std::vector<float> w0;
  for (float value : edges)
    w0.insert(w0.end(), edges.size(), value);
  start(w0);
  // Every start meets every gradient first, then others.
  for (size_t stride : {1, 5, 7}) {
    std::vector<float> g;
    for (size_t i = 0; i < w0.size(); ++i)
      g.push_back(edges[stride * i % edges.size()]);
    step(g);
  }
  EXPECT_LT(skipped, 4 * int64_t(w0.size()) * 2 / 3);
}

INSTANTIATE_TEST_SUITE_P(Library, KernelAndOracle, ::testing::ValuesIn(pairs()), nameOf);

} // namespace
