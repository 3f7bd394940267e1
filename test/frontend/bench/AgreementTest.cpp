// Contenders that compute something else are found before anything is timed.
#include "frontend/bench/Agreement.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>

using namespace bregman;
using namespace bregman::bench;

namespace {
/// Plain gradient descent, off by `error` in one weight after all steps.
class Descent final : public Contender {
public:
  Descent(double lr, float error) : lr(lr), error(error) {}
  std::string name() const override { return error == 0 ? "ours" : "theirs"; }
  void prepare(const std::vector<int64_t> &, int) override {}
  void step() override {}
  void release() override {}
  std::vector<float> weightsAfter(const Trial &trial) override {
    std::vector<float> weights = trial.weights;
    for (const std::vector<float> &gradient : trial.gradients)
      for (size_t i = 0; i < weights.size(); ++i)
        weights[i] -= float(lr) * gradient[i];
    weights[17] += error;
    return weights;
  }

private:
  double lr;
  float error;
};

/// Somebody without any mathematics.
class Nobody final : public Contender {
public:
  std::string name() const override { return "nobody"; }
  void prepare(const std::vector<int64_t> &, int) override {}
  void step() override {}
  void release() override {}
};
} // namespace

static std::string messageOf(Contender &ours, Contender &theirs) {
  Result<double> difference = differenceOf("a by b", ours, theirs, trial());
  if (difference) {
    ADD_FAILURE() << "they agree to " << *difference;
    return "";
  }
  EXPECT_EQ(difference.error().kind, ErrorKind::Internal);
  return difference.error().message;
}

TEST(Agreement, RoundingIsNoDifference) {
  Descent ours(1e-3, 0), theirs(1e-3, 3e-6f);
  Result<double> difference = differenceOf("a by b", ours, theirs, trial());
  ASSERT_TRUE(bool(difference)) << difference.error().message;
  EXPECT_NEAR(*difference, 3e-6, 1e-7);
}

TEST(Agreement, OneWeightIsEnoughToPart) {
  Trial given{std::vector<float>(20, 0.5f), {std::vector<float>(20, 0.0f)}};
  Descent ours(1e-3, 0), theirs(1e-3, 0.25f);
  Result<double> difference = differenceOf("a by b", ours, theirs, given);
  ASSERT_FALSE(bool(difference));
  EXPECT_EQ(
      difference.error().message,
      "internal error: a by b by 'theirs' is not what 'ours' computes: after 1 steps weight 17 "
      "is 0.75 instead of 0.5; their times cannot be compared");
}

TEST(Agreement, NaNParts) {
  Descent ours(1e-3, 0), theirs(1e-3, std::numeric_limits<float>::quiet_NaN());
  EXPECT_NE(messageOf(ours, theirs).find("weight 17 is nan"), std::string::npos);
}

TEST(Agreement, ANumberThatIsNotTheSamePartsThem) {
  // A tenth of the learning rate more: gradients are large enough to show it.
  Descent ours(1e-3, 0), theirs(1.1e-3, 0);
  EXPECT_NE(messageOf(ours, theirs).find("after 4 steps weight 0 is "), std::string::npos);
}

TEST(Agreement, WhoComputesNothingDoesNotAgree) {
  Descent ours(1e-3, 0);
  Nobody nobody;
  EXPECT_EQ(messageOf(ours, nobody),
            "internal error: a by b by 'nobody' is not what 'ours' computes: it has 0 weights "
            "instead of 1003; their times cannot be compared");
}
