// Values where the language fixes them: ties, zeros, NaN, and the derivative of `if`.
#include "Function.h"

#include "dialect/calculus/Reverse.h"

#include "mlir/Parser/Parser.h"

#include "gmock/gmock.h"
#include <cmath>

using namespace bregman;
using namespace bregman::test;
using testing::Each;
using testing::ElementsAre;
using testing::Truly;

namespace {

constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();
const auto isNaN = Truly([](double value) { return std::isnan(value); });

double at(llvm::StringRef op, const Point &arguments,
          std::vector<llvm::StringRef> types = {"f32"}) {
  return Function(types, op).evaluate(arguments)[0];
}

TEST(ValueTest, signsOfZero) {
  EXPECT_EQ(at("bregman.sign %a : f32", {0}), 1);
  EXPECT_EQ(at("bregman.sign %a : f32", {-0.0}), 1);
  EXPECT_EQ(at("bregman.sgn %a : f32", {-0.0}), 0);
  EXPECT_EQ(at("bregman.sign %a : f32", {-1e-300}), -1);
}

TEST(ValueTest, tiesGoToTheLarger) {
  EXPECT_EQ(at("bregman.round %a : f32", {0.5}), 1);
  EXPECT_EQ(at("bregman.round %a : f32", {-0.5}), 0);
  EXPECT_EQ(at("bregman.round %a : f32", {0.49999999999999994}), 0);
  std::vector<llvm::StringRef> types{"f32", "vector<3xf32>"};
  EXPECT_EQ(at("bregman.nearest %a, %b : vector<3xf32>", {0.5, 1, 0, -1}, types), 1);
  EXPECT_EQ(at("bregman.nearest %a, %b : vector<3xf32>", {-0.5, -1, 0, 1}, types), 0);
  Function hardmax({"vector<3xf32>"}, "bregman.hardmax %a : vector<3xf32>");
  EXPECT_THAT(hardmax.evaluate({2, 2, 1}), ElementsAre(0, 1, 0));
}

TEST(ValueTest, neighboursBeyondTheEndsAreTheOutermostPair) {
  std::vector<llvm::StringRef> types{"f32", "vector<3xf32>"};
  for (auto [x, low, high] : {std::array{-9.0, -1.0, 0.0}, std::array{0.0, 0.0, 1.0},
                              std::array{0.5, 0.0, 1.0}, std::array{9.0, 0.0, 1.0}}) {
    EXPECT_EQ(at("bregman.lower %a, %b : vector<3xf32>", {x, 1, -1, 0}, types), low);
    EXPECT_EQ(at("bregman.upper %a, %b : vector<3xf32>", {x, 1, -1, 0}, types), high);
  }
}

TEST(ValueTest, aNaNPassesThroughEveryFunction) {
  for (llvm::StringRef op :
       {"math.exp", "math.log", "math.log2", "math.sqrt", "math.tanh", "math.atanh", "math.erf",
        "math.atan", "math.absf", "math.floor", "math.ceil", "arith.negf", "bregman.sign",
        "bregman.sgn", "bregman.round", "bregman.sigmoid"})
    EXPECT_TRUE(std::isnan(at((op + " %a : f32").str(), {notANumber}))) << op.str();
  for (llvm::StringRef op : {"arith.addf", "arith.subf", "arith.mulf", "arith.divf",
                             "arith.minimumf", "arith.maximumf", "math.powf"})
    for (const Point &point : {Point{notANumber, 0}, Point{1, notANumber}})
      EXPECT_TRUE(std::isnan(at((op + " %a, %b : f32").str(), point, {"f32", "f32"}))) << op.str();
  EXPECT_TRUE(
      std::isnan(at("bregman.clamp %a, %b, %c : f32", {notANumber, -1, 1}, {"f32", "f32", "f32"})));
  EXPECT_TRUE(std::isnan(
      at("bregman.nearest %a, %b : vector<2xf32>", {notANumber, -1, 1}, {"f32", "vector<2xf32>"})));
  for (llvm::StringRef op : {"softmax", "sparsemax", "hardmax"}) {
    Function function({"vector<2xf32>"}, ("bregman." + op + " %a : vector<2xf32>").str());
    EXPECT_THAT(function.evaluate({notANumber, 1}), Each(isNaN)) << op.str();
    EXPECT_THAT(function.evaluate({1, notANumber}), Each(isNaN)) << op.str();
  }
  for (llvm::StringRef kind : {"sum", "mean", "min", "max", "std"})
    EXPECT_TRUE(std::isnan(at(("bregman.reduce " + kind + " %a : vector<2xf32>").str(),
                              {1, notANumber}, {"vector<2xf32>"})))
        << kind.str();
}

TEST(ValueTest, softmaxIsEvaluatedAtTheDistanceToTheLargest) {
  Function softmax({"vector<2xf32>", "f32"}, "bregman.softmax %a scale %b : vector<2xf32>");
  EXPECT_THAT(softmax.evaluate({3, 1, 1e35}), ElementsAre(1, 0));
  EXPECT_THAT(softmax.evaluate({2, 2, 1e35}), ElementsAre(0.5, 0.5));
}

TEST(ValueTest, sparsemaxProjectsOntoTheSimplex) {
  Function sparsemax({"vector<3xf32>"}, "bregman.sparsemax %a : vector<3xf32>");
  EXPECT_THAT(sparsemax.evaluate({5, 0, 0}), ElementsAre(1, 0, 0));
  EXPECT_THAT(sparsemax.evaluate({0.25, 0.5, -9}), ElementsAre(0.375, 0.625, 0));
}

TEST(ValueTest, aHostScalarIsRoundedOnceOnItsWayToTheWeights) {
  EXPECT_EQ(at("arith.truncf %a : f64 to f32", {0.1}, {"f64"}), double(0.1f));
  EXPECT_EQ(at("arith.truncf %a : f64 to f32", {1e39}, {"f64"}), inf);
}

/// The derivative of a chain of ops in %a, by `differentiate`.
double derivative(llvm::StringRef body, double x) {
  mlir::DialectRegistry registry;
  registerBregmanDialects(registry);
  registry.insert<mlir::func::FuncDialect>();
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      "func.func @f(%a: f32) {\n" + body.str() + "\n  return\n}", &context);
  auto &block = (*module->getOps<mlir::func::FuncOp>().begin()).getBody().front();
  mlir::OpBuilder builder(block.getTerminator());
  mlir::Value root = block.getTerminator()->getPrevNode()->getResult(0);
  mlir::Value one =
      mlir::arith::ConstantOp::create(builder, root.getLoc(), builder.getF32FloatAttr(1));
  llvm::SmallVector<mlir::Value> parts;
  EXPECT_TRUE(succeeded(differentiate(builder, root, one, block.getArgument(0), parts)));
  if (!parts[0])
    return 0;
  llvm::DenseMap<mlir::Value, double> known{{block.getArgument(0), x}};
  for (mlir::Operation &op : block.without_terminator()) {
    Point operands;
    for (mlir::Value operand : op.getOperands())
      operands.push_back(known[operand]);
    double result;
    mlir::cast<CalculusOpInterface>(&op).evaluate(operands, result);
    known[op.getResult(0)] = result;
  }
  return known[parts[0]];
}

TEST(DifferentiateTest, noNaNLeaksFromTheArmNotTaken) {
  // if x > 0 then sqrt(x) else x
  llvm::StringRef body = R"(
    %zero = arith.constant 0.0 : f32
    %0 = arith.cmpf ogt, %a, %zero : f32
    %1 = math.sqrt %a : f32
    %2 = arith.select %0, %1, %a : f32)";
  EXPECT_EQ(derivative(body, -1), 1);
  EXPECT_EQ(derivative(body, 0), 1); // the root's slope there is infinite
  EXPECT_EQ(derivative(body, 4), 0.25);
}

TEST(DifferentiateTest, pathsAddUp) {
  EXPECT_EQ(derivative("%0 = arith.mulf %a, %a : f32\n%1 = arith.addf %0, %a : f32", 3), 7);
}

TEST(DifferentiateTest, aStaircaseEndsThePath) {
  EXPECT_EQ(derivative("%0 = bregman.sign %a : f32\n%1 = arith.mulf %0, %0 : f32", 3), 0);
}

TEST(DifferentiateTest, nestedConditions) {
  // if x < 0 then -x else if x < 1 then x x else 2 x
  llvm::StringRef body = R"(
    %zero = arith.constant 0.0 : f32
    %one = arith.constant 1.0 : f32
    %negative = arith.cmpf olt, %a, %zero : f32
    %small = arith.cmpf olt, %a, %one : f32
    %0 = arith.negf %a : f32
    %1 = arith.mulf %a, %a : f32
    %2 = arith.addf %a, %a : f32
    %3 = arith.select %small, %1, %2 : f32
    %4 = arith.select %negative, %0, %3 : f32)";
  EXPECT_EQ(derivative(body, -2), -1);
  EXPECT_EQ(derivative(body, 0.25), 0.5);
  EXPECT_EQ(derivative(body, 5), 2);
}

} // namespace
