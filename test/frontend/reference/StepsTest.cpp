// Whole steps of what only a whole tensor shows: learned values, states, slower blocks, penalties,
// derivatives through statistics, inverses, random numbers; by hand-written IR.
#include "frontend/reference/Oracle.h"

#include "mlir/Parser/Parser.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numeric>

using namespace bregman;
using bregman::reference::Oracle;

namespace {

const char *sgd = R"(
bregman.optimizer @sgd (g = %g : f32, x = %x : f32) {
  %lr = bregman.param "lr" = 0.5 : f64
  %0 = arith.truncf %lr : f64 to f32
  %d = arith.mulf %0, %g : f32
  bregman.descend %d : f32
}
)";

const char *latent = R"(
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
)";

class OracleSteps : public ::testing::Test {
protected:
  OracleSteps() {
    mlir::DialectRegistry registry;
    registerBregmanDialects(registry);
    context.appendDialectRegistry(registry);
  }

  /// A quantizer with these clauses by sgd, or by another optimizer.
  Oracle &oracle(const std::string &clauses, const std::string &optimizer = sgd) {
    module = mlir::parseSourceString<mlir::ModuleOp>(
        "bregman.quantizer @q {" + clauses + "}\n" + optimizer, &context);
    if (!module)
      throw std::runtime_error("the module does not parse");
    run = std::make_unique<Oracle>(*module->getOps<QuantizerOp>().begin(),
                                   *module->getOps<OptimizerOp>().begin(), Timing{2, 8, 4});
    return *run;
  }

  std::vector<double> stored(const std::string &name) {
    std::vector<double> result;
    for (const auto &[found, planes] : run->stored())
      if (found == name)
        for (const auto &levels : planes)
          result.insert(result.end(), levels.begin(), levels.end());
    return result;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<Oracle> run;
};

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
