// One rule per function: value and derivative. They are written a second time on purpose: the
// oracle shares nothing with the calculus by which the compiler derives.
#include "frontend/reference/Elementwise.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

/// Value and slope at `a` as a dual.
static Dual along(Dual a, double value, double slope) { return {value, scaled(slope, a.tangent)}; }

static Dual sigmoid(Dual a) {
  if (std::isnan(a.value))
    return along(a, a.value, a.value);
  double e = std::exp(-std::fabs(a.value));
  return along(a, (a.value < 0 ? e : 1) / (1 + e), e / ((1 + e) * (1 + e)));
}

/// A half goes up; floor(x + 0.5) would round the sum of the largest number below a half.
static double roundUp(double x) { return x - std::floor(x) < 0.5 ? std::floor(x) : std::ceil(x); }

Unary reference::unaryRule(Operation &op) {
  return llvm::TypeSwitch<Operation *, Unary>(&op)
      .Case([](arith::NegFOp) -> Unary { return [](Dual a) { return along(a, -a.value, -1); }; })
      .Case([](math::ExpOp) -> Unary {
        return [](Dual a) { return along(a, std::exp(a.value), std::exp(a.value)); };
      })
      .Case([](math::LogOp) -> Unary {
        return [](Dual a) { return along(a, std::log(a.value), 1 / a.value); };
      })
      .Case([](math::Log2Op) -> Unary {
        return [](Dual a) { return along(a, std::log2(a.value), 1 / (a.value * M_LN2)); };
      })
      .Case([](math::SqrtOp) -> Unary {
        return [](Dual a) { return along(a, std::sqrt(a.value), 0.5 / std::sqrt(a.value)); };
      })
      .Case([](math::TanhOp) -> Unary {
        return [](Dual a) {
          return along(a, std::tanh(a.value), 1 / std::pow(std::cosh(a.value), 2));
        };
      })
      .Case([](math::AtanhOp) -> Unary {
        return [](Dual a) { return along(a, std::atanh(a.value), 1 / (1 - a.value * a.value)); };
      })
      .Case([](math::ErfOp) -> Unary {
        return [](Dual a) {
          return along(a, std::erf(a.value), M_2_SQRTPI * std::exp(-a.value * a.value));
        };
      })
      .Case([](math::AtanOp) -> Unary {
        return [](Dual a) { return along(a, std::atan(a.value), 1 / (1 + a.value * a.value)); };
      })
      .Case([](math::AbsFOp) -> Unary {
        return [](Dual a) {
          double slope = a.value > 0 ? 1 : a.value < 0 ? -1 : a.value == 0 ? 0 : a.value;
          return along(a, std::fabs(a.value), slope);
        };
      })
      .Case([](math::FloorOp) -> Unary {
        return [](Dual a) { return Dual{std::floor(a.value), 0}; };
      })
      .Case(
          [](math::CeilOp) -> Unary { return [](Dual a) { return Dual{std::ceil(a.value), 0}; }; })
      .Case([](RoundOp) -> Unary { return [](Dual a) { return Dual{roundUp(a.value), 0}; }; })
      .Case([](SignOp) -> Unary {
        return [](Dual a) {
          return Dual{std::isnan(a.value) ? a.value : a.value < 0 ? -1.0 : 1.0, 0};
        };
      })
      .Case([](SgnOp) -> Unary {
        return [](Dual a) {
          return Dual{std::isnan(a.value) ? a.value
                      : a.value < 0       ? -1.0
                      : a.value > 0       ? 1.0
                                          : 0.0,
                      0};
        };
      })
      .Case([](SigmoidOp) -> Unary { return sigmoid; })
      .Default([](Operation *) -> Unary { return nullptr; });
}

static Dual power(Dual a, Dual b) {
  double v = std::pow(a.value, b.value);
  return {v, scaled(b.value * std::pow(a.value, b.value - 1), a.tangent) +
                 scaled(v * std::log(a.value), b.tangent)};
}

/// The one of two that `first` chooses; equal ones share the derivative, NaN passes through.
static Dual extreme(Dual a, Dual b, bool first) {
  if (std::isnan(a.value) || std::isnan(b.value))
    return {NAN, NAN};
  if (a.value == b.value)
    return {a.value, (a.tangent + b.tangent) / 2};
  return first ? a : b;
}

Binary reference::binaryRule(Operation &op) {
  return llvm::TypeSwitch<Operation *, Binary>(&op)
      .Case([](arith::AddFOp) -> Binary {
        return [](Dual a, Dual b) { return Dual{a.value + b.value, a.tangent + b.tangent}; };
      })
      .Case([](arith::SubFOp) -> Binary {
        return [](Dual a, Dual b) { return Dual{a.value - b.value, a.tangent - b.tangent}; };
      })
      .Case([](arith::MulFOp) -> Binary {
        return [](Dual a, Dual b) {
          return Dual{a.value * b.value, scaled(b.value, a.tangent) + scaled(a.value, b.tangent)};
        };
      })
      .Case([](arith::DivFOp) -> Binary {
        return [](Dual a, Dual b) {
          double v = a.value / b.value;
          return Dual{v, scaled(1 / b.value, a.tangent) - scaled(v / b.value, b.tangent)};
        };
      })
      .Case([](arith::MinimumFOp) -> Binary {
        return [](Dual a, Dual b) { return extreme(a, b, a.value < b.value); };
      })
      .Case([](arith::MaximumFOp) -> Binary {
        return [](Dual a, Dual b) { return extreme(a, b, a.value > b.value); };
      })
      .Case([](math::PowFOp) -> Binary { return power; })
      .Case([](SteOp) -> Binary { return [](Dual a, Dual b) { return Dual{a.value, b.tangent}; }; })
      .Case([](arith::AndIOp) -> Binary {
        return [](Dual a, Dual b) { return Dual{double(a.value != 0 && b.value != 0), 0}; };
      })
      .Case([](arith::OrIOp) -> Binary {
        return [](Dual a, Dual b) { return Dual{double(a.value != 0 || b.value != 0), 0}; };
      })
      .Case([](arith::XOrIOp) -> Binary {
        return [](Dual a, Dual b) { return Dual{double((a.value != 0) != (b.value != 0)), 0}; };
      })
      .Default([](Operation *) -> Binary { return nullptr; });
}

bool reference::compares(arith::CmpFPredicate predicate, double a, double b) {
  using P = arith::CmpFPredicate;
  bool unordered = std::isnan(a) || std::isnan(b);
  switch (predicate) {
  case P::OLT:
    return a < b;
  case P::OLE:
    return a <= b;
  case P::OGT:
    return a > b;
  case P::OGE:
    return a >= b;
  case P::OEQ:
    return a == b;
  case P::ONE:
    return !unordered && a != b;
  case P::ULT:
    return unordered || a < b;
  case P::ULE:
    return unordered || a <= b;
  case P::UGT:
    return unordered || a > b;
  case P::UGE:
    return unordered || a >= b;
  case P::UEQ:
    return unordered || a == b;
  case P::UNE:
    return unordered || a != b;
  case P::ORD:
    return !unordered;
  case P::UNO:
    return unordered;
  case P::AlwaysTrue:
    return true;
  case P::AlwaysFalse:
    return false;
  }
  llvm_unreachable("all predicates are listed");
}

Dual reference::clamp(Dual x, Dual low, Dual high) {
  // A NaN passes; it is in no range, so that nothing moves with it.
  if (std::isnan(x.value))
    return {x.value, 0};
  // On both ends the derivative is that of x.
  return x.value < low.value ? low : x.value > high.value ? high : x;
}
