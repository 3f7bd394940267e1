// Where the switches of a clause turn, and the pieces of the line between them.
#include "passes/prove/Algebra.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double infinity = std::numeric_limits<double>::infinity();
static constexpr size_t maxPieces = 200;

/// Levels written as numbers, sorted; empty when they are not.
static SmallVector<double> constantLevels(Value levels) {
  auto constant = levels.getDefiningOp<arith::ConstantOp>();
  if (!constant)
    return {};
  SmallVector<double> all(levelCount(levels.getType()));
  cast<CalculusOpInterface>(constant.getOperation()).evaluate({}, all);
  llvm::sort(all);
  return all;
}

/// Numbers that an op compares its operand with.
static SmallVector<std::pair<Value, Fraction>> thresholds(Operation *op) {
  Value u = op->getOperand(0);
  SmallVector<std::pair<Value, Fraction>> numbers;
  if (isa<math::AbsFOp, SignOp, SgnOp>(op))
    numbers.push_back({u, Fraction()});
  if (isa<NearestOp, LowerOp, UpperOp>(op)) {
    SmallVector<double> levels = constantLevels(op->getOperand(1));
    auto exact = [](double level) { return asWritten(level, /*isSingle=*/true); };
    for (size_t i = 0; i + 1 < levels.size(); ++i)
      numbers.push_back({u, isa<NearestOp>(op) ? (exact(levels[i]) + exact(levels[i + 1])) *
                                                     Fraction::constant(0.5)
                                               : exact(levels[i + 1])});
  }
  return numbers;
}

/// Whether more of the polynomial than the coordinate itself depends on the latent.
bool Algebra::usesLatentBeside(const Polynomial &polynomial) const {
  for (const auto &[monomial, coefficient] : polynomial.terms())
    for (auto [atom, power] : monomial)
      if (atom != coordinate() && atoms[atom].usesLatent)
        return true;
  return false;
}

/// Whether `op` has a part in the root on this piece: not in an arm that is not taken there.
bool Algebra::isNeeded(Operation *op, Value root, const Piece &piece) {
  DenseSet<Operation *> seen;
  SmallVector<Value> open{root};
  while (!open.empty()) {
    Value value = open.pop_back_val();
    Operation *each = value.getDefiningOp();
    if (!each || isCoordinate.contains(value) || !seen.insert(each).second)
      continue;
    if (each == op)
      return true;
    auto select = dyn_cast<arith::SelectOp>(each);
    bool scalar = select && !isa<VectorType>(select.getCondition().getType());
    if (std::optional<bool> taken =
            scalar ? decide(select.getCondition(), 0, piece) : std::nullopt) {
      // Which arm is taken, the condition says by switches that are resolved.
      // They may turn at the piece's end, where another switch turns too.
      open.push_back(*taken ? select.getTrueValue() : select.getFalseValue());
      open.push_back(select.getCondition());
      continue;
    }
    open.append(each->operand_begin(), each->operand_end());
  }
  return false;
}

bool Algebra::collectKinks(Operation *op, Value root, std::vector<Kink> &kinks) {
  if (isa<VectorType>(op->getResult(0).getType()) || llvm::any_of(op->getOperands(), [](Value v) {
        return isa<VectorType>(v.getType()) && constantLevels(v).empty();
      }))
    return false;
  // The values whose equality switches the op: operand against operand, or against a number.
  SmallVector<std::pair<Value, Value>> pairs;
  SmallVector<std::pair<Value, Fraction>> numbers = thresholds(op);
  Value u = op->getOperand(0);
  if (isa<arith::CmpFOp, arith::MinimumFOp, arith::MaximumFOp>(op)) {
    pairs.push_back({u, op->getOperand(1)});
  } else if (isa<ClampOp>(op)) {
    pairs.append({{u, op->getOperand(1)}, {u, op->getOperand(2)}});
  } else if (isa<RoundOp, math::FloorOp, math::CeilOp>(op)) {
    Interval range = scratch.range(u, scratch.admissible());
    for (const Piece &piece : between(kinks)) // where it is one formula that may say more
      if (auto formula = kinks.empty() ? convert(u, 0, piece) : std::nullopt)
        range = interval::intersect(range, this->range(*formula, piece.closed()));
    if (!(range.hi - range.lo <= 64))
      return false;
    double shift = isa<RoundOp>(op) ? 0.5 : 0;
    for (double k = std::floor(range.lo); k <= range.hi + 1; ++k)
      numbers.push_back({u, Fraction::constant(k - shift)});
  }
  std::vector<Piece> current = between(kinks);
  bool jumps = !isa<math::AbsFOp, arith::MinimumFOp, arith::MaximumFOp, ClampOp>(op);
  bool all = true;
  size_t before = kinks.size();
  for (const Piece &piece : current) {
    if (!isNeeded(op, root, piece))
      continue;
    auto add = [&](Value a, std::optional<Fraction> right) {
      auto left = convert(a, 0, piece);
      all = left && right && addKink(piece, *left - *right, jumps, kinks) && all;
    };
    for (auto [a, b] : pairs)
      add(a, convert(b, 0, piece));
    for (auto &[a, number] : numbers)
      add(a, number);
  }
  for (size_t i = before; i < kinks.size(); ++i)
    kinks[i].isContinuous = !jumps;
  return inOrder(kinks) && all;
}

/// Sorts kinks and merges those that are one; false where the order depends on the setting.
bool Algebra::inOrder(std::vector<Kink> &kinks) {
  llvm::sort(kinks, [](const Kink &a, const Kink &b) { return a.here < b.here; });
  bool all = true;
  std::vector<Kink> kept;
  for (Kink &kink : kinks) {
    if (kept.empty()) {
      kept.push_back(kink);
      continue;
    }
    Kink &last = kept.back();
    if (last.exact && kink.exact) {
      Fraction distance = *kink.exact - *last.exact;
      if (distance.isZero()) {
        last.isContinuous &= kink.isContinuous;
        continue;
      }
      all &= isNonNegative(sign(distance, {-infinity, infinity}));
    } else if (!last.exact && !kink.exact && last.where.lo == kink.where.lo &&
               last.where.hi == kink.where.hi) {
      last.isContinuous &= kink.isContinuous; // one root that several switches found
      continue;
    } else {
      all &= last.where.hi <= kink.where.lo;
    }
    kept.push_back(kink);
  }
  kinks = kept;
  return all;
}

std::vector<Piece> Algebra::between(const std::vector<Kink> &inner) {
  // What the coordinate runs over ends as a piece does.
  std::vector<Kink> kinks = inner;
  auto isEnd = [](const Kink &kink, double end) {
    return kink.where.isPoint() && kink.where.lo == end;
  };
  unsigned before = std::isfinite(domain.lo), after = std::isfinite(domain.hi);
  if (before && !(!kinks.empty() && isEnd(kinks.front(), domain.lo)))
    kinks.insert(kinks.begin(),
                 {Interval::point(domain.lo), domain.lo, Fraction::constant(domain.lo)});
  if (after && !(!kinks.empty() && isEnd(kinks.back(), domain.hi)))
    kinks.push_back({Interval::point(domain.hi), domain.hi, Fraction::constant(domain.hi)});
  std::vector<Piece> all;
  for (size_t i = before; i + after <= kinks.size(); ++i) {
    const Kink *from = i ? &kinks[i - 1] : nullptr, *to = i < kinks.size() ? &kinks[i] : nullptr;
    auto isNumber = [](const Kink *kink) {
      return !kink || kink->where.isPoint() || (kink->exact && kink->exact->isConstant());
    };
    Piece piece{from ? from->where.lo : -infinity, to ? to->where.hi : infinity};
    if (isNumber(from) && isNumber(to)) {
      piece.start = from ? from->exact : std::nullopt;
      piece.end = to ? to->exact : std::nullopt;
    } else {
      double low = from ? from->here : -infinity, high = to ? to->here : infinity;
      piece.sample = Piece{low, high}.inside();
      // Measured from an end that moves.
      const Kink *origin = from && from->exact ? from : to && to->exact ? to : nullptr;
      bool bothKnown = (!from || from->exact) && (!to || to->exact);
      if (origin && bothKnown) {
        piece.origin = origin->exact;
        *piece.sample -= origin->here;
        std::optional<Fraction> width;
        if (from && to)
          width = *to->exact - *from->exact;
        double reach = width ? range(*width, Interval::point(0)).hi : infinity;
        bool rightwards = origin == from;
        piece.low = rightwards ? 0 : -infinity;
        piece.high = rightwards ? reach : 0;
        piece.start = rightwards ? std::optional(Fraction()) : std::nullopt;
        piece.end = rightwards ? width : Fraction();
      } else {
        piece.start = from ? from->exact : std::nullopt;
        piece.end = to ? to->exact : std::nullopt;
      }
    }
    piece.joinsNext = to && to->isContinuous;
    all.push_back(piece);
  }
  return all;
}

/// Whether an op may have no value, or an infinite one, where its operands have one: there even
/// what is made of functions that cannot jump may.
static bool mayHavePole(Operation *op, const DenseMap<Value, Interval> &ranges) {
  auto mayVanish = [&](unsigned i) { return ranges.lookup(op->getOperand(i)).contains(0); };
  if (isa<arith::DivFOp>(op))
    return mayVanish(1);
  if (isa<math::PowFOp>(op))
    return mayVanish(0) && !(ranges.lookup(op->getOperand(1)).lo > 0);
  return isa<math::LogOp, math::Log2Op>(op) && mayVanish(0);
}

std::vector<Piece> Algebra::pieces(Value root) {
  std::vector<Kink> kinks;
  unresolved = 0;
  // Only what stands between the root and the coordinate matters.
  DenseSet<Operation *> matters;
  SmallVector<Value> open{root};
  while (!open.empty()) {
    Value value = open.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (op && !isCoordinate.contains(value) && matters.insert(op).second)
      open.append(op->operand_begin(), op->operand_end());
  }
  const DenseMap<Value, Interval> ranges = scratch.ranges(scratch.admissible());
  const bool hasPoles = llvm::any_of(matters, [&](Operation *op) {
    return scratch.dependsOnLatent(op->getResult(0)) && mayHavePole(op, ranges);
  });
  for (Operation &op : scratch.block()) {
    bool switches =
        isa<math::AbsFOp, SignOp, SgnOp, arith::CmpFOp, arith::MinimumFOp, arith::MaximumFOp,
            ClampOp, NearestOp, LowerOp, UpperOp, RoundOp, math::FloorOp, math::CeilOp>(op);
    if (!switches || !matters.contains(&op) || !scratch.dependsOnLatent(op.getResult(0)) ||
        kinks.size() > maxPieces)
      continue;
    std::vector<Kink> more = kinks;
    if (collectKinks(&op, root, more)) {
      resolved.insert(&op);
      kinks = more;
    } else {
      ++unresolved;
    }
    memo.clear();
    insideValues.clear();
    obstacle.clear();
  }
  if (hasPoles)
    for (Kink &kink : kinks)
      kink.isContinuous = false;
  return between(kinks);
}

bool Algebra::isRounding(const Fraction &a, const Fraction &b) {
  Fraction difference = a - b;
  if (difference.isZero())
    return true;
  Interval away = interval::abs(range(difference, Interval::point(0)));
  Interval size = interval::abs(range(a, Interval::point(0)));
  return away.hi <= roundingOf(size.lo);
}

/// A switch that turns within an interval: whatever is taken there is the same on all of it, up to
/// rounding.
bool Algebra::joinsWithin(Value root, const Piece &left, const Piece &right, const Fraction &before,
                          const Fraction &after) {
  Interval where{right.low, left.high};
  const Leaf *latent = scratch.latent();
  if (left.moves() || right.moves() || !(where.lo <= where.hi) || !unit.isConstant() || !latent ||
      held)
    return false;
  Box box = scratch.admissible();
  box[latent - scratch.leaves().data()] = interval::mul(where, unit.value());
  Interval whole = scratch.range(root, box);
  for (const Fraction *part : {&before, &after}) {
    Interval here = range(*part, where);
    whole = {std::min(whole.lo, here.lo), std::max(whole.hi, here.hi)};
  }
  double size = std::max(std::abs(whole.lo), std::abs(whole.hi));
  return whole.hi - whole.lo <= roundingOf(size);
}

std::optional<Fraction> Algebra::valueAtEnd(Value root, const Piece &piece, bool atStart) {
  const auto &end = atStart ? piece.start : piece.end;
  if (!end)
    return std::nullopt;
  // By formulas, unless the place is a double.
  double number = atStart ? piece.low : piece.high;
  Piece point{number, number};
  Fraction place = *end;
  if (piece.moves() || !end->isConstant() || !end->value().isPoint()) {
    point = Piece{0, 0};
    point.origin = piece.origin ? *piece.origin + *end : *end;
    point.sample = 0;
    place = Fraction();
  }
  auto here = convert(root, 0, point);
  return here ? at(*here, place) : std::nullopt;
}

bool Algebra::joins(Value root, ArrayRef<Piece> pieces, ArrayRef<std::optional<Fraction>> parts,
                    size_t i) {
  if (pieces[i].joinsNext)
    return true;
  const auto &end = pieces[i].end, &start = pieces[i + 1].start;
  if (!parts[i] || !parts[i + 1])
    return false;
  if (!end || !start)
    return joinsWithin(root, pieces[i], pieces[i + 1], *parts[i], *parts[i + 1]);
  auto before = at(*parts[i], *end), after = at(*parts[i + 1], *start);
  if (!before || !after || !isRounding(*before, *after))
    return false;
  auto value = valueAtEnd(root, pieces[i + 1].moves() ? pieces[i + 1] : pieces[i],
                          /*atStart=*/pieces[i + 1].moves());
  return value && isRounding(*before, *value);
}
