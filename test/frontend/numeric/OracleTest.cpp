// The compiled kernels against the oracle, value by value: whatever is stored, and the weights.
#include "Allowance.h"
#include "Library.h"

#include "test/passes/KernelRun.h"
#include "test/passes/Program.h"

#include <algorithm>
#include <cmath>

using namespace bregman;
using namespace numeric;

namespace {

class KernelAndOracle : public ::testing::TestWithParam<Pair> {
protected:
  KernelAndOracle()
      : kernel(make(false)), oracle(make(true)),
        interpreted(test::planOf({GetParam().quantizer, GetParam().optimizer})) {
    for (uint64_t i = 0; i < samples; ++i) {
      rounded.emplace_back(*interpreted.derived, shortRun());
      rounded.back().rounding.emplace(/*seed=*/1 + i / 2, /*opposite=*/i % 2);
    }
    const std::vector<ParameterInfo> known = compile(GetParam())->parameters;
    auto lively = livelyNumbers();
    // The derivative is multiplied with up to 200: with longer steps roundings soon decide.
    if (GetParam().quantizer == "quantization_networks")
      lively.emplace_back("optimizer.lr", 1e-3);
    for (const auto &[name, value] : lively)
      for (const ParameterInfo &info : known)
        if (isParameter(info.name, name)) {
          EXPECT_FALSE(kernel->set(info.name, value));
          EXPECT_FALSE(oracle->set(info.name, value));
          for (test::KernelRun &run : rounded)
            run.parameters[info.name] = value;
        }
  }

  std::unique_ptr<bregman::Run> make(bool reference) {
    const Pair &pair = GetParam();
    auto made = program(pair.quantizer).run(pair.quantizer, pair.optimizer, shortRun(), reference);
    if (!made)
      throw std::runtime_error(made.error().message);
    return std::move(*made);
  }

  void start(const std::vector<float> &w0, int64_t channels) {
    TensorTraits traits;
    traits.channels = channels;
    ASSERT_FALSE(kernel->attach(w0, traits));
    ASSERT_FALSE(oracle->attach(w0, traits));
    for (test::KernelRun &run : rounded)
      ASSERT_TRUE(run.attach(std::vector<double>(w0.begin(), w0.end()), channels));
    wasInfinite.assign(w0.size(), false);
    meet(w0);
    compare();
  }

  void step(const std::vector<float> &gradient) {
    if (HasFatalFailure())
      return;
    ASSERT_FALSE(kernel->advance(gradient));
    ASSERT_FALSE(oracle->advance(gradient));
    for (test::KernelRun &run : rounded)
      ASSERT_TRUE(run.advance(std::vector<double>(gradient.begin(), gradient.end()), k));
    ++k;
    meet(gradient);
    compare();
  }

  Allowance allowance;

private:
  void meet(std::span<const float> values) {
    for (size_t i = 0; i < values.size(); ++i)
      if (std::isinf(values[i]))
        wasInfinite[i] = true;
  }

  void compare() {
    auto actual = kernel->stored(), expected = oracle->stored();
    EXPECT_EQ(kernel->schedules(), oracle->schedules());
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t s = 0; s < expected.size(); ++s) {
      const std::string &name = expected[s].first;
      ASSERT_EQ(actual[s].first, name);
      const auto &planes = expected[s].second;
      ASSERT_EQ(actual[s].second.size(), planes.size()) << name;
      StoredOp op = rounded.front().stored(name);
      reference::Segments segments(rounded.front().getShape(),
                                   op ? op.getExtentAttr() : ExtentAttr());
      int parity = op ? op.getParity().value_or(0) : 0;
      ASSERT_EQ(int64_t(planes.size()), segments.count()) << name;
      for (size_t i = 0; i < planes.size(); ++i)
        for (size_t level = 0; level < planes[i].size(); ++level)
          ASSERT_NO_FATAL_FAILURE(compare(
              name, segments.first(i), actual[s].second[i][level], planes[i][level],
              [&](test::KernelRun &run) {
                const reference::Tensor &kept = run.memory.at(run.memory.count(name) ? name : "w");
                double value = kept.at(segments.first(i), parity ? 0 : level).value;
                return parity && level == 0 ? parity * value : value;
              }));
    }
    std::vector<double> actualW = kernel->weights(), expectedW = oracle->weights();
    for (size_t i = 0; i < actualW.size(); ++i)
      ASSERT_NO_FATAL_FAILURE(compare("w", i, actualW[i], expectedW[i], [&](test::KernelRun &run) {
        return run.memory.at("w").at(i).value;
      }));
  }

  template <typename Sample>
  void compare(const std::string &name, size_t weight, double actual, double expected,
               Sample sample) {
    std::vector<double> sampled;
    for (test::KernelRun &run : rounded)
      sampled.push_back(sample(run));
    ASSERT_TRUE(allowance.isNear(actual, expected, sampled, wasInfinite[weight]))
        << name << "[" << weight << "] after step " << k;
  }

  std::unique_ptr<bregman::Run> kernel, oracle;
  test::Program interpreted;
  std::vector<test::KernelRun> rounded;
  std::vector<bool> wasInfinite;
  int k = 0;
};

TEST_P(KernelAndOracle, Random) {
  // The oracle asks for each weight's derivative by itself where they share values.
  const bool alone = isPerWeight(GetParam());
  const int64_t size = alone ? 1000 / BREGMAN_TEST_SHARE : 60;
  start(randomValues(size, 11), /*channels=*/3);
  for (int k = 1; k <= 12; ++k)
    step(randomValues(size, 20 + k));
  RecordProperty("worst", std::to_string(allowance.worst));
  RecordProperty("coarse", std::to_string(double(allowance.coarse) / double(allowance.compared)));
  EXPECT_EQ(allowance.skipped, 0);
  // Where roundings decide, the bounds would test nothing.
  EXPECT_LE(allowance.coarse, allowance.compared / 100);
}

TEST_P(KernelAndOracle, Edges) {
  const bool alone = isPerWeight(GetParam());
  std::vector<float> edges = edgeValues();
  // One that all of them share is soon as infinite as the largest.
  if (!alone)
    std::erase_if(edges, [](float value) { return !(std::fabs(value) <= 9); });
  std::vector<float> w0;
  for (float value : edges)
    w0.insert(w0.end(), alone ? edges.size() : 5, value);
  start(w0, /*channels=*/1);
  // Every start meets every gradient first, then others.
  for (size_t stride : {1, 5, 7}) {
    std::vector<float> g;
    for (size_t i = 0; i < w0.size(); ++i)
      g.push_back(edges[stride * i % edges.size()]);
    step(g);
  }
  RecordProperty("worst", std::to_string(allowance.worst));
  RecordProperty("skipped", std::to_string(double(allowance.skipped) / double(allowance.compared)));
  RecordProperty("coarse", std::to_string(double(allowance.coarse) / double(allowance.compared)));
  EXPECT_LT(allowance.skipped, allowance.compared / 2);
}

INSTANTIATE_TEST_SUITE_P(Library, KernelAndOracle, ::testing::ValuesIn(usedPairs()), nameOf);

} // namespace
