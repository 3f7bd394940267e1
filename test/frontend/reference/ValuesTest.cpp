// Values that come from elsewhere than a latent's own history: inverses, fits, random numbers, what
// the optimizer knows.
#include "OracleSteps.h"

#include <cmath>

using namespace bregman;
using namespace bregman::reference;

namespace {

TEST_F(OracleSteps, InverseByBisection) {
  oracle(R"(
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    %0 = bregman.inverse project %w0 : f32 to f32
    bregman.yield %0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = math.tanh %x : f32
    %1 = arith.addf %0, %x : f32
    bregman.yield %1 : f32
  }
  bregman.update lazy_mirror
)");
  std::vector<double> w0 = {0.3, -5, 0, 1e-30, 2e10};
  ASSERT_TRUE(succeeded(run->attach(w0)));
  for (size_t i = 0; i < w0.size(); ++i)
    EXPECT_NEAR(run->weights()[i], w0[i], 1e-15 * std::fabs(w0[i]));
}

TEST_F(OracleSteps, InverseOnTheBoundsAndBeyond) {
  oracle(R"(
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    %0 = bregman.inverse project %w0 : f32 to f32
    bregman.yield %0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = math.tanh %x : f32
    bregman.yield %0 : f32
  }
  bregman.update lazy_mirror
)");
  ASSERT_TRUE(succeeded(run->attach({1, -1, 1.5, 0.5})));
  EXPECT_EQ(stored("x")[0], INFINITY);
  EXPECT_EQ(stored("x")[1], -INFINITY);
  EXPECT_TRUE(std::isnan(stored("x")[2]));
  EXPECT_NEAR(stored("x")[3], std::atanh(0.5), 1e-15);
}

// {-a, a} fitted to |v| is their weighted mean; a free pair of levels is one Lloyd step.
TEST_F(OracleSteps, FitOfOneUnknownAndOfLevels) {
  oracle(std::string(latent) + R"(
  %a = bregman.state "a" per tensor : f32 {
    %start = arith.constant 1.0 : f32
    %c = math.absf %x : f32
    %0 = bregman.fit %x weighted %c from (%start) rounds 1 per tensor : f32 {
    ^bb0(%u: f32):
      %n = arith.negf %u : f32
      %q = vector.from_elements %n, %u : vector<2xf32>
      bregman.yield %q : vector<2xf32>
    }
    bregman.yield %0 : f32
  }
  %m = bregman.state "m" per channel : f32 {
    %q0 = arith.constant dense<[0.0, 4.0]> : vector<2xf32>
    %0 = bregman.fit %x from (%q0) rounds 1 per channel : vector<2xf32> {
    ^bb0(%q: vector<2xf32>):
      bregman.yield %q : vector<2xf32>
    }
    %1 = bregman.reduce max %0 : vector<2xf32>
    bregman.yield %1 : f32
  }
)");
  ASSERT_TRUE(succeeded(run->attach({1, -3, 3, 5, -1, 2}, 2)));
  // sum |x| |x| / sum |x|.
  EXPECT_NEAR(stored("a")[0], (1 + 9 + 9 + 25 + 1 + 4) / 15.0, 1e-15);
  // Of {1, -3, 3} the 3 is near 4; of {5, -1, 2} both 5 and, by the tie, 2.
  EXPECT_NEAR(stored("m")[0], 3, 1e-15);
  EXPECT_NEAR(stored("m")[1], 3.5, 1e-15);
}

TEST_F(OracleSteps, RandomNumbersArePublishedAtTheNextStep) {
  oracle(std::string(latent) + R"(
  %w = bregman.project "w" : f32 {
    %0 = bregman.random : f32
    bregman.yield %0 : f32
  }
  bregman.update straight_through
)");
  run->seed(7, 3);
  ASSERT_TRUE(succeeded(run->attach({0, 0})));
  std::vector<double> first = run->weights();
  EXPECT_NE(first[0], first[1]);
  ASSERT_TRUE(succeeded(run->advance({0, 0})));
  EXPECT_NE(run->weights(), first);
  run->seed(8, 3);
  ASSERT_TRUE(succeeded(run->attach({0, 0})));
  EXPECT_NE(run->weights(), first);
  run->seed(7, 3);
  ASSERT_TRUE(succeeded(run->attach({0, 0})));
  EXPECT_EQ(run->weights(), first);
}

// What the optimizer has after the step is what the weight is computed with.
TEST_F(OracleSteps, OptimizerStateIsTheNewest) {
  oracle(std::string(latent) + R"(
  %w = bregman.project "w" : f32 {
    %0 = bregman.optimizer_state "m" : f32
    bregman.yield %0 : f32
  }
  bregman.update straight_through
)",
         R"(
bregman.optimizer @sum (g = %g : f32, x = %x : f32) {
  %lr = bregman.param "lr" = 0.5 : f64
  %p = bregman.state "p" per run : f64 {
    %two = arith.constant 2.0 : f64
    bregman.yield %two : f64
  }
  %m = bregman.state "m" : f32 {
    %zero = arith.constant 0.0 : f32
    bregman.yield %zero : f32
  }
  %m1 = arith.addf %m, %g : f32
  bregman.descend %m1, m = %m1 : f32, f32
}
)");
  ASSERT_TRUE(succeeded(run->attach({1, 2})));
  EXPECT_EQ(run->weights(), (std::vector<double>{0, 0}));
  ASSERT_TRUE(succeeded(run->advance({3, 4})));
  EXPECT_EQ(run->weights(), (std::vector<double>{3, 4}));
  // A state of the run is a host scalar, not a stored value.
  ASSERT_EQ(run->schedules().size(), 1u);
  EXPECT_EQ(run->schedules()[0], (std::pair<std::string, double>("optimizer.p", 2)));
  EXPECT_EQ(run->stored().size(), 2u);
}

} // namespace
