// Whether a case can be: no x is above 1 and below 0, whatever staircases and conditions say so.
#include "passes/prove/Cases.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double infinity = std::numeric_limits<double>::infinity();

namespace {

/// An interval with or without its ends.
struct Bounds {
  double low = -infinity, high = infinity;
  bool isLowOpen = false, isHighOpen = false;
  bool isRounded = false; ///< an end was computed

  void meet(const Bounds &other) {
    if (other.low > low || (other.low == low && other.isLowOpen))
      low = other.low, isLowOpen = other.isLowOpen;
    if (other.high < high || (other.high == high && other.isHighOpen))
      high = other.high, isHighOpen = other.isHighOpen;
    isRounded |= other.isRounded;
  }
  bool isEmpty() const {
    if (isRounded)
      return low - high > roundingOf(std::max(1.0, std::abs(low)));
    return low > high || (low == high && (isLowOpen || isHighOpen));
  }
};

/// What all choices say of each value that they choose by.
class Conditions {
public:
  explicit Conditions(const Scratch &scratch) : scratch(scratch) {}

  void add(Value value, const Fraction &is);
  bool areConsistent() const {
    return llvm::none_of(all, [](const auto &entry) { return entry.second.isEmpty(); });
  }

private:
  void compare(arith::CmpFOp compare, bool holds);
  void meet(Value u, Bounds bounds);

  const Scratch &scratch;
  DenseMap<Value, Bounds> all;
};

} // namespace

void Conditions::compare(arith::CmpFOp compare, bool holds) {
  using P = arith::CmpFPredicate;
  bool isSwapped = scratch.number(compare.getLhs()).has_value();
  Value u = isSwapped ? compare.getRhs() : compare.getLhs();
  auto number = scratch.number(isSwapped ? compare.getLhs() : compare.getRhs());
  if (!number)
    return;
  P predicate = compare.getPredicate();
  bool isLess = predicate == P::OLT || predicate == P::ULT;
  bool isLessEqual = predicate == P::OLE || predicate == P::ULE;
  bool isGreater = predicate == P::OGT || predicate == P::UGT;
  bool isGreaterEqual = predicate == P::OGE || predicate == P::UGE;
  if (!isLess && !isLessEqual && !isGreater && !isGreaterEqual) {
    if ((predicate == P::OEQ || predicate == P::UEQ) && holds)
      meet(u, {*number, *number});
    return;
  }
  bool isUpper = (isLess || isLessEqual) != isSwapped, isStrict = isLess || isGreater;
  if (!holds)
    isUpper = !isUpper, isStrict = !isStrict;
  meet(u, isUpper ? Bounds{-infinity, *number, false, isStrict}
                  : Bounds{*number, infinity, isStrict, false});
}

void Conditions::add(Value value, const Fraction &is) {
  Operation *op = value.getDefiningOp();
  if (auto comparison = dyn_cast_or_null<arith::CmpFOp>(op))
    return compare(comparison, !is.isZero());
  if (!op || !is.isConstant() || !isa<SignOp, SgnOp, RoundOp, math::FloorOp, math::CeilOp>(op))
    return;
  Value u = op->getOperand(0);
  double k = is.value().lo;
  if (isa<RoundOp>(op))
    return meet(u, {k - 0.5, k + 0.5, false, true});
  if (isa<math::FloorOp>(op))
    return meet(u, {k, k + 1, false, true});
  if (isa<math::CeilOp>(op))
    return meet(u, {k - 1, k, true, false});
  bool isOpenAtZero = isa<SgnOp>(op);
  meet(u, k < 0    ? Bounds{-infinity, 0, false, true}
          : k == 0 ? Bounds{0, 0}
                   : Bounds{0, infinity, isOpenAtZero, false});
}

/// Bounds of a v + b are bounds of v, and so are those of a clamp within its own.
void Conditions::meet(Value u, Bounds bounds) {
  Operation *op = u.getDefiningOp();
  if (!op) {
    all[u].meet(bounds);
    return;
  }
  auto flip = [&] {
    std::swap(bounds.low, bounds.high);
    std::swap(bounds.isLowOpen, bounds.isHighOpen);
    bounds.low = -bounds.low, bounds.high = -bounds.high;
  };
  auto number = [&](unsigned i) { return scratch.number(op->getOperand(i)); };
  Value a = op->getOperand(0);
  if (isa<SteOp, arith::TruncFOp>(op))
    return meet(a, bounds);
  if (isa<arith::NegFOp>(op)) {
    flip();
    return meet(a, bounds);
  }
  if (auto clamp = dyn_cast<ClampOp>(op)) {
    auto low = number(1), high = number(2);
    if (low && bounds.low <= *low && !(bounds.low == *low && bounds.isLowOpen))
      bounds.low = -infinity;
    if (high && bounds.high >= *high && !(bounds.high == *high && bounds.isHighOpen))
      bounds.high = infinity;
    if (low && high && *low < *high)
      return meet(a, bounds);
  }
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(op)) {
    bool isSwapped = number(0) && !isa<arith::DivFOp>(op);
    auto by = number(isSwapped ? 0 : 1);
    Value v = op->getOperand(isSwapped ? 1 : 0);
    bool isProduct = isa<arith::MulFOp, arith::DivFOp>(op);
    if (by && std::isfinite(*by) && !(isProduct && *by == 0)) {
      double shift = isProduct ? 0 : isa<arith::AddFOp>(op) || isSwapped ? -*by : *by;
      double factor = isa<arith::MulFOp>(op) ? 1 / *by : isa<arith::DivFOp>(op) ? *by : 1;
      bounds.isRounded |= std::isfinite(bounds.low) || std::isfinite(bounds.high);
      bounds.low = (bounds.low + shift) * std::abs(factor);
      bounds.high = (bounds.high + shift) * std::abs(factor);
      if (factor < 0 || (isSwapped && isa<arith::SubFOp>(op)))
        flip();
      return meet(v, bounds);
    }
  }
  all[u].meet(bounds);
}

bool Cases::isConsistent(const Case &chosen) {
  Conditions conditions(scratch);
  for (const auto &[value, is] : chosen)
    conditions.add(value, is);
  return conditions.areConsistent();
}
