#include "passes/Coefficient.h"

using namespace mlir;
using namespace bregman;

Coefficient CoefficientArithmetic::add(Coefficient a, Coefficient b) {
  if (a.isHost() && b.isHost())
    return host.add(a.host, b.host);
  if (a.is(0))
    return b;
  if (b.is(0))
    return a;
  if (auto negated = b.isHost() ? nullptr : b.value.getDefiningOp<arith::NegFOp>())
    return emit<arith::SubFOp>(a, Coefficient(negated.getOperand()));
  return emit<arith::AddFOp>(a, b);
}

Coefficient CoefficientArithmetic::mul(Coefficient a, Coefficient b) {
  if (a.isHost() && b.isHost())
    return host.mul(a.host, b.host);
  if (b.isLiteral())
    std::swap(a, b);
  if (a.is(1))
    return b;
  return a.is(-1) ? neg(b) : emit<arith::MulFOp>(a, b);
}

Coefficient CoefficientArithmetic::div(Coefficient a, Coefficient b) {
  if (a.isHost() && b.isHost())
    return host.div(a.host, b.host);
  if (b.is(1))
    return a;
  return b.is(-1) ? neg(a) : emit<arith::DivFOp>(a, b);
}

Coefficient CoefficientArithmetic::neg(Coefficient a) {
  if (a.isHost())
    return host.neg(a.host);
  if (auto negated = a.value.getDefiningOp<arith::NegFOp>())
    return Coefficient(negated.getOperand());
  return Coefficient(arith::NegFOp::create(builder, loc, a.value).getResult());
}

Coefficient CoefficientArithmetic::abs(Coefficient a) {
  if (a.isHost())
    return host.abs(a.host);
  return Coefficient(math::AbsFOp::create(builder, loc, a.value).getResult());
}
