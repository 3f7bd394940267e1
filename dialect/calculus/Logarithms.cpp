// log(a / b) = 2 atanh((a - b) / (a + b)), where a - b is one product although a and b are near
// each other: log(1 - y) of a small y is as exact as y.
#include "dialect/calculus/Dependence.h"
#include "dialect/calculus/Fraction.h"
#include "dialect/calculus/Inverse.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::calculus;

namespace {

/// Values as fractions of what is no sum, product or quotient.
class Fractions {
public:
  Fraction of(Value value) {
    if (auto found = known.find(value); found != known.end())
      return found->second;
    Fraction result = compute(value);
    constexpr size_t longest = 8;
    if (result.above.terms().size() > longest || result.below.terms().size() > longest)
      result = itself(value);
    return known[value] = result;
  }

  Atoms atoms;

private:
  Fraction itself(Value value) { return Fraction(Polynomial({{atoms.of(value), 1}}, 1)); }
  Fraction compute(Value value) {
    if (std::optional<double> number = constantOf(value))
      return Fraction(*number);
    Operation *op = value.getDefiningOp();
    if (isa_and_present<arith::NegFOp>(op))
      return Fraction(-1.0) * of(op->getOperand(0));
    if (!isa_and_present<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(op))
      return itself(value);
    Fraction a = of(op->getOperand(0)), b = of(op->getOperand(1));
    return isa<arith::AddFOp>(op)   ? a + b
           : isa<arith::SubFOp>(op) ? a - b
           : isa<arith::MulFOp>(op) ? a * b
                                    : a / b;
  }

  DenseMap<Value, Fraction> known;
};

} // namespace

/// log(value) with all digits where the value is near 1; null where that would change nothing.
static Value sharpened(OpBuilder &builder, Value value) {
  Emit emit(builder, value.getLoc());
  if (auto root = value.getDefiningOp<math::SqrtOp>()) {
    Value whole = sharpened(builder, root.getOperand());
    return whole ? emit.mul(whole, 0.5) : whole;
  }
  Fractions fractions;
  Fraction fraction = fractions.of(value);
  Fraction quotient(fraction.above - fraction.below, fraction.above + fraction.below);
  bool cancels = fraction.above.terms().size() > 1 || fraction.below.terms().size() > 1;
  if (!cancels || !quotient.above.isMonomial() || quotient.below.terms().empty())
    return {};
  Type type = value.getType();
  Value near = quotient.emit(emit, fractions.atoms, type);
  Value exact = emit.mul(emit.make<math::AtanhOp>(near), 2);
  if (quotient.below.isConstant()) // the operand of atanh is rounded nowhere
    return exact;
  Value isNear = emit.compare(arith::CmpFPredicate::OLT, emit.make<math::AbsFOp>(near),
                              emit.constant(type, 0.5));
  return emit.select(isNear, exact, emit.make<math::LogOp>(value));
}

namespace {

class Sharpener {
public:
  Sharpener(OpBuilder &builder, Value value, Value variable)
      : builder(builder), dependence(value, variable) {
    known[variable] = variable;
  }

  Value of(Value value) {
    if (Value found = known.lookup(value))
      return found;
    Value made = dependence.has(value) ? again(value.getDefiningOp()) : value;
    return known[value] = made;
  }

private:
  /// The operation itself, or a copy of it on operands that have changed.
  Value again(Operation *op) {
    SmallVector<Value, 3> operands;
    for (Value operand : op->getOperands())
      operands.push_back(of(operand));
    if (isa<math::LogOp>(op))
      if (Value better = sharpened(builder, operands[0]))
        return better;
    if (llvm::equal(operands, op->getOperands()))
      return op->getResult(0);
    Operation *copy = builder.clone(*op);
    copy->setOperands(operands);
    return copy->getResult(0);
  }

  OpBuilder &builder;
  Dependence dependence;
  DenseMap<Value, Value> known;
};

} // namespace

Value bregman::sharpenLogarithms(OpBuilder &builder, Value value, Value variable) {
  return Sharpener(builder, value, variable).of(value);
}
