// Builds derivatives and inverses: elementwise arithmetic on f32, f64 and level vectors alike.
#pragma once

#include "dialect/BregmanDialect.h"

#include "mlir/IR/TypeUtilities.h"

namespace bregman {

/// Arithmetic at one place of the IR. Both operands of an operation have one type.
class Emit {
public:
  Emit(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  /// `value` in every lane of `type`.
  mlir::Value constant(mlir::Type type, double value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value neg(mlir::Value a);
  mlir::Value add(mlir::Value a, double b) { return add(a, constant(a.getType(), b)); }
  mlir::Value sub(double a, mlir::Value b) { return sub(constant(b.getType(), a), b); }
  mlir::Value mul(mlir::Value a, double b) { return mul(a, constant(a.getType(), b)); }
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value a, mlir::Value b);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  /// `a` where the condition holds, else 0.
  mlir::Value keep(mlir::Value condition, mlir::Value a);
  /// A scalar in every level of `type`; the value itself when `type` is its own.
  mlir::Value spread(mlir::Value scalar, mlir::Type type);
  mlir::Value reduce(Reduction kind, mlir::Value levels);
  mlir::Value extract(mlir::Value levels, int64_t index);
  mlir::Value fromElements(llvm::ArrayRef<mlir::Value> elements);

  template <typename Op, typename... Args> mlir::Value make(Args &&...args) {
    return Op::create(builder, loc, std::forward<Args>(args)...).getResult();
  }

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

/// The number that `value` is in every lane, seen through casts and broadcasts.
std::optional<double> constantOf(mlir::Value value);

} // namespace bregman
