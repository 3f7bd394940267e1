// Laws: with x = z / c every value of a homogeneous projection is a product of powers of the host's
// moving scalars and of c times one of z alone. Sums, comparisons and choices need one law, other
// functions none; that gives c.
#include "passes/Homogeneous.h"

#include "mlir/IR/Matchers.h"
#include "passes/Clauses.h"
#include "passes/HostScalars.h"

using namespace mlir;
using namespace bregman;

namespace {

/// A product of powers of host scalars, by their number, and of c; a zero has any law.
struct Law {
  std::vector<Exponent> ofScalars;
  Exponent ofScale;
  bool isAny = false;

  Exponent at(size_t scalar) const {
    return scalar < ofScalars.size() ? ofScalars[scalar] : Exponent();
  }
  bool isNone() const;
  /// This law times `power` of another.
  Law times(const Law &other, const Exponent &power) const;
  Law to(const Exponent &power) const { return Law().times(*this, power); }
};

class LawFinder {
public:
  LawFinder(Region &body, Value latent, function_ref<bool(Value)> isPositive)
      : body(body), latent(latent), isPositive(isPositive) {}

  std::optional<Homogeneity> run();

private:
  using HostLaw = std::optional<Law>;

  Law of(Value value);
  Law compute(Value value);
  /// All of these operands have one law, which is returned.
  Law common(Operation *op, unsigned first, unsigned count);
  void same(const Law &a, const Law &b) { equal.push_back({a, b}); }

  HostLaw ofHost(Value value);
  HostLaw computeHost(Value value);
  HostLaw ofSchedule(ScheduleOp schedule);
  HostLaw ofWhole(Value value);

  bool reads(LevelsOp levels) const;
  std::optional<Law> solve() const;

  Region &body;
  Value latent;
  function_ref<bool(Value)> isPositive;
  Exponents exponents;
  SmallVector<Value> scalars;
  std::vector<std::pair<Law, Law>> equal;
  DenseMap<Value, Law> known;
  DenseMap<Value, HostLaw> knownOfHost;
  bool fits = true;
};

} // namespace

bool Law::isNone() const {
  return isAny || (ofScale.isZero() &&
                   llvm::all_of(ofScalars, [](const Exponent &power) { return power.isZero(); }));
}

Law Law::times(const Law &other, const Exponent &power) const {
  Law result = *this;
  result.isAny |= other.isAny;
  result.ofScale = ofScale + power * other.ofScale;
  result.ofScalars.resize(std::max(ofScalars.size(), other.ofScalars.size()));
  for (size_t i = 0; i < other.ofScalars.size(); ++i)
    result.ofScalars[i] = result.ofScalars[i] + power * other.ofScalars[i];
  return result;
}

static bool isZero(Value value) {
  return matchPattern(value, m_AnyZeroFloat()) || matchPattern(value, m_NegZeroFloat());
}

//===----------------------------------------------------------------------===//
// The host's values
//===----------------------------------------------------------------------===//

/// A value that is not looked into.
LawFinder::HostLaw LawFinder::ofWhole(Value value) {
  if (!value.getType().isF64())
    return std::nullopt;
  auto *found = llvm::find_if(scalars, [&](Value scalar) { return isSame(scalar, value); });
  if (found == scalars.end()) {
    if (!isPositive(value))
      return std::nullopt;
    scalars.push_back(value);
    found = &scalars.back();
  }
  Law law;
  law.ofScalars.resize(scalars.size());
  law.ofScalars[found - scalars.begin()] = Exponent::constant(1);
  return law;
}

/// A schedule that is made of others is what they are.
LawFinder::HostLaw LawFinder::ofSchedule(ScheduleOp schedule) {
  HostLaw law = ofHost(yieldOf(schedule.getBody()).getValues().front());
  for (auto [i, scalar] : llvm::enumerate(scalars))
    if (law && !law->at(i).isZero() && !scalar.getDefiningOp<ScheduleOp>())
      law.reset();
  return law ? law : ofWhole(schedule.getResult());
}

LawFinder::HostLaw LawFinder::ofHost(Value value) {
  auto [found, isNew] = knownOfHost.try_emplace(value);
  if (!isNew)
    return found->second;
  HostLaw law = computeHost(value);
  if (!law)
    law = ofWhole(value);
  knownOfHost[value] = law;
  return law;
}

LawFinder::HostLaw LawFinder::computeHost(Value value) {
  Operation *op = value.getDefiningOp();
  if (!movingPart(value)) {
    Law law;
    law.isAny = isZero(value);
    return law;
  }
  if (auto schedule = dyn_cast<ScheduleOp>(op))
    return ofSchedule(schedule);
  if (isa<arith::NegFOp, math::AbsFOp>(op))
    return ofHost(op->getOperand(0));
  if (isa<math::SqrtOp, math::PowFOp>(op)) {
    auto power = isa<math::SqrtOp>(op) ? Exponent::constant(0.5)
                                       : exponents.of(op->getOperand(1), isPositive);
    HostLaw base = power ? ofHost(op->getOperand(0)) : std::nullopt;
    return base ? base->to(*power) : HostLaw();
  }
  if (isa<arith::MulFOp, arith::DivFOp>(op)) {
    HostLaw a = ofHost(op->getOperand(0)), b = ofHost(op->getOperand(1));
    return a && b ? a->times(*b, Exponent::constant(isa<arith::DivFOp>(op) ? -1 : 1)) : HostLaw();
  }
  if (!isa<arith::AddFOp, arith::SubFOp, arith::MinimumFOp, arith::MaximumFOp>(op))
    return std::nullopt;
  HostLaw a = ofHost(op->getOperand(0)), b = ofHost(op->getOperand(1));
  if (!a || !b)
    return std::nullopt;
  if (a->isAny || b->isAny)
    return a->isAny ? b : a;
  return a->times(*b, Exponent::constant(-1)).isNone() ? a : HostLaw();
}

//===----------------------------------------------------------------------===//
// The weight's values
//===----------------------------------------------------------------------===//

Law LawFinder::of(Value value) {
  auto [found, isNew] = known.try_emplace(value);
  if (!isNew)
    return found->second;
  Law law = compute(value);
  known[value] = law;
  return law;
}

Law LawFinder::common(Operation *op, unsigned first, unsigned count) {
  Law law = of(op->getOperand(first));
  for (unsigned i = first + 1; i < first + count; ++i) {
    Law other = of(op->getOperand(i));
    same(law, other);
    if (law.isAny)
      law = other;
  }
  return law;
}

/// Whether a codebook is a function of the latent.
bool LawFinder::reads(LevelsOp levels) const {
  bool result = levels.getBody().getNumArguments() > 0;
  levels.getBody().walk(
      [&](Operation *inner) { result |= llvm::is_contained(inner->getOperands(), latent); });
  return result;
}

/// Levels -q and q, whose midpoint is 0.
static bool areOpposite(Value levels) {
  if (auto declared = levels.getDefiningOp<LevelsOp>())
    levels = yieldOf(declared.getBody()).getValues().front();
  DenseFPElementsAttr numbers;
  if (!matchPattern(levels, m_Constant(&numbers)) || numbers.getNumElements() != 2)
    return false;
  auto each = numbers.getValues<APFloat>();
  return each[0].convertToFloat() == -each[1].convertToFloat();
}

Law LawFinder::compute(Value value) {
  if (value == latent) {
    Law law;
    law.ofScale = Exponent::constant(-1);
    return law;
  }
  if (isHost(value) && value.getType().isF64()) {
    HostLaw law = ofHost(value);
    fits &= law.has_value();
    return law.value_or(Law());
  }
  Operation *op = value.getDefiningOp();
  if (!op || op->getParentRegion() != &body) {
    auto levels = dyn_cast_or_null<LevelsOp>(op);
    fits &= op && !movingPart(value) && !(levels && reads(levels));
    return {};
  }
  if (matchPattern(value, m_Constant())) {
    Law law;
    law.isAny = isZero(value);
    return law;
  }
  if (isa<arith::TruncFOp, arith::ExtFOp, arith::NegFOp, math::AbsFOp, vector::BroadcastOp>(op))
    return of(op->getOperand(0));
  if (isa<arith::MulFOp, arith::DivFOp>(op))
    return of(op->getOperand(0))
        .times(of(op->getOperand(1)), Exponent::constant(isa<arith::DivFOp>(op) ? -1 : 1));
  if (isa<math::SqrtOp>(op))
    return of(op->getOperand(0)).to(Exponent::constant(0.5));
  if (isa<math::PowFOp>(op))
    if (auto power = exponents.of(op->getOperand(1), isPositive))
      return of(op->getOperand(0)).to(*power);
  if (isa<SignOp, SgnOp>(op)) {
    of(op->getOperand(0));
    return {};
  }
  if (isa<arith::SelectOp>(op)) {
    same(of(op->getOperand(0)), Law());
    return common(op, 1, 2);
  }
  if (isa<arith::CmpFOp>(op)) {
    common(op, 0, 2);
    return {};
  }
  if (isa<arith::AddFOp, arith::SubFOp, arith::MinimumFOp, arith::MaximumFOp, ClampOp, SteOp,
          NearestOp, LowerOp, UpperOp>(op))
    return common(op, 0, op->getNumOperands());
  if (auto soft = dyn_cast<SoftNearestOp>(op); soft && areOpposite(soft.getLevels())) {
    same(of(soft.getOperand()).times(of(soft.getSteepness()), Exponent::constant(1)), Law());
    return {};
  }
  if (isa<RandomOp, OptimizerStateOp>(op) || op->getNumRegions() || op->getNumOperands() == 0)
    fits = false;
  for (Value operand : op->getOperands())
    same(of(operand), Law());
  return {};
}

/// c of the first two laws that meet with different powers of it, where that makes all equal. Where
/// all are equal whatever c is, it is 1.
std::optional<Law> LawFinder::solve() const {
  Law scale;
  auto difference = [](const std::pair<Law, Law> &pair) {
    return pair.first.times(pair.second, Exponent::constant(-1));
  };
  for (const auto &pair : equal) {
    Law law = difference(pair);
    if (law.isAny || law.ofScale.isZero())
      continue;
    if (!exponents.isNeverZero(law.ofScale))
      return std::nullopt;
    Exponent power = Exponent::constant(-1) / law.ofScale;
    law.ofScale = Exponent();
    scale = law.to(power);
    break;
  }
  for (const auto &pair : equal) {
    Law law = difference(pair);
    Exponent power = law.ofScale;
    law.ofScale = Exponent();
    if (!law.times(scale, power).isNone())
      return std::nullopt;
  }
  return scale;
}

std::optional<Homogeneity> LawFinder::run() {
  same(of(body.front().getTerminator()->getOperand(0)), Law());
  std::optional<Law> scale = fits ? solve() : std::nullopt;
  if (!scale)
    return std::nullopt;
  Homogeneity found{{}, exponents, {}};
  for (auto [i, scalar] : llvm::enumerate(scalars)) {
    found.ones.push_back(scalar);
    if (!Exponents::isExact(scale->at(i)))
      return std::nullopt;
    if (!scale->at(i).isZero())
      found.scale.push_back({scalar, scale->at(i)});
  }
  return found;
}

std::optional<Homogeneity> bregman::homogeneityOf(Region &body, Value latent,
                                                  function_ref<bool(Value)> isPositive) {
  return LawFinder(body, latent, isPositive).run();
}

//===----------------------------------------------------------------------===//
// R
//===----------------------------------------------------------------------===//

/// A host value with 1 for those of `ones`, where the builder stands.
static Value atOne(Value value, ArrayRef<Value> ones, OpBuilder &builder, IRMapping &mapping) {
  Operation *op = value.getDefiningOp();
  bool isSeen = !op || op->getParentRegion()->isAncestor(builder.getInsertionBlock()->getParent());
  if (isSeen && !movingPart(value))
    return value;
  if (Value known = mapping.lookupOrNull(value))
    return known;
  Value result;
  if (llvm::any_of(ones, [&](Value one) { return isSame(one, value); })) {
    result = arith::ConstantOp::create(builder, op->getLoc(), builder.getF64FloatAttr(1));
  } else if (auto schedule = dyn_cast<ScheduleOp>(op)) {
    result = atOne(yieldOf(schedule.getBody()).getValues().front(), ones, builder, mapping);
  } else {
    IRMapping operands;
    for (Value operand : op->getOperands())
      operands.map(operand, atOne(operand, ones, builder, mapping));
    result = builder.clone(*op, operands)->getResult(0);
  }
  mapping.map(value, result);
  return result;
}

void bregman::writeAtOne(Region &body, ArrayRef<Value> ones) {
  for (Operation &op : llvm::make_early_inc_range(body.front())) {
    if (op.getNumResults() == 1 && isHost(op.getResult(0)))
      continue;
    OpBuilder builder(&op);
    IRMapping mapping;
    for (OpOperand &operand : op.getOpOperands())
      if (isHost(operand.get()))
        operand.set(atOne(operand.get(), ones, builder, mapping));
  }
}
