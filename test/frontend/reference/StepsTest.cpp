// Whole steps of what only a whole tensor shows: learned values, states, slower blocks, penalties,
// derivatives through statistics.
#include "OracleSteps.h"

#include <cmath>

using namespace bregman;
using namespace bregman::reference;

namespace {

// w = s x per channel: dL/ds is the sum of g x over a channel, times 2, then clamped.
TEST_F(OracleSteps, LearnedValuePerChannel) {
  oracle(std::string(latent) + R"(
  %s = bregman.learn "s" per channel in [0.5, inf] : f32 {
    %0 = bregman.reduce max per channel %x : f32
    bregman.yield %0 : f32
  } scaled {
    %two = arith.constant 2.0 : f32
    bregman.yield %two : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = arith.mulf %s, %x : f32
    bregman.yield %0 : f32
  }
  bregman.update chain
)");
  ASSERT_TRUE(succeeded(run->attach({1, 2, 3, 4}, 2)));
  EXPECT_EQ(stored("s"), (std::vector<double>{2, 4}));
  EXPECT_EQ(run->weights(), (std::vector<double>{2, 4, 12, 16}));
  ASSERT_TRUE(succeeded(run->advance({0.25, 0.25, -1, 1})));
  // s: 2 - 0.5 * 2 * (0.25 + 0.5), 4 - 0.5 * 2 * (-3 + 4); x: x - 0.5 * s g.
  EXPECT_EQ(stored("s"), (std::vector<double>{1.25, 3}));
  EXPECT_EQ(stored("x"), (std::vector<double>{0.75, 1.75, 5, 2}));
  ASSERT_TRUE(succeeded(run->advance({4, 0, 0, 0})));
  EXPECT_EQ(stored("s").front(), 0.5);
}

// A learned value has an instance of the optimizer, and its parameters where they are set.
TEST_F(OracleSteps, LearnedValueHasItsOwnOptimizer) {
  oracle(std::string(latent) + R"(
  %s = bregman.learn "s" per tensor : f32 {
    %one = arith.constant 1.0 : f32
    bregman.yield %one : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = arith.mulf %s, %x : f32
    bregman.yield %0 : f32
  }
  bregman.update chain
)",
         R"(
bregman.optimizer @momentum (g = %g : f32, x = %x : f32) {
  %lr = bregman.param "lr" = 0.5 : f64
  %m = bregman.state "m" : f32 {
    %zero = arith.constant 0.0 : f32
    bregman.yield %zero : f32
  }
  %m1 = arith.addf %m, %g : f32
  %0 = arith.truncf %lr : f64 to f32
  %d = arith.mulf %0, %m1 : f32
  bregman.descend %d, m = %m1 : f32, f32
}
)");
  run->set("s.optimizer.lr", 0.125);
  ASSERT_TRUE(succeeded(run->attach({1, 2})));
  ASSERT_TRUE(succeeded(run->advance({1, 1})));
  EXPECT_EQ(stored("s"), (std::vector<double>{1 - 0.125 * 3}));
  EXPECT_EQ(stored("s.optimizer.m"), (std::vector<double>{3}));
  EXPECT_EQ(stored("optimizer.m"), (std::vector<double>{1, 1}));
  ASSERT_TRUE(succeeded(run->resetStates()));
  EXPECT_EQ(stored("s.optimizer.m"), (std::vector<double>{0}));
}

// h_j = sum_i g_i du_i/dx_j, through a mean, against differences.
TEST_F(OracleSteps, ChainThroughAStatistic) {
  oracle(std::string(latent) + R"(
  %w = bregman.project "w" : f32 {
    %0 = arith.mulf %x, %x : f32
    %1 = bregman.reduce mean per channel %0 : f32
    %2 = arith.mulf %1, %x : f32
    bregman.yield %2 : f32
  }
  bregman.update chain
)");
  std::vector<double> x = {0.5, -1, 2, 3, 0.25, -0.75}, g = {1, -2, 0.5, 3, 1, -1};
  auto loss = [&](std::vector<double> at) {
    double sum = 0;
    for (int row = 0; row < 2; ++row) {
      double mean = 0;
      for (int i = 3 * row; i < 3 * row + 3; ++i)
        mean += at[i] * at[i] / 3;
      for (int i = 3 * row; i < 3 * row + 3; ++i)
        sum += g[i] * mean * at[i];
    }
    return sum;
  };
  ASSERT_TRUE(succeeded(run->attach(x, 2)));
  ASSERT_TRUE(succeeded(run->advance(g)));
  for (int i = 0; i < 6; ++i) {
    std::vector<double> above = x, below = x;
    above[i] += 1e-6, below[i] -= 1e-6;
    double slope = (loss(above) - loss(below)) / 2e-6;
    EXPECT_NEAR(stored("x")[i], x[i] - 0.5 * slope, 1e-8) << i;
  }
}

// Two blocks, one each step and one each epoch of two steps; each sees what the one before it left.
TEST_F(OracleSteps, StatesAndSlowerBlocks) {
  oracle(std::string(latent) + R"(
  %one = arith.constant 1.0 : f64
  %a = bregman.state "a" per tensor : f32 {
    %0 = bregman.reduce sum per tensor %x : f32
    bregman.yield %0 : f32
  }
  %b = bregman.state "b" : f32 {
    %0 = arith.addf %x, %a : f32
    bregman.yield %0 : f32
  }
  bregman.every %one step {
    %0 = arith.addf %a, %x : f32
    bregman.yield x = %0, b = %x : f32, f32
  }
  bregman.every %one epoch {
    %0 = bregman.reduce sum per tensor %x : f32
    bregman.yield a = %0 : f32
  }
)");
  ASSERT_TRUE(succeeded(run->attach({1, 2})));
  EXPECT_EQ(stored("a"), (std::vector<double>{3}));
  EXPECT_EQ(stored("b"), (std::vector<double>{4, 5}));
  ASSERT_TRUE(succeeded(run->advance({2, 2})));
  // x - 1, kept in b; then 3 more.
  EXPECT_EQ(stored("b"), (std::vector<double>{0, 1}));
  EXPECT_EQ(stored("x"), (std::vector<double>{3, 4}));
  EXPECT_EQ(stored("a"), (std::vector<double>{3}));
  ASSERT_TRUE(succeeded(run->advance({0, 0})));
  EXPECT_EQ(stored("x"), (std::vector<double>{6, 7}));
  EXPECT_EQ(stored("a"), (std::vector<double>{13}));
}

// E = (w - x)^2 with w = 3 x: dE/dw = 2 (w - x) joins g and is handed on, dE/dx = -2 (w - x).
TEST_F(OracleSteps, PenaltyAtFixedWeightAndAtFixedLatent) {
  oracle(std::string(latent) + R"(
  %w = bregman.project "w" : f32 {
    %three = arith.constant 3.0 : f32
    %0 = arith.mulf %three, %x : f32
    bregman.yield %0 : f32
  }
  bregman.update chain
  bregman.penalty {
    %0 = arith.subf %w, %x : f32
    %1 = arith.mulf %0, %0 : f32
    bregman.yield %1 : f32
  }
)");
  ASSERT_TRUE(succeeded(run->attach({1})));
  ASSERT_TRUE(succeeded(run->advance({0.5})));
  // h = 3 (0.5 + 4) - 4.
  EXPECT_EQ(stored("x"), (std::vector<double>{1 - 0.5 * 9.5}));
}

// E = u^2 with u = 3 x and w = 2 u: dE/du = 2 u is handed on with dL/du = 2 g, not through u.
TEST_F(OracleSteps, PenaltyOfTheTarget) {
  oracle(std::string(latent) + R"(
  %u = bregman.project "u" : f32 {
    %three = arith.constant 3.0 : f32
    %0 = arith.mulf %three, %x : f32
    bregman.yield %0 : f32
  }
  %w = bregman.weight "w" : f32 {
    %two = arith.constant 2.0 : f32
    %0 = arith.mulf %two, %u : f32
    bregman.yield %0 : f32
  }
  bregman.update straight_through
  bregman.penalty {
    %0 = arith.mulf %u, %u : f32
    bregman.yield %0 : f32
  }
)");
  ASSERT_TRUE(succeeded(run->attach({1})));
  ASSERT_TRUE(succeeded(run->advance({0.5})));
  // h = 2 * 0.5 + 6.
  EXPECT_EQ(stored("x"), (std::vector<double>{1 - 0.5 * 7}));
}

// d = lr g + sum of g over the tensor, which is the four weights of the latent and the two channels
// of s; v is the sum of x over a channel, of s the value itself.
TEST_F(OracleSteps, OptimizersNarrowWhatTheyMove) {
  oracle(std::string(latent) + R"(
  %s = bregman.learn "s" per channel : f32 {
    %one = arith.constant 1.0 : f32
    bregman.yield %one : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = arith.addf %s, %x : f32
    bregman.yield %0 : f32
  }
  bregman.update chain
)",
         R"(
bregman.optimizer @o (g = %g : f32, x = %x : f32) {
  %lr = bregman.param "lr" = 0.5 : f64
  %v = bregman.state "v" per channel : f32 {
    %zero = arith.constant 0.0 : f32
    bregman.yield %zero : f32
  }
  %v1 = bregman.reduce sum per channel %x : f32
  %sum = bregman.reduce sum per tensor %g : f32
  %0 = arith.truncf %lr : f64 to f32
  %1 = arith.mulf %0, %g : f32
  %d = arith.addf %1, %sum : f32
  bregman.descend %d, v = %v1 : f32, f32
}
)");
  ASSERT_TRUE(succeeded(run->attach({1, 2, 3, 4}, 2)));
  ASSERT_TRUE(succeeded(run->advance({1, 2, 4, 8})));
  EXPECT_EQ(stored("x"), (std::vector<double>{1 - 15.5, 2 - 16, 3 - 17, 4 - 19}));
  EXPECT_EQ(stored("optimizer.v"), (std::vector<double>{3, 7}));
  EXPECT_EQ(stored("s"), (std::vector<double>{1 - 1.5 - 15, 1 - 6 - 15}));
  EXPECT_EQ(stored("s.optimizer.v"), (std::vector<double>{1, 1}));
}

} // namespace
