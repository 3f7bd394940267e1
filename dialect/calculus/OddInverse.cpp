// An odd function that is nowhere below 0 for positive operands has the sign of its operand: what
// is left is its half over sizes, where abs(x) is x and sgn(x) is 1.
#include "dialect/calculus/Fraction.h"
#include "dialect/calculus/Inverse.h"
#include "dialect/calculus/Solve.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::calculus;

namespace {

enum class Parity { Even, Odd, None };

/// f(-x) = -f(x).
bool isOddFunction(Operation *op) {
  return isa<arith::NegFOp, math::TanhOp, math::AtanhOp, math::ErfOp, math::AtanOp, SgnOp, SignOp>(
      op);
}

Parity parityOf(const Dependence &dependence, Value value, DenseMap<Value, Parity> &known) {
  value = dependence.unique(value);
  if (value == dependence.variable)
    return Parity::Odd;
  if (!dependence.has(value))
    return Parity::Even;
  auto [found, isNew] = known.try_emplace(value, Parity::None);
  if (!isNew)
    return found->second;
  Operation *op = value.getDefiningOp();
  SmallVector<Parity, 3> of;
  for (Value operand : op->getOperands())
    of.push_back(parityOf(dependence, operand, known));
  auto product = [](Parity a, Parity b) {
    if (a == Parity::None || b == Parity::None)
      return Parity::None;
    return a == b ? Parity::Even : Parity::Odd;
  };
  Parity parity = Parity::None;
  if (llvm::all_of(of, [](Parity each) { return each == Parity::Even; }))
    parity = Parity::Even;
  else if (isOddFunction(op))
    parity = of[0];
  else if (isa<math::AbsFOp>(op))
    parity = of[0] == Parity::Odd ? Parity::Even : Parity::None;
  else if (isa<arith::AddFOp, arith::SubFOp>(op))
    parity = of[0] == of[1] ? of[0] : Parity::None;
  else if (isa<arith::MulFOp, arith::DivFOp>(op))
    parity = product(of[0], of[1]);
  else if (isa<math::FmaOp>(op))
    parity = product(of[0], of[1]) == of[2] ? of[2] : Parity::None;
  else if (isa<math::PowFOp>(op) && of[0] == Parity::Odd) {
    if (std::optional<double> exponent = constantOf(op->getOperand(1));
        exponent && std::abs(*exponent) < 100 && *exponent == std::floor(*exponent))
      parity = std::fmod(*exponent, 2) == 0 ? Parity::Even : Parity::Odd;
  }
  return known[value] = parity;
}

/// The function over sizes, emitted.
class Half {
public:
  Half(OpBuilder &builder, const Dependence &dependence, Value size)
      : builder(builder), dependence(dependence), size(size) {}

  Value of(Value value);
  /// For sizes from `least` to what no f32 is beyond.
  Interval range(Value half, double least = 0) const {
    return rangeOf(half, size, {least, 0x1p128});
  }

private:
  Value compute(Operation *op);

  OpBuilder &builder;
  const Dependence &dependence;
  Value size;
  DenseMap<Value, Value> known;
};

Value Half::of(Value value) {
  value = dependence.unique(value);
  if (value == dependence.variable)
    return size;
  if (!dependence.has(value))
    return value;
  if (Value found = known.lookup(value))
    return found;
  Value made = compute(value.getDefiningOp());
  return known[value] = made;
}

Value Half::compute(Operation *op) {
  SmallVector<Value, 3> operands;
  for (Value operand : op->getOperands())
    operands.push_back(of(operand));
  Emit emit(builder, op->getLoc());
  if (isa<math::AbsFOp>(op) && range(operands[0]).lo >= 0)
    return operands[0];
  // Of any f64 above 0 but the subnormal ones.
  if (isa<SgnOp, SignOp>(op) && range(operands[0], std::numeric_limits<double>::min()).lo > 0)
    return emit.constant(operands[0].getType(), 1);
  if (isa<arith::MulFOp>(op))
    for (unsigned i : {0u, 1u})
      if (constantOf(operands[i]) == 1.0)
        return operands[1 - i];
  IRMapping mapping;
  for (auto [from, to] : llvm::zip(op->getOperands(), operands))
    mapping.map(from, to);
  return builder.clone(*op, mapping)->getResult(0);
}

/// sgn(y) * value, where `size` is |y|: the sign goes to a factor |y|, if there is one.
Value withSignOf(Emit &emit, Value y, Value size, Value value) {
  auto within = [&](auto &self, Value part) -> Value {
    if (part == size)
      return y;
    Operation *op = part.getDefiningOp();
    if (isa_and_present<arith::MulFOp>(op))
      if (Value right = self(self, op->getOperand(1)))
        return emit.mul(op->getOperand(0), right);
    if (isa_and_present<arith::MulFOp, arith::DivFOp>(op)) {
      Value left = self(self, op->getOperand(0));
      if (!left)
        return {};
      return isa<arith::MulFOp>(op) ? emit.mul(left, op->getOperand(1))
                                    : emit.div(left, op->getOperand(1));
    }
    return {};
  };
  if (Value done = within(within, value))
    return done;
  Value sign = emit.make<SgnOp>(y.getType(), y);
  if (auto negation = value.getDefiningOp<arith::NegFOp>())
    return emit.mul(emit.neg(sign), negation.getOperand());
  return emit.mul(sign, value);
}

} // namespace

FailureOr<Value> calculus::invertOdd(OpBuilder &builder, const Dependence &dependence,
                                     Value result) {
  Value root = dependence.root, variable = dependence.variable;
  // Where the variable is a size already, there is no other half.
  if (!isa<FloatType>(root.getType()) || variable.getType() != root.getType() ||
      isNonNegative(variable))
    return failure();
  DenseMap<Value, Parity> parities;
  if (parityOf(dependence, root, parities) != Parity::Odd)
    return failure();
  Emit emit(builder, root.getLoc());
  Value size = emit.make<math::AbsFOp>(variable);
  Half half(builder, dependence, size);
  Value over = half.of(root);
  Interval range = half.range(over);
  if (range.lo < 0 && range.hi > 0)
    return failure();
  Value y = range.lo >= 0 ? result : emit.neg(result);
  if (range.lo < 0)
    over = emit.neg(over);
  Value wanted = emit.make<math::AbsFOp>(y);
  FailureOr<Value> found = invert(builder, over, size, wanted);
  if (failed(found))
    return failure();
  return withSignOf(emit, y, wanted, *found);
}
