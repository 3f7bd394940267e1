// One function of one variable as IR, with its inverse.
#pragma once

#include "dialect/calculus/Inverse.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

namespace bregman::test {

/// `body` computes %r from %x, both of `type`. The function has another argument, %y, which stands
/// for the value of %r in the inverse.
class Chain {
public:
  explicit Chain(llvm::StringRef body, llvm::StringRef type = "f64") {
    mlir::DialectRegistry registry;
    registerBregmanDialects(registry);
    registry.insert<mlir::func::FuncDialect>();
    context = std::make_unique<mlir::MLIRContext>(registry);
    context->loadAllAvailableDialects(); // an inverse may be made of others than its function
    std::string text = ("func.func @f(%x: " + type + ", %y: " + type + ") -> " + type + " {\n" +
                        body + "\nreturn %r : " + type + "\n}")
                           .str();
    module = mlir::parseSourceString<mlir::ModuleOp>(text, context.get());
    function = *module->getOps<mlir::func::FuncOp>().begin();
  }

  mlir::Value x() { return function.getArgument(0); }
  mlir::Value y() { return function.getArgument(1); }
  mlir::Value root() { return function.front().getTerminator()->getOperand(0); }
  mlir::FailureOr<mlir::Value> inverted() {
    mlir::OpBuilder builder(function.front().getTerminator());
    return invert(builder, root(), x(), y());
  }
  /// As it is computed where weights are.
  mlir::FailureOr<mlir::Value> sharpInverse() {
    mlir::OpBuilder builder(function.front().getTerminator());
    mlir::FailureOr<mlir::Value> found = invert(builder, root(), x(), y());
    if (failed(found))
      return found;
    return sharpenLogarithms(builder, *found, y());
  }

  /// `value` at x and y; every f32 is rounded.
  double at(mlir::Value value, double x, double y) {
    if (value == this->x() || value == this->y())
      return value == this->x() ? x : y;
    llvm::SmallVector<double> operands;
    for (mlir::Value operand : value.getDefiningOp()->getOperands())
      operands.push_back(at(operand, x, y));
    double result = 0;
    mlir::cast<CalculusOpInterface>(value.getDefiningOp()).evaluate(operands, result);
    return value.getType().isF32() ? static_cast<float>(result) : result;
  }
  double of(double x) { return at(root(), x, 0); }

private:
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
};

} // namespace bregman::test
