// The inverse of a chain of functions, evaluated at the value of the chain.
#include "dialect/calculus/Inverse.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace bregman;

namespace {

class Chain {
public:
  explicit Chain(StringRef body) {
    DialectRegistry registry;
    registerBregmanDialects(registry);
    registry.insert<func::FuncDialect>();
    context = std::make_unique<MLIRContext>(registry);
    context->loadAllAvailableDialects(); // an inverse may be made of others than its function
    std::string text =
        ("func.func @f(%x: f64, %y: f64) -> f64 {\n" + body + "\nreturn %r : f64\n}").str();
    module = parseSourceString<ModuleOp>(text, context.get());
    function = *module->getOps<func::FuncOp>().begin();
  }

  Value x() { return function.getArgument(0); }
  Value y() { return function.getArgument(1); }
  Value root() { return function.front().getTerminator()->getOperand(0); }
  FailureOr<Value> inverted() {
    OpBuilder builder(function.front().getTerminator());
    return invert(builder, root(), x(), y());
  }
  double at(Value value, double x, double y) {
    if (value == this->x() || value == this->y())
      return value == this->x() ? x : y;
    llvm::SmallVector<double> operands;
    for (Value operand : value.getDefiningOp()->getOperands())
      operands.push_back(at(operand, x, y));
    double result = 0;
    cast<CalculusOpInterface>(value.getDefiningOp()).evaluate(operands, result);
    return result;
  }

private:
  std::unique_ptr<MLIRContext> context;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
};

TEST(InverseTest, ofAChainIsTheChainOfInversesBackwards) {
  Chain chain("%two = arith.constant 2.0 : f64\n"
              "%c = arith.constant 0.25 : f64\n"
              "%0 = arith.subf %x, %c : f64\n"
              "%1 = arith.mulf %two, %0 : f64\n"
              "%2 = math.tanh %1 : f64\n"
              "%r = arith.divf %2, %two : f64");
  FailureOr<Value> inverse = chain.inverted();
  ASSERT_TRUE(succeeded(inverse));
  for (double x : {-0.7, 0.0, 0.3, 1.1})
    EXPECT_NEAR(chain.at(*inverse, 0, chain.at(chain.root(), x, 0)), x, 1e-12);
}

TEST(InverseTest, ofErfAndAtanHasAllDigits) {
  for (const char *function : {"erf", "atan"}) {
    Chain chain(std::string("%r = math.") + function + " %x : f64");
    FailureOr<Value> inverse = chain.inverted();
    ASSERT_TRUE(succeeded(inverse));
    for (double x : {-3.0, -0.8, -1e-9, 0.0, 1e-300, 0.04, 0.5, 1.0, 2.0, 2.9}) {
      // What rounding of the value alone does to the operand.
      double slope = function == std::string("erf") ? std::exp(-x * x) : 1 / (1 + x * x);
      double allowed = std::abs(x) * 1e-14 + 4e-16 / slope;
      EXPECT_NEAR(chain.at(*inverse, 0, chain.at(chain.root(), x, 0)), x, allowed) << function;
    }
  }
  Chain erf("%r = math.erf %x : f64");
  EXPECT_EQ(erf.at(*erf.inverted(), 0, 1), INFINITY);
  EXPECT_EQ(erf.at(*erf.inverted(), 0, -1), -INFINITY);
}

TEST(InverseTest, failsWhereTheVariableOccursTwice) {
  Chain chain("%0 = math.tanh %x : f64\n%r = arith.addf %0, %x : f64");
  EXPECT_TRUE(failed(chain.inverted()));
}

TEST(InverseTest, failsOnAFunctionWithoutAClosedInverse) {
  Chain chain("%r = math.floor %x : f64");
  EXPECT_TRUE(failed(chain.inverted()));
}

} // namespace
