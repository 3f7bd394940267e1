// The oracle against the language's golden traces and against closed forms.
#include "OracleSteps.h"

#include <cmath>

using namespace bregman;
using bregman::reference::Oracle, bregman::reference::sgd;

namespace {

std::string mirror(const char *kind, const char *last) {
  return std::string(R"(
bregman.quantizer @q {
  %growth = bregman.param "growth" in [1.0, 2.0] = 2.0 : f64
  %step = bregman.counter step : f64
  %levels = bregman.levels : vector<2xf32> {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  %beta = bregman.schedule "beta" : f64 {
    %0 = math.ceil %step : f64
    %1 = math.powf %growth, %0 : f64
    bregman.yield %1 : f64
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %b = arith.truncf %beta : f64 to f32
    %0 = arith.mulf %b, %x : f32
    %1 = math.tanh %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update )") +
         kind + R"(
  bregman.final {
    %0 = bregman.sign )" +
         last + R"( : f32
    bregman.yield %0 : f32
  }
}
)" + sgd;
}

class OracleTest : public ::testing::Test {
protected:
  OracleTest() {
    mlir::DialectRegistry registry;
    registerBregmanDialects(registry);
    context.appendDialectRegistry(registry);
  }

  Oracle oracle(const std::string &text) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(bool(module));
    return Oracle(*module->getOps<QuantizerOp>().begin(), *module->getOps<OptimizerOp>().begin(),
                  Timing());
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(OracleTest, GoldenTraceOfLazyMirrorDescent) {
  Oracle run = oracle(mirror("lazy_mirror", "%x"));
  ASSERT_TRUE(succeeded(run.attach({0.25, -1})));
  EXPECT_NEAR(run.weights()[0], 0.244918662, 5e-10);
  ASSERT_TRUE(succeeded(run.advance({1, -1})));
  EXPECT_EQ(run.stored()[0].second[0][0], -0.25);
  EXPECT_NEAR(run.weights()[0], -0.462117157, 5e-10);
  EXPECT_NEAR(run.weights()[1], -0.761594156, 5e-10);
  ASSERT_TRUE(succeeded(run.advance({0.5, -2})));
  EXPECT_EQ(run.stored()[0].second[1][0], 0.5);
  EXPECT_NEAR(run.weights()[0], -0.96402758, 5e-10);
  EXPECT_EQ(run.schedules()[0].second, 4);
}

TEST_F(OracleTest, GoldenTraceOfAgileMirrorDescent) {
  Oracle run = oracle(mirror("agile_mirror", "%w"));
  ASSERT_TRUE(succeeded(run.attach({0.25, -1})));
  EXPECT_EQ(run.stored()[0].first, "dual");
  ASSERT_TRUE(succeeded(run.advance({1, -1})));
  EXPECT_EQ(run.stored()[0].second[0][0], -0.25);
  EXPECT_NEAR(run.weights()[0], -0.244918662, 5e-10);
  ASSERT_TRUE(succeeded(run.advance({0.5, -2})));
  EXPECT_EQ(run.stored()[0].second[1][0], 1.5);
  EXPECT_NEAR(run.weights()[0], -0.635148952, 5e-10);
  EXPECT_NEAR(run.weights()[1], 0.905148254, 5e-10);
}

TEST_F(OracleTest, ChainHandsOnTheDerivative) {
  Oracle run = oracle(mirror("chain", "%x"));
  ASSERT_TRUE(succeeded(run.attach({0.25})));
  ASSERT_TRUE(succeeded(run.advance({1})));
  double w = std::tanh(0.25);
  EXPECT_NEAR(run.stored()[0].second[0][0], 0.25 - 0.5 * (1 - w * w), 1e-15);
}

} // namespace
