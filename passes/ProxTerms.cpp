#include "passes/ProxTerms.h"

#include "passes/HostArithmetic.h"

using namespace mlir;
using namespace bregman;

namespace {

/// Sums within sums multiply. Beyond so many values nothing is looked at.
constexpr unsigned maxVisits = 20000;

class Collector {
public:
  Collector(Value latent, llvm::function_ref<bool(Value)> dependsOnLatent,
            llvm::function_ref<bool(Value, Value)> isSame)
      : latent(latent), dependsOnLatent(dependsOnLatent), isSame(isSame) {}

  void collect(ProxNumber at, ProxTerm soFar);
  ProxTerms result;

private:
  void collectLevels(ReduceOp sum, const ProxTerm &soFar);
  void splitProduct(ProxNumber at, ProxTerm &term, SmallVectorImpl<ProxNumber> &factors);
  void add(ProxNumber inner, ProxNumber whole, bool isSquare, ProxTerm term);
  bool readDistance(ProxNumber at, ProxTerm &term, bool isScaled);
  void refuse(Value value) {
    if (!result.refused)
      result.refused = value;
  }

  Value latent;
  llvm::function_ref<bool(Value)> dependsOnLatent;
  llvm::function_ref<bool(Value, Value)> isSame;
  unsigned visits = 0;
};

/// What a level of a row is a level of: the operand of a broadcast, an element.
ProxNumber elementOf(ProxNumber at) {
  if (auto broadcast = at.value.getDefiningOp<vector::BroadcastOp>())
    return {broadcast.getSource()};
  if (auto elements = at.value.getDefiningOp<vector::FromElementsOp>())
    return {elements.getElements()[at.level]};
  return at;
}

void Collector::collectLevels(ReduceOp sum, const ProxTerm &soFar) {
  int64_t count = levelCount(sum.getOperand().getType());
  for (unsigned level = 0; level < count; ++level) {
    ProxTerm term = soFar;
    if (sum.getKind() == Reduction::Mean)
      term.sign /= count;
    collect({sum.getOperand(), level}, std::move(term));
  }
}

void Collector::collect(ProxNumber at, ProxTerm term) {
  at = elementOf(at);
  if (!dependsOnLatent(at.value))
    return; // a constant moves no minimum
  if (++visits > maxVisits) {
    result.areTooMany = true;
    return refuse(at.value);
  }
  Operation *op = at.value.getDefiningOp();
  auto operand = [&](unsigned i) { return ProxNumber{op->getOperand(i), at.level}; };
  auto negated = [&] {
    ProxTerm copy = term;
    copy.sign = -copy.sign;
    return copy;
  };
  if (isa_and_present<arith::AddFOp, arith::SubFOp>(op)) {
    collect(operand(0), term);
    return collect(operand(1), isa<arith::AddFOp>(op) ? term : negated());
  }
  if (isa_and_present<arith::NegFOp>(op))
    return collect(operand(0), negated());
  if (auto sum = dyn_cast_or_null<ReduceOp>(op);
      sum && !sum.getExtent() &&
      (sum.getKind() == Reduction::Sum || sum.getKind() == Reduction::Mean))
    return collectLevels(sum, term);
  if (isa_and_present<math::AbsFOp>(op))
    return add(operand(0), at, /*isSquare=*/false, std::move(term));
  if (isa_and_present<math::PowFOp>(op)) {
    std::optional<HostScalar> exponent = hostScalarOf(op->getOperand(1));
    return exponent && exponent->is(2) ? add(operand(0), at, /*isSquare=*/true, std::move(term))
                                       : refuse(at.value);
  }

  SmallVector<ProxNumber> factors;
  splitProduct(at, term, factors);
  if (factors.size() == 1 && factors[0].value != at.value)
    return collect(factors[0], std::move(term));
  if (factors.size() == 2 && isSame(factors[0].value, factors[1].value) &&
      factors[0].level == factors[1].level)
    return add(factors[0], at, /*isSquare=*/true, std::move(term));
  refuse(at.value);
}

/// The factors that x has a part in; the others are a part of the weight.
void Collector::splitProduct(ProxNumber at, ProxTerm &term, SmallVectorImpl<ProxNumber> &factors) {
  at = elementOf(at);
  Operation *op = at.value.getDefiningOp();
  if (isa_and_present<arith::NegFOp>(op)) {
    term.sign = -term.sign;
    return splitProduct({op->getOperand(0), at.level}, term, factors);
  }
  bool divides = isa_and_present<arith::DivFOp>(op);
  if ((!divides && !isa_and_present<arith::MulFOp>(op)) ||
      (divides && dependsOnLatent(op->getOperand(1))) || ++visits > maxVisits)
    return factors.push_back(at);
  for (unsigned i : {0, 1}) {
    ProxNumber operand = elementOf({op->getOperand(i), at.level});
    if (dependsOnLatent(operand.value))
      splitProduct(operand, term, factors);
    else
      term.weight.push_back({operand, divides && i == 1});
  }
}

void Collector::add(ProxNumber inner, ProxNumber whole, bool isSquare, ProxTerm term) {
  term.whole = whole.value;
  term.isSquare = isSquare;
  if (!readDistance(inner, term, /*isScaled=*/true))
    return refuse(whole.value);
  result.terms.push_back(std::move(term));
}

/// x, or steps on the way from x, or from x - nearest(x) either way round. `isScaled`: outside of
/// it there are factors only.
bool Collector::readDistance(ProxNumber at, ProxTerm &term, bool isScaled) {
  using Kind = ProxTerm::Step::Kind;
  at = elementOf(at);
  if (at.value == latent) {
    term.level = at.level;
    return true;
  }
  Operation *op = at.value.getDefiningOp();
  if (isScaled && isa_and_present<math::AbsFOp>(op)) // | k |e| | is |k e|
    return readDistance({op->getOperand(0), at.level}, term, isScaled);
  if (isa_and_present<arith::NegFOp>(op)) {
    if (!readDistance({op->getOperand(0), at.level}, term, isScaled))
      return false;
    term.steps.push_back({Kind::Negate, {}});
    return true;
  }
  if (!isa_and_present<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(op))
    return false;
  ProxNumber a = elementOf({op->getOperand(0), at.level}),
             b = elementOf({op->getOperand(1), at.level});
  bool isSwapped = !dependsOnLatent(a.value);
  if (!isSwapped && dependsOnLatent(b.value)) {
    if (!isa<arith::SubFOp>(op) || (a.value != latent && b.value != latent))
      return false;
    term.nearest = (a.value == latent ? b : a).value.getDefiningOp<NearestOp>();
    if (!isScaled || !term.nearest || term.nearest.getOperand() != latent)
      return false;
    if (b.value == latent)
      term.steps.push_back({Kind::Negate, {}});
    return true;
  }
  if (isSwapped)
    std::swap(a, b);
  isScaled &= isa<arith::MulFOp, arith::DivFOp>(op);
  if ((isSwapped && isa<arith::DivFOp>(op)) || !readDistance(a, term, isScaled))
    return false;
  if (isSwapped && isa<arith::SubFOp>(op)) // a - x
    term.steps.push_back({Kind::Negate, {}});
  Kind kind = isa<arith::MulFOp>(op)                ? Kind::Multiply
              : isa<arith::DivFOp>(op)              ? Kind::Divide
              : isa<arith::AddFOp>(op) || isSwapped ? Kind::Add
                                                    : Kind::Subtract;
  term.steps.push_back({kind, b});
  return true;
}

} // namespace

ProxTerms bregman::proxTerms(Value root, Value latent,
                             llvm::function_ref<bool(Value)> dependsOnLatent,
                             llvm::function_ref<bool(Value, Value)> isSame) {
  Collector collector(latent, dependsOnLatent, isSame);
  collector.collect({root}, {});
  return std::move(collector.result);
}
