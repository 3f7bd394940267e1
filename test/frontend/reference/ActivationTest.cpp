// The oracle of activations against the published formulas, written a second time: values,
// gradients, learned steps, over a thousand batches of changing length.
#include "ActivationSpecs.h"
#include "PublishedActivations.h"
#include "SpecModule.h"

#include "frontend/reference/ActivationOracle.h"

#include <cmath>
#include <random>

using namespace bregman;
using namespace bregman::reference;
using published::Numbers;

namespace {

struct Case {
  const char *name, *optimizer;
  std::vector<int64_t> sizes; ///< of the longest batch
};

std::ostream &operator<<(std::ostream &stream, const Case &test) {
  return stream << test.name << "_" << test.optimizer;
}

class Activations : public ::testing::TestWithParam<Case> {
protected:
  static constexpr double lr = 2e-3, weightDecay = 0.01;
  static constexpr double allowed = 1e-12;

  Activations()
      : spec(std::string(activationSpecs) + "plan {\n  activations \"*\" : " + GetParam().name +
             " by " + GetParam().optimizer + "\n  else : float by sgd\n}\n"),
        oracle(spec.quantizer(GetParam().name), spec.optimizer(GetParam().optimizer),
               Timing{/*stepsPerEpoch=*/2, /*steps=*/1000, /*epochs=*/500}),
        expected(published::makeActivation(GetParam().name,
                                           {GetParam().optimizer, lr, weightDecay, {}})) {
    oracle.set("optimizer.lr", lr);
    oracle.set("optimizer.weight_decay", weightDecay);
  }

  static Numbers draw(int64_t count, uint64_t seed) {
    std::mt19937_64 generator(seed);
    std::normal_distribution<double> normal(0, 0.8);
    Numbers values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(float(normal(generator)));
    return values;
  }

  void compare(const std::vector<double> &actual, const Numbers &wanted, const char *what,
               int64_t step) {
    ASSERT_EQ(actual.size(), wanted.size()) << what;
    for (size_t i = 0; i < actual.size(); ++i)
      // A NaN is never near.
      ASSERT_TRUE(std::fabs(actual[i] - wanted[i]) <= allowed * std::fmax(1, std::fabs(wanted[i])))
          << what << "[" << i << "] in step " << step << ": " << actual[i] << " for " << wanted[i];
  }

  static Numbers flat(const ActivationOracle::Learned &learned) {
    Numbers values;
    for (const auto &[name, planes] : learned)
      for (const auto &levels : planes)
        values.insert(values.end(), levels.begin(), levels.end());
    return values;
  }

  SpecModule spec;
  ActivationOracle oracle;
  std::unique_ptr<published::ActivationModel> expected;
};

TEST_P(Activations, EqualThePublishedUpdate) {
  for (int64_t step = 0; step < 1000 / BREGMAN_TEST_SHARE; ++step) {
    published::Batch batch{GetParam().sizes, {}};
    batch.sizes[0] -= step % 2;
    int64_t count = 1;
    for (int64_t size : batch.sizes)
      count *= size;
    batch.x = draw(count, 2 * step);
    Numbers g = draw(count, 2 * step + 1);
    auto w = oracle.forward(batch.x, batch.sizes);
    ASSERT_TRUE(succeeded(w));
    ASSERT_NO_FATAL_FAILURE(compare(*w, expected->forward(batch, step), "w", step));
    auto h = oracle.backward(g);
    ASSERT_TRUE(succeeded(h));
    ASSERT_NO_FATAL_FAILURE(compare(*h, expected->backward(batch, g, step), "dL/dx", step));
    if (expected->steps())
      ASSERT_NO_FATAL_FAILURE(
          compare(flat(oracle.gradients()), *expected->gradients(), "dL/ds", step));
    ASSERT_TRUE(succeeded(oracle.advance()));
    expected->update();
    if (expected->steps())
      ASSERT_NO_FATAL_FAILURE(compare(flat(oracle.learned()), *expected->steps(), "s", step));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Published, Activations,
    ::testing::Values(Case{"sign_act", "sgd", {3, 8}}, Case{"dorefa_act", "sgd", {3, 8}},
                      Case{"bitnet_act", "sgd", {2, 3, 5}},
                      Case{"bitnet_through_scale", "sgd", {2, 3, 5}},
                      Case{"groups", "sgd", {3, 2, 3}}, Case{"channel_mean", "sgd", {3, 2, 2, 2}},
                      Case{"lsq_act", "sgd", {3, 8}}, Case{"lsq_act", "momentum", {2, 3, 4}},
                      Case{"lsq_act", "adam", {3, 8}}, Case{"lsq_channel", "momentum", {3, 2, 3}},
                      Case{"lsq_channel", "adamw", {5, 3}}, Case{"eased", "adam", {3, 2, 2, 2}}),
    [](const auto &info) { return std::string(info.param.name) + "_" + info.param.optimizer; });

// Another number of channels than the learned values have.
TEST(ActivationOracle, ChannelsStay) {
  SpecModule spec(std::string(activationSpecs) +
                  "plan {\n  activations \"*\" : lsq_channel by sgd\n  else : float by sgd\n}\n");
  ActivationOracle oracle(spec.quantizer("lsq_channel"), spec.optimizer("sgd"), Timing());
  ASSERT_TRUE(succeeded(oracle.forward({1, 2, 3, 4}, {2, 2})));
  EXPECT_EQ(oracle.learned()[0].second.size(), 2u);
  EXPECT_TRUE(succeeded(oracle.forward({1, 2}, {1, 2})));
  EXPECT_TRUE(failed(oracle.forward({1, 2, 3}, {1, 3})));
}

} // namespace
