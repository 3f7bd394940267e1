// Degrees: with s for the scale and x for s^-a z, every value of a homogeneous projection is s^d
// times one of z alone. Sums, comparisons and choices need one d, other functions d = 0; that gives
// a.
#include "passes/Homogeneous.h"

#include "passes/HostScalars.h"
#include "passes/ScaledLatent.h"

#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace bregman;

namespace {

/// fixed + ofPower a; a zero has any degree.
struct Degree {
  double fixed = 0, ofPower = 0;
  bool isAny = false;

  Degree times(double factor) const { return {fixed * factor, ofPower * factor, isAny}; }
};

class DegreeCheck {
public:
  DegreeCheck(Region &body, Value latent, Value scale) : body(body), latent(latent), scale(scale) {}

  /// a, where all degrees fit.
  std::optional<double> run() {
    Degree result = of(body.front().getTerminator()->getOperand(0));
    same(result, Degree());
    bool isSolved = fits && power && *power != 0;
    for (const auto &[a, b] : equal)
      isSolved = isSolved && std::abs(at(a) - at(b)) < 1e-12;
    return isSolved ? power : std::nullopt;
  }

private:
  double at(const Degree &degree) const { return degree.fixed + degree.ofPower * *power; }

  void same(const Degree &a, const Degree &b) {
    if (a.isAny || b.isAny)
      return;
    equal.push_back({a, b});
    if (!power && a.ofPower != b.ofPower)
      power = (b.fixed - a.fixed) / (a.ofPower - b.ofPower);
  }

  Degree of(Value value) {
    auto [found, isNew] = known.try_emplace(value);
    if (!isNew)
      return found->second;
    Degree degree = compute(value);
    known[value] = degree;
    return degree;
  }

  Degree compute(Value value);

  Region &body;
  Value latent, scale;
  std::optional<double> power;
  bool fits = true;
  SmallVector<std::pair<Degree, Degree>> equal;
  DenseMap<Value, Degree> known;
};

} // namespace

Degree DegreeCheck::compute(Value value) {
  if (value == scale)
    return {1, 0};
  if (value == latent)
    return {0, -1};
  Operation *op = value.getDefiningOp();
  bool isInside = op && op->getParentRegion() == &body;
  if (!isInside && !(op && isHost(value) && op->getNumRegions() == 0 && op->getNumOperands())) {
    fits &= op && !movingPart(value);
    return {};
  }
  FloatAttr number;
  if (matchPattern(value, m_Constant(&number)))
    return {0, 0, number.getValueAsDouble() == 0};
  auto operand = [&](unsigned i) { return of(op->getOperand(i)); };
  if (isa<arith::TruncFOp, arith::ExtFOp, arith::NegFOp, math::AbsFOp>(op))
    return operand(0);
  if (isa<arith::MulFOp, arith::DivFOp>(op)) {
    Degree a = operand(0), b = operand(1).times(isa<arith::DivFOp>(op) ? -1 : 1);
    return {a.fixed + b.fixed, a.ofPower + b.ofPower, a.isAny || b.isAny};
  }
  if (isa<math::SqrtOp>(op))
    return operand(0).times(0.5);
  if (isa<math::PowFOp>(op) && matchPattern(op->getOperand(1), m_Constant(&number)))
    return operand(0).times(number.getValueAsDouble());
  if (isa<SignOp, SgnOp>(op)) {
    operand(0);
    return {};
  }
  bool isChoice = isa<arith::SelectOp>(op);
  if (isChoice)
    operand(0);
  if (isChoice || isa<arith::AddFOp, arith::SubFOp, arith::MinimumFOp, arith::MaximumFOp, ClampOp,
                      SteOp, arith::CmpFOp>(op)) {
    Degree first = operand(isChoice ? 1 : 0);
    for (unsigned i = isChoice ? 2 : 1; i < op->getNumOperands(); ++i) {
      Degree other = operand(i);
      same(first, other);
      if (first.isAny)
        first = other;
    }
    return isa<arith::CmpFOp>(op) ? Degree() : first;
  }
  for (unsigned i = 0; i < op->getNumOperands(); ++i)
    same(operand(i), Degree());
  return {};
}

std::optional<Homogeneity> bregman::homogeneityOf(Region &body, Value latent,
                                                  function_ref<bool(Value)> isPositive) {
  SmallVector<Value> candidates;
  SmallVector<Value> open;
  for (Operation &op : body.front())
    open.append(op.operand_begin(), op.operand_end());
  DenseSet<Value> seen;
  while (!open.empty()) {
    Value value = open.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (!op || !isHost(value) || !seen.insert(value).second)
      continue;
    if (isa<ScheduleOp, CounterOp>(op) && movingPart(value) && isPositive(value))
      candidates.push_back(value);
    if (op->getNumRegions() == 0)
      open.append(op->operand_begin(), op->operand_end());
  }
  for (Value scale : candidates)
    if (auto power = DegreeCheck(body, latent, scale).run())
      return Homogeneity{scale, *power};
  return std::nullopt;
}
