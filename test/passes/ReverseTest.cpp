// Derivatives through reductions over weights, against central differences of a whole tensor.
#include "dialect/calculus/Reverse.h"
#include "frontend/reference/Interpreter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>
#include <random>

using namespace bregman;
using namespace mlir;

namespace {

constexpr int64_t channels = 3, entryCount = 24;

/// A function of x, per weight, s, per tensor, and a, per channel; the derivatives of
/// sum_i c_i f_i stand behind it in the same block.
class Program {
public:
  explicit Program(const std::string &body) {
    DialectRegistry registry;
    registerBregmanDialects(registry);
    registry.insert<func::FuncDialect>();
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    module = parseSourceString<ModuleOp>(
        "func.func @f(%x: f32, %s: f32, %a: f32, %c: f32) -> f32 {" + body + "}", &context);
    if (!module)
      return;
    function = *module->getOps<func::FuncOp>().begin();
    auto leave = cast<func::ReturnOp>(function.getBody().front().getTerminator());
    OpBuilder builder(leave);
    root = leave.getOperand(0);
    SmallVector<Value> leaves(function.getArguments().take_front(3));
    EXPECT_TRUE(
        succeeded(differentiate(builder, root, function.getArgument(3), leaves, derivatives)));
    auto sum = [&](unsigned leaf, Scope scope) {
      if (derivatives[leaf])
        derivatives[leaf] =
            sumOver(builder, ExtentAttr::get(&context, scope, 0), derivatives[leaf]);
    };
    sum(1, Scope::Tensor);
    sum(2, Scope::Channel);
  }

  /// `value`, a null one being zero, at a point.
  std::vector<double> at(Value value, const std::vector<std::vector<double>> &point) {
    reference::Context shape;
    shape.shape = {entryCount, channels};
    reference::Environment environment(std::move(shape));
    for (auto [argument, values] : llvm::zip(function.getArguments(), point)) {
      reference::Tensor tensor(entryCount, 1);
      for (int64_t i = 0; i < entryCount; ++i)
        tensor(i).value = values[i];
      environment.set(argument, tensor);
    }
    EXPECT_TRUE(succeeded(reference::evaluate(function.getBody().front(), environment)));
    std::vector<double> result(entryCount);
    for (int64_t i = 0; value && i < entryCount; ++i)
      result[i] = environment.at(value).at(i).value;
    return result;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  Value root;
  SmallVector<Value> derivatives;
};

struct Case {
  const char *name, *body;
};

void PrintTo(const Case &sample, std::ostream *out) { *out << sample.name; }

const Case cases[] = {
    {"sum", "%0 = arith.mulf %x, %s : f32 %1 = bregman.reduce sum per channel %0 : f32 "
            "%2 = arith.mulf %1, %x : f32 return %2 : f32"},
    {"mean", "%0 = arith.mulf %x, %x : f32 %1 = bregman.reduce mean per tensor %0 : f32 "
             "%2 = arith.mulf %1, %x : f32 return %2 : f32"},
    {"maskedMean", "%0 = arith.constant 0.3 : f32 %1 = arith.cmpf ogt, %x, %0 : f32 "
                   "%2 = bregman.reduce mean per group(5) %x where %1 : f32 "
                   "%3 = arith.mulf %2, %s : f32 return %3 : f32"},
    {"meanOfNothing", "%0 = arith.constant 99.0 : f32 %1 = arith.cmpf ogt, %x, %0 : f32 "
                      "%2 = bregman.reduce mean per channel %x where %1 : f32 "
                      "%3 = arith.addf %2, %s : f32 return %3 : f32"},
    {"max", "%0 = math.tanh %x : f32 %1 = math.absf %0 : f32 "
            "%2 = bregman.reduce max per tensor %1 : f32 %3 = arith.divf %0, %2 : f32 "
            "return %3 : f32"},
    {"maskedMin", "%0 = arith.constant -0.2 : f32 %1 = arith.cmpf ogt, %x, %0 : f32 "
                  "%2 = bregman.reduce min per channel %x where %1 : f32 "
                  "%3 = arith.mulf %2, %x : f32 return %3 : f32"},
    {"std", "%0 = bregman.reduce std per channel %x : f32 %1 = arith.divf %x, %0 : f32 "
            "return %1 : f32"},
    {"normalized", "%0 = bregman.reduce mean per channel %x : f32 %1 = arith.subf %x, %0 : f32 "
                   "%2 = bregman.reduce std per channel %x : f32 %3 = arith.divf %1, %2 : f32 "
                   "%4 = math.tanh %3 : f32 return %4 : f32"},
    {"chain", "%0 = bregman.reduce mean per channel %x : f32 %1 = arith.subf %x, %0 : f32 "
              "%2 = math.absf %1 : f32 %3 = bregman.reduce mean per tensor %2 : f32 "
              "%4 = arith.mulf %3, %s : f32 %5 = arith.mulf %4, %x : f32 return %5 : f32"},
    {"widerInside", "%0 = arith.mulf %s, %a : f32 %1 = arith.mulf %0, %x : f32 "
                    "%2 = math.tanh %1 : f32 return %2 : f32"},
    {"sharedSquare", "%0 = arith.mulf %s, %s : f32 return %0 : f32"},
    {"sumOfShared", "%0 = bregman.reduce sum per tensor %s : f32 %1 = arith.mulf %0, %x : f32 "
                    "return %1 : f32"},
    // What one arm reduces takes the cotangents of the weights that chose it only.
    {"arm", "%0 = arith.constant 0.1 : f32 %1 = arith.cmpf ogt, %x, %0 : f32 "
            "%2 = arith.mulf %x, %x : f32 %3 = bregman.reduce mean per tensor %2 : f32 "
            "%4 = arith.mulf %x, %s : f32 %5 = arith.select %1, %3, %4 : f32 return %5 : f32"},
    {"twoArms", "%0 = arith.constant 0.1 : f32 %1 = arith.cmpf ogt, %x, %0 : f32 "
                "%2 = bregman.reduce mean per tensor %x where %1 : f32 "
                "%3 = arith.negf %a : f32 %4 = arith.select %1, %2, %3 : f32 return %4 : f32"},
};

class ReverseTest : public testing::TestWithParam<Case> {};

TEST_P(ReverseTest, IsThatOfCentralDifferences) {
  Program program(GetParam().body);
  ASSERT_TRUE(bool(program.module));
  std::mt19937 generator(3);
  std::normal_distribution<double> normal;
  std::vector<std::vector<double>> point(4, std::vector<double>(entryCount));
  for (int64_t i = 0; i < entryCount; ++i) {
    point[0][i] = normal(generator);
    point[1][i] = 0.7;
    int64_t channel = i / (entryCount / channels);
    point[2][i] = 0.5 + double(channel);
    point[3][i] = normal(generator);
  }
  auto loss = [&](const std::vector<std::vector<double>> &at) {
    std::vector<double> values = program.at(program.root, at);
    double sum = 0;
    for (int64_t i = 0; i < entryCount; ++i)
      sum += values[i] * point[3][i];
    return sum;
  };
  const int64_t shared[] = {1, entryCount, entryCount / channels};
  for (unsigned leaf = 0; leaf < 3; ++leaf) {
    std::vector<double> actual = program.at(program.derivatives[leaf], point);
    for (int64_t first = 0; first < entryCount; first += shared[leaf]) {
      auto up = point, down = point;
      const double h = 1e-6;
      for (int64_t i = first; i < first + shared[leaf]; ++i) {
        up[leaf][i] += h;
        down[leaf][i] -= h;
      }
      double expected = (loss(up) - loss(down)) / (2 * h);
      EXPECT_NEAR(actual[first], expected, 1e-6 * (1 + std::fabs(expected)))
          << "leaf " << leaf << " at " << first;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, ReverseTest, testing::ValuesIn(cases),
                         [](const auto &info) { return std::string(info.param.name); });

/// Equal largest weights share what their maximum takes.
TEST(ReverseKinks, TiesShare) {
  Program program("%0 = bregman.reduce max per tensor %x : f32 return %0 : f32");
  std::vector<std::vector<double>> point(4, std::vector<double>(entryCount));
  point[0][4] = point[0][9] = 2;
  point[3][1] = 3;
  std::vector<double> actual = program.at(program.derivatives[0], point);
  EXPECT_EQ(actual[4], 1.5);
  EXPECT_EQ(actual[9], 1.5);
  EXPECT_EQ(actual[0], 0);
}

/// The deviation of equal weights is flat, not NaN.
TEST(ReverseKinks, EqualWeightsAreFlat) {
  Program program("%0 = bregman.reduce std per channel %x : f32 return %0 : f32");
  std::vector<std::vector<double>> point(4, std::vector<double>(entryCount, 1));
  for (double value : program.at(program.derivatives[0], point))
    EXPECT_EQ(value, 0);
}

} // namespace
