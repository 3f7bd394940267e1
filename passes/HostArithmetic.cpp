// Arithmetic on host scalars that folds literals.
#include "passes/HostArithmetic.h"

#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace bregman;

HostScalar::HostScalar(Value value) : value(value) {
  FloatAttr number;
  if (matchPattern(value, m_Constant(&number))) {
    literal = number.getValueAsDouble();
    this->value = {};
  }
}

std::optional<HostScalar> bregman::hostScalarOf(Value value) {
  if (auto broadcast = value.getDefiningOp<vector::BroadcastOp>())
    return hostScalarOf(broadcast.getSource());
  if (auto truncate = value.getDefiningOp<arith::TruncFOp>())
    return HostScalar(truncate.getIn());
  Attribute constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return std::nullopt;
  if (auto number = dyn_cast<FloatAttr>(constant))
    return HostScalar(number.getValueAsDouble());
  if (auto levels = dyn_cast<SplatElementsAttr>(constant))
    return HostScalar(levels.getSplatValue<APFloat>().convertToDouble());
  return std::nullopt;
}

HostScalar HostArithmetic::add(HostScalar a, HostScalar b) {
  if (a.isLiteral() && b.isLiteral())
    return a.literal + b.literal;
  if (a.is(0))
    return b;
  if (b.is(0))
    return a;
  return HostScalar(arith::AddFOp::create(builder, loc, number(a), number(b)));
}

HostScalar HostArithmetic::mul(HostScalar a, HostScalar b) {
  if (a.isLiteral() && b.isLiteral())
    return a.literal * b.literal;
  if (a.is(1))
    return b;
  if (b.is(1))
    return a;
  return HostScalar(arith::MulFOp::create(builder, loc, number(a), number(b)));
}

HostScalar HostArithmetic::div(HostScalar a, HostScalar b) {
  if (a.isLiteral() && b.isLiteral())
    return a.literal / b.literal;
  if (b.is(1))
    return a;
  return HostScalar(arith::DivFOp::create(builder, loc, number(a), number(b)));
}

HostScalar HostArithmetic::pow(HostScalar a, HostScalar power) {
  if (a.isLiteral() && power.isLiteral())
    return std::pow(a.literal, power.literal);
  return HostScalar(math::PowFOp::create(builder, loc, number(a), number(power)));
}

HostScalar HostArithmetic::neg(HostScalar a) {
  if (a.isLiteral())
    return -a.literal;
  return HostScalar(arith::NegFOp::create(builder, loc, a.value));
}

HostScalar HostArithmetic::abs(HostScalar a) {
  if (a.isLiteral())
    return std::fabs(a.literal);
  return HostScalar(math::AbsFOp::create(builder, loc, a.value));
}

Value HostArithmetic::number(HostScalar a) {
  if (a.isLiteral())
    return arith::ConstantOp::create(builder, loc, builder.getF64FloatAttr(a.literal));
  return a.value;
}

Value HostArithmetic::rounded(HostScalar a) {
  if (a.isLiteral())
    return arith::ConstantOp::create(builder, loc,
                                     builder.getF32FloatAttr(static_cast<float>(a.literal)));
  return arith::TruncFOp::create(builder, loc, builder.getF32Type(), a.value);
}
