// A reduction of an optimizer over the numbers of a learned value or over levels, written out.
#include "passes/OptimizerReduction.h"

#include "dialect/calculus/Emit.h"

#include <limits>

using namespace mlir;
using namespace bregman;

namespace {

class OptimizerReduction {
public:
  OptimizerReduction(OpBuilder &builder, ReduceOp op, ExtentAttr moved)
      : emit(builder, op.getLoc()), op(op), moved(moved) {}

  Value write(Value operand, Value condition);

private:
  Value ofOne(Value operand, Value condition);
  Value sum(Value value) { return over(Reduction::Sum, value); }
  Value over(Reduction kind, Value value) {
    return emit.make<ReduceOp>(kind, op.getExtentAttr(), value, Value());
  }
  Value shareOfWeight(Type type);

  Emit emit;
  ReduceOp op;
  ExtentAttr moved;
};

/// A number that is alone in its segment.
Value OptimizerReduction::ofOne(Value operand, Value condition) {
  Type type = operand.getType();
  double infinity = std::numeric_limits<double>::infinity(), without = 0;
  if (op.getKind() == Reduction::Std) // its divisor is 0
    return emit.constant(type, std::numeric_limits<double>::quiet_NaN());
  if (op.getKind() == Reduction::Max)
    without = -infinity;
  if (op.getKind() == Reduction::Min)
    without = infinity;
  return condition ? emit.select(condition, operand, emit.constant(type, without)) : operand;
}

/// 1 where each weight has a number of its own, else one over how many share it.
Value OptimizerReduction::shareOfWeight(Type type) {
  Value one = emit.constant(type, 1);
  if (!moved)
    return one;
  return emit.div(one, emit.make<ReduceOp>(Reduction::Sum, moved, one, Value()));
}

Value OptimizerReduction::write(Value operand, Value condition) {
  Reduction kind = op.getKind();
  if (moved && (moved.getScope() == Scope::Tensor || op.getExtent()->getScope() != Scope::Tensor))
    return ofOne(operand, condition);
  bool perLevel = condition && isa<VectorType>(condition.getType());
  if (!moved && !perLevel)
    return emit.make<ReduceOp>(kind, op.getExtentAttr(), operand, condition);
  if (kind == Reduction::Max || kind == Reduction::Min)
    return over(kind, ofOne(operand, condition));
  Value counted = shareOfWeight(operand.getType());
  if (condition)
    counted = emit.keep(condition, counted);
  Value total = sum(condition ? emit.keep(condition, emit.mul(operand, counted))
                              : emit.mul(operand, counted));
  if (kind == Reduction::Sum)
    return total;
  Value count = sum(counted);
  Value isAny = emit.compare(arith::CmpFPredicate::OGT, count, emit.constant(count.getType(), 0));
  Value mean = emit.keep(isAny, emit.div(total, count));
  if (kind == Reduction::Mean)
    return mean;
  Value off = emit.sub(operand, mean), square = emit.mul(emit.mul(off, off), counted);
  Value squares = sum(condition ? emit.keep(condition, square) : square);
  return emit.make<math::SqrtOp>(emit.div(squares, emit.add(count, -1)));
}

} // namespace

Value bregman::reduceInOptimizer(OpBuilder &builder, ReduceOp op, ExtentAttr moved, Value operand,
                                 Value condition) {
  return OptimizerReduction(builder, op, moved).write(operand, condition);
}

ExtentAttr bregman::extentInOptimizer(ExtentAttr declared, ExtentAttr moved) {
  if (!declared || !moved)
    return declared ? declared : moved;
  return declared.getScope() == Scope::Tensor ? declared : moved;
}
