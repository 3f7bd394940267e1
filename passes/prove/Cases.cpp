// Case by case: choices are made where a staircase, a condition or a state is met, everything else
// follows from them by arithmetic.
#include "passes/prove/Cases.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double infinity = std::numeric_limits<double>::infinity();
/// More cases, or more values, are not enumerated.
static constexpr unsigned maxCases = 4096;
static constexpr size_t maxValues = 600;
/// Values of a state, and rounds until they stay the same.
static constexpr size_t maxStateValues = 64;
static constexpr unsigned maxRounds = 16;

/// In double precision.
static double numberIn(const Fraction &constant) {
  return constant.above.value().lo / constant.below.value().lo;
}

Cases::Cases(Clauses &clauses, Scratch &scratch, Algebra &algebra)
    : clauses(clauses), scratch(scratch), algebra(algebra), line{-infinity, infinity} {
  findStates();
}

/// Whether `part` is read somewhere in `whole`.
static bool isPartOf(Value part, Value whole) {
  Operation *op = whole.getDefiningOp();
  return part == whole || (op && llvm::any_of(op->getOperands(), [&](Value operand) {
                             return isPartOf(part, operand);
                           }));
}

/// What states begin with, and what `every` makes of that, until nothing new comes.
void Cases::findStates() {
  struct Source {
    Value leaf, begin;
    SmallVector<Value> next;
  };
  std::vector<Source> sources;
  Region &body = clauses.quantizer.getBody();
  for (auto state : body.getOps<StateOp>()) {
    Value leaf = scratch.value(state.getResult());
    // A codebook that is scaled by a state is what it is at any value of it.
    if (!leaf.getType().isF32() || isPartOf(leaf, scratch.value(clauses.levels.getResult())))
      continue;
    Source source{leaf, scratch.add(state.getBody()), {}};
    for (auto every : body.getOps<EveryOp>())
      if (Value next = yieldOf(every.getBody()).get(state.getName()))
        source.next.push_back(scratch.add(every.getBody(), next));
    sources.push_back(source);
  }
  for (Source &source : sources)
    states[source.leaf] = {};
  auto drop = [&](Value leaf) {
    states.erase(leaf);
    known.clear();
  };
  // The beginnings first: a state may begin with another one.
  bool changed = true;
  for (unsigned round = 0; changed && !states.empty(); ++round) {
    changed = false;
    for (Source &source : sources) {
      if (!states.contains(source.leaf))
        continue;
      SmallVector<Value> all{source.begin};
      all.append(source.next.begin(), source.next.end());
      for (Value value : all) {
        // Numbers: what follows from the weights is another number by the time it is read.
        Choices found = round < maxRounds ? valuesOf(value) : std::nullopt;
        bool areNumbers =
            found && llvm::all_of(*found, [](const Fraction &each) { return each.isConstant(); });
        if (!areNumbers || states[source.leaf].size() > maxStateValues) {
          drop(source.leaf);
          changed = true;
          break;
        }
        for (const Fraction &each : *found) {
          std::vector<Fraction> &values = states[source.leaf];
          if (llvm::any_of(values, [&](const Fraction &one) { return areEqual(one, each); }))
            continue;
          values.push_back(each);
          changed = true;
        }
      }
    }
  }
}

bool Cases::areEqual(const Fraction &a, const Fraction &b) {
  return (a - b).isZero() || (a.isConstant() && b.isConstant() && algebra.isRounding(a, b));
}

bool Cases::mayBe(const Leaf &leaf, double number) const {
  auto found = states.find(leaf.value);
  if (found == states.end())
    return true;
  return llvm::any_of(found->second, [&](const Fraction &value) {
    return !value.isConstant() || value.value().contains(number);
  });
}

/// Whether a latent or a state with known values has a part in it.
bool Cases::hasChoice(Value value) {
  auto [found, isNew] = known.try_emplace(value, false);
  if (!isNew)
    return found->second;
  bool result = states.contains(value) || scratch.dependsOnLatent(value);
  if (const Leaf *leaf = scratch.leafOf(value))
    result |= leaf->kind == Leaf::Kind::Drawn;
  if (Operation *op = value.getDefiningOp())
    for (Value operand : op->getOperands())
      result |= hasChoice(operand);
  return known[value] = result;
}

/// What all values of `value` are spaced by: a staircase goes by 1, a multiple of one by more or
/// less.
std::optional<Cases::Grid> Cases::gridOf(Value value) {
  auto numberOf = [&](Value of) -> std::optional<Fraction> {
    auto found = scratch.number(of);
    bool isSingle = of.getType().isF32();
    return found ? std::optional(asWritten(*found, isSingle)) : std::nullopt;
  };
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumOperands() == 0)
    return std::nullopt;
  if (isa<RoundOp, math::FloorOp, math::CeilOp, SignOp, SgnOp>(op))
    return Grid{Fraction::constant(1), Fraction()};
  Value a = op->getOperand(0);
  if (isa<arith::TruncFOp, SteOp>(op))
    return gridOf(a);
  if (isa<arith::NegFOp>(op)) {
    auto grid = gridOf(a);
    return grid ? std::optional(Grid{grid->step, -grid->offset}) : grid;
  }
  if (op->getNumOperands() < 2)
    return std::nullopt;
  Value b = op->getOperand(1);
  bool isSwapped =
      isa<arith::AddFOp, arith::MulFOp, arith::SubFOp, arith::MinimumFOp, arith::MaximumFOp>(op) &&
      numberOf(a);
  auto grid = gridOf(isSwapped ? b : a);
  auto number = numberOf(isSwapped ? a : b);
  if (!grid)
    return grid;
  bool isNonZero = number && !number->isZero();
  if (isa<arith::AddFOp>(op) && number)
    return Grid{grid->step, grid->offset + *number};
  if (isa<arith::SubFOp>(op) && number)
    return Grid{grid->step, isSwapped ? *number - grid->offset : grid->offset - *number};
  if (isa<arith::MulFOp>(op) && isNonZero)
    return Grid{grid->step * *number, grid->offset * *number};
  if (isa<arith::DivFOp>(op) && isNonZero)
    return Grid{grid->step / *number, grid->offset / *number};
  // Bounds that lie on the grid leave its values on it.
  auto isOn = [&](const std::optional<Fraction> &bound) {
    if (!bound)
      return false;
    Fraction steps = (*bound - grid->offset) / grid->step;
    double count = numberIn(steps);
    return (steps - Fraction::constant(std::round(count))).isZero();
  };
  if (isa<arith::MinimumFOp, arith::MaximumFOp>(op) && isOn(number))
    return grid;
  if (isa<ClampOp>(op) && isOn(number) && isOn(numberOf(op->getOperand(2))))
    return grid;
  auto other = gridOf(isSwapped ? a : b);
  bool isSame =
      other && ((other->step - grid->step).isZero() || (other->step + grid->step).isZero());
  if (isSame && isa<arith::AddFOp, arith::SubFOp>(op))
    return Grid{grid->step, isa<arith::AddFOp>(op) ? grid->offset + other->offset
                                                   : grid->offset - other->offset};
  return std::nullopt;
}

Cases::Choices Cases::elements(Value row) {
  std::vector<Fraction> all;
  for (unsigned i = 0; i < levelCount(row.getType()); ++i) {
    auto element = algebra.convert(row, i, line);
    if (!element)
      return std::nullopt;
    all.push_back(*element);
  }
  return all;
}

/// What there is to choose from where `value` is computed of what is not known.
Cases::Choices Cases::alternatives(Value value) {
  auto state = states.find(value);
  if (state != states.end())
    return state->second;
  Operation *op = value.getDefiningOp();
  if (!op)
    return std::nullopt;
  auto within = [&](std::initializer_list<double> values, Interval range) {
    std::vector<Fraction> all;
    for (double each : values)
      if (range.contains(each))
        all.push_back(Fraction::constant(each));
    return all;
  };
  if (auto hardmax = dyn_cast<HardmaxOp>(op)) {
    std::vector<Fraction> all;
    for (int64_t i = 0; i < levelCount(value.getType()); ++i)
      all.push_back(Fraction::constant(i));
    return all;
  }
  if (isa<VectorType>(value.getType()))
    return std::nullopt;
  Interval range = scratch.range(value, scratch.admissible());
  if (isa<arith::CmpFOp>(op))
    return within({0, 1}, range);
  if (isa<SignOp>(op))
    return within({-1, 1}, range);
  if (isa<SgnOp>(op))
    return within({-1, 0, 1}, range);
  if (isa<NearestOp, LowerOp, UpperOp>(op) && !hasChoice(op->getOperand(1)))
    return elements(op->getOperand(1));
  auto grid = gridOf(value);
  if (!grid)
    return std::nullopt;
  double step = numberIn(grid->step), offset = numberIn(grid->offset);
  double first = (range.lo - offset) / step, last = (range.hi - offset) / step;
  if (step < 0)
    std::swap(first, last);
  if (!(last - first <= 256))
    return std::nullopt;
  // A bound that is rounded may lie a little beside its step.
  std::vector<Fraction> all;
  for (double k = std::ceil(first - 0x1p-20); k <= last + 0x1p-20; ++k)
    all.push_back(grid->offset + grid->step * Fraction::constant(k));
  return all;
}

/// Whether choices alone decide it.
bool Cases::isDetermined(Value value) {
  if (!hasChoice(value))
    return true;
  Operation *op = value.getDefiningOp();
  if (!op)
    return states.contains(value);
  if (isa<SteOp>(op))
    return isDetermined(op->getOperand(0));
  if (alternatives(value))
    return true;
  return llvm::all_of(op->getOperands(), [&](Value operand) { return isDetermined(operand); });
}

std::optional<Fraction> Cases::extreme(ArrayRef<Fraction> all, bool highest) {
  Fraction best = all.front();
  for (const Fraction &each : all.drop_front()) {
    Sign side = algebra.sign(each - best, line);
    if (!isNonNegative(side) && !isNonPositive(side))
      return std::nullopt;
    if (highest ? side == Sign::Positive || side == Sign::NonNegative
                : side == Sign::Negative || side == Sign::NonPositive)
      best = each;
  }
  return best;
}

std::optional<Fraction> Cases::choose(Value value, unsigned level, const Case &chosen) {
  auto found = chosen.find(value);
  if (found == chosen.end()) {
    if (alternatives(value))
      open = value;
    return std::nullopt;
  }
  if (value.getDefiningOp<HardmaxOp>())
    return Fraction::constant((found->second - Fraction::constant(level)).isZero());
  return found->second;
}

std::optional<Fraction> Cases::evaluate(Value value, unsigned level, const Case &chosen) {
  if (!hasChoice(value))
    return algebra.convert(value, level, line);
  Operation *op = value.getDefiningOp();
  if (!op)
    return choose(value, level, chosen);
  if (isa<SteOp>(op))
    return evaluate(op->getOperand(0), level, chosen);
  bool isKnown = isa<arith::SelectOp, ReduceOp>(op) ||
                 (!isa<HardmaxOp>(op) && llvm::all_of(op->getOperands(), [&](Value operand) {
                   return isDetermined(operand);
                 }));
  return isKnown ? fold(op, level, chosen) : choose(value, level, chosen);
}

std::optional<Fraction> Cases::foldReduction(Operation *op, const Case &chosen) {
  auto reduce = cast<ReduceOp>(op);
  std::vector<Fraction> all;
  for (int64_t i = 0; i < levelCount(op->getOperand(0).getType()); ++i) {
    auto each = evaluate(op->getOperand(0), i, chosen);
    if (!each)
      return each;
    all.push_back(*each);
  }
  if (reduce.getKind() == Reduction::Min || reduce.getKind() == Reduction::Max)
    return extreme(all, reduce.getKind() == Reduction::Max);
  if (reduce.getKind() == Reduction::Std)
    return std::nullopt;
  Fraction sum;
  for (const Fraction &each : all)
    sum = sum + each;
  return reduce.getKind() == Reduction::Mean ? sum / Fraction::constant(all.size()) : sum;
}

std::optional<Fraction> Cases::fold(Operation *op, unsigned level, const Case &chosen) {
  if (isa<ReduceOp>(op))
    return foldReduction(op, chosen);
  if (isa<arith::SelectOp>(op)) {
    auto taken = evaluate(op->getOperand(0), level, chosen);
    return taken ? evaluate(op->getOperand(taken->isZero() ? 2 : 1), level, chosen) : taken;
  }
  if (isa<vector::FromElementsOp>(op))
    return evaluate(op->getOperand(level), 0, chosen);
  if (auto extract = dyn_cast<vector::ExtractOp>(op))
    return evaluate(op->getOperand(0), extract.getStaticPosition().front(), chosen);
  SmallVector<Fraction> of;
  for (Value operand : op->getOperands()) {
    bool isRow = isa<VectorType>(operand.getType());
    if (isRow && isa<NearestOp, LowerOp, UpperOp, SoftNearestOp>(op))
      break; // by numbers, below
    auto each = evaluate(operand, isRow ? level : 0, chosen);
    if (!each)
      return each;
    of.push_back(*each);
  }
  if (isa<arith::TruncFOp, arith::ExtFOp, vector::BroadcastOp>(op))
    return of[0];
  if (isa<arith::NegFOp>(op))
    return -of[0];
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(op)) {
    Sign side = isa<arith::DivFOp>(op) ? algebra.sign(of[1], line) : Sign::Positive;
    bool isSafe = side == Sign::Positive || side == Sign::Negative;
    return isSafe ? std::optional(arithmetic(op, of[0], of[1])) : std::nullopt;
  }
  if (isa<math::AbsFOp>(op))
    return extreme({of[0], -of[0]}, /*highest=*/true);
  if (isa<arith::MinimumFOp, arith::MaximumFOp>(op))
    return extreme({of[0], of[1]}, isa<arith::MaximumFOp>(op));
  if (isa<ClampOp>(op)) {
    auto low = extreme({of[0], of[1]}, /*highest=*/true);
    return low ? extreme({*low, of[2]}, /*highest=*/false) : low;
  }
  // The rest by numbers.
  auto calculus = dyn_cast<CalculusOpInterface>(op);
  SmallVector<double> numbers;
  for (const Fraction &each : of) {
    if (!each.isConstant())
      return std::nullopt;
    numbers.push_back(numberIn(each));
  }
  for (Value operand : op->getOperands().drop_front(of.size()))
    for (int64_t i = 0; i < levelCount(operand.getType()); ++i) {
      auto each = evaluate(operand, i, chosen);
      if (!each || !each->isConstant())
        return std::nullopt;
      numbers.push_back(numberIn(*each));
    }
  double result;
  if (!calculus || isa<VectorType>(op->getResult(0).getType()))
    return std::nullopt;
  calculus.evaluate(numbers, result);
  return std::isfinite(result) ? std::optional(Fraction::constant(result)) : std::nullopt;
}

bool Cases::enumerate(Value root, Case &chosen, std::vector<Fraction> &values) {
  if (++cases > maxCases || scratch.isExhausted())
    return false;
  open = {};
  auto value = evaluate(root, 0, chosen);
  if (value) {
    if (llvm::none_of(values, [&](const Fraction &other) { return (other - *value).isZero(); }))
      values.push_back(*value);
    return values.size() <= maxValues;
  }
  if (!open)
    return false;
  Value choice = open;
  const Choices all = alternatives(choice);
  for (const Fraction &each : *all) {
    chosen[choice] = each;
    if (isConsistent(chosen) && !enumerate(root, chosen, values))
      return false;
  }
  chosen.erase(choice);
  return true;
}

std::optional<std::vector<Fraction>> Cases::valuesOf(Value root) {
  std::vector<Fraction> values;
  Case chosen;
  cases = 0;
  if (!enumerate(root, chosen, values))
    return std::nullopt;
  return values;
}
