// A function of the language parsed from text, which the tests evaluate, bound and differentiate
// through the calculus interface.
#pragma once

#include "dialect/BregmanDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>
#include <vector>

namespace bregman::test {

using Point = std::vector<double>;

/// One op applied to arguments, with everything that its derivative and inverse need.
class Function {
public:
  /// `types` are the arguments' types, `a` to `e` their names; `op` an expression in them, such as
  /// "math.tanh %a : f32".
  Function(llvm::ArrayRef<llvm::StringRef> types, llvm::StringRef op);
  ~Function();

  CalculusOpInterface calculus() { return calculusOp; }
  mlir::Operation *operation() { return calculusOp; }
  /// The number of doubles that all arguments take together, and each.
  std::vector<size_t> sizes() const;
  size_t arity() const;
  size_t results() const;

  Point evaluate(const Point &arguments);
  /// J^T c by the interface's vjp, null parts as zeros.
  Point transposed(const Point &arguments, const Point &cotangent);
  /// The operand that the interface's inverse finds; empty where there is none.
  Point inverse(unsigned operand, const Point &arguments, const Point &result);
  Interval range(llvm::ArrayRef<Interval> operands) { return calculusOp.range(operands); }

private:
  Point run(mlir::ValueRange values, const Point &arguments, const Point &extra);

  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  CalculusOpInterface calculusOp;
};

} // namespace bregman::test
