// Every quantizer of the library under every optimizer: the derived kernels move weights as the
// oracle does, which derives nothing.
#include "frontend/reference/Oracle.h"
#include "frontend/spec/Spec.h"
#include "passes/Pipelines.h"

#include <gtest/gtest.h>
#include <random>

#include "KernelRun.h"

using namespace bregman;
using bregman::reference::Oracle;
using bregman::test::KernelRun;

namespace {

using Names = std::tuple<std::string, std::string>;

/// A spec's method, as written and as kernels.
struct Program {
  mlir::MLIRContext context;
  spec::Diagnostics diagnostics;
  std::unique_ptr<spec::Unit> unit;
  mlir::OwningOpRef<mlir::ModuleOp> written, derived;

  explicit Program(const std::string &text) {
    mlir::DialectRegistry registry;
    registerBregmanDialects(registry);
    context.appendDialectRegistry(registry);
    auto source = std::make_shared<const spec::Source>("test.breg", text);
    spec::Library library(std::string(BREGMAN_SOURCE_DIR) + "/examples/specs");
    written = spec::compile(source, library, context, diagnostics, unit);
    EXPECT_TRUE(bool(written)) << diagnostics.render();
    if (!written)
      return;
    derived = mlir::OwningOpRef<mlir::ModuleOp>(written->clone());
    mlir::PassManager manager(&context);
    buildDerivePipeline(manager, DeriveOptions());
    buildKernelPipeline(manager, KernelOptions());
    if (failed(manager.run(*derived))) {
      ADD_FAILURE() << "the passes failed";
      derived = nullptr;
    }
  }
};

void expectSame(double expected, double actual, const std::string &what) {
  EXPECT_NEAR(actual, expected, 1e-9 * (1 + std::fabs(expected))) << what;
}

void compareStored(Oracle &oracle, KernelRun &run, const std::string &when) {
  for (const auto &[name, values] : oracle.stored()) {
    bool inWeight = !run.memory.count(name);
    if (inWeight && run.frozen)
      continue; // the levels have taken the latent's place
    int parity = run.parityOf(name);
    for (size_t weight = 0; weight < values.size(); ++weight)
      for (size_t level = 0; level < values[weight].size(); ++level) {
        const std::vector<double> &kept = run.memory.at(inWeight ? "w" : name)[weight];
        double actual = parity == 0  ? kept.at(level)
                        : level == 1 ? kept.at(0)
                                     : parity * kept.at(0);
        expectSame(values[weight][level], actual, name + " " + when);
      }
  }
}

/// 40 steps of normal gradients, in epochs of 3, with schedules fast enough to matter.
void compareRuns(Program &program) {
  Timing timing;
  timing.stepsPerEpoch = 3;
  timing.steps = 40;
  timing.epochs = 14;
  Oracle oracle(*program.written->getOps<QuantizerOp>().begin(),
                *program.written->getOps<OptimizerOp>().begin(), timing);
  KernelRun run(*program.derived, timing);
  std::map<std::string, double> faster{{"growth", 1.1},        {"period", 2},
                                       {"rate", 0.05},         {"freeze_epoch", 9},
                                       {"optimizer.lr", 0.05}, {"optimizer.weight_decay", 0.1}};
  for (const auto &[name, value] : faster)
    if (run.parameters.count(name)) {
      run.parameters[name] = value;
      oracle.set(name, value);
    }
  std::mt19937 generator(7); // NOLINT(bugprone-random-generator-seed): the same in every run
  std::normal_distribution<double> normal;
  std::vector<double> w0{0, 1, -1};
  while (w0.size() < 8)
    w0.push_back(0.5 * normal(generator));
  ASSERT_TRUE(succeeded(oracle.attach(w0)));
  ASSERT_TRUE(run.attach(w0));
  for (int64_t step = 0; step < timing.steps && !testing::Test::HasFailure(); ++step) {
    std::string when = "before step " + std::to_string(step);
    compareStored(oracle, run, when);
    for (size_t weight = 0; weight < w0.size(); ++weight)
      expectSame(oracle.weights()[weight], run.memory.at("w")[weight].front(), "w " + when);
    std::vector<double> gradient;
    for (size_t weight = 0; weight < w0.size(); ++weight)
      gradient.push_back(normal(generator));
    ASSERT_TRUE(succeeded(oracle.advance(gradient)));
    ASSERT_TRUE(run.advance(gradient, step));
  }
}

class Trajectory : public testing::TestWithParam<Names> {};

TEST_P(Trajectory, FollowsTheOracle) {
  auto [quantizer, optimizer] = GetParam();
  Program program("plan { else : " + quantizer + " by " + optimizer + " }");
  if (program.derived)
    compareRuns(program);
}

INSTANTIATE_TEST_SUITE_P(
    Library, Trajectory,
    testing::Combine(testing::Values("md_tanh_s", "md_ternary_s", "md_tanh", "gd_tanh",
                                     "md_softmax_s", "md_softmax", "pmf", "binary_connect",
                                     "ste_clipped", "proxquant", "float"),
                     testing::Values("sgd", "momentum", "nesterov", "adam", "adamw")),
    [](const auto &info) { return std::get<0>(info.param) + "_" + std::get<1>(info.param); });

/// Whatever a pass makes leads back to a line of the spec.
TEST_P(Trajectory, KeepsItsPlaces) {
  auto [quantizer, optimizer] = GetParam();
  Program program("plan { else : " + quantizer + " by " + optimizer + " }");
  ASSERT_TRUE(bool(program.derived));
  (*program.derived)->walk([](mlir::Operation *op) {
    std::string file;
    if (!llvm::isa<mlir::ModuleOp>(op) && spec::positionOf(op->getLoc(), file).line == 0) {
      std::string text;
      llvm::raw_string_ostream stream(text);
      op->print(stream, mlir::OpPrintingFlags().useLocalScope());
      ADD_FAILURE() << "leads to no line: " << text;
    }
  });
}

/// Ingredients that the library does not combine.
TEST(Passes, UsersOwnMethodsFollowTheOracle) {
  const char *quantizers[] = {
      // Three levels, lazily; a scale beside the schedule.
      "quantizer q { levels {-2, 0, 3} schedule b = 1 + step / 10 latent x[level] = levels * w0 "
      "project u = softmax(2 * b * x) weight w = sum(levels * u) update lazy mirror "
      "final sum(levels * hardmax(x)) }",
      // Two levels by the chain rule: one dual.
      "quantizer q { levels {-0.5, 0.5} schedule b = 1 + step / 10 latent x[level] = levels * w0 "
      "project u = softmax(b * x) weight w = sum(levels * u) update chain "
      "final sum(levels * hardmax(x)) }",
      // Agile with two factors, and a final that speaks of x.
      "quantizer q { levels {-1, 1} schedule b = 1.05 ^ step "
      "project w = 2 * b * x / (1 + abs(2 * b * x)) update agile mirror final nearest(x) }",
      // abs about several points, and a square.
      "quantizer q { levels {-1, 0, 1} prox 0.3 * abs(x - 1) + 0.2 * abs(x + 1) + 0.1 * x ^ 2 "
      "every 4 steps x' = clamp(x, -0.9, 0.9) final nearest(x) }",
      // A W-shaped square, a block each second epoch.
      "quantizer q(rate = 0.3) { levels {-1, 0, 1} prox rate / 2 * (x - nearest(x)) ^ 2 "
      "every 2 epochs x' = x / 2 final nearest(x) }",
      // A condition of the host inside of the weight.
      "quantizer q { levels {-1, 1} project w = if epoch < 4 then x else tanh(3 * x) "
      "update straight_through final sign(x) }",
      // Levels that move with a parameter: two duals are kept.
      "quantizer q(a = 0.7) { levels {-a, a} latent x[level] = levels * w0 project u = softmax(x) "
      "weight w = sum(levels * u) update lazy mirror final sum(levels * hardmax(x)) }",
      // A gradient of the user's own, of both targets.
      "quantizer q { levels {-1, 1} latent x[level] = levels * w0 project u = softmax(x) "
      "weight w = sum(levels * u) update gradient grad(u) - mean(grad(u)) + 0.1 * g * u "
      "final sum(levels * hardmax(x)) }",
      // Steps of a staircase that is differentiated through a surrogate with an `if`.
      "quantizer q { let p = if x < 0 then 2 * x + x ^ 2 else 2 * x - x ^ 2 levels {-1, 1} "
      "project w = ste(sign(x), if abs(x) < 1 then p else 0) update chain final sign(x) }",
  };
  for (const char *text : quantizers) {
    SCOPED_TRACE(text);
    Program program(std::string(text) + " plan { else : q by adam }");
    if (program.derived)
      compareRuns(program);
  }
}

} // namespace
