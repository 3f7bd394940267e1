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

/// A factor r with a = r b; none when there is none.
static std::optional<double> ratio(const Polynomial &a, const Polynomial &b) {
  if (a.isZero())
    return 0;
  if (b.isZero() || a.terms().size() != b.terms().size())
    return std::nullopt;
  Interval r = interval::div(a.terms().begin()->second, b.terms().begin()->second);
  if (!r.isPoint() || !(a - b.scaled(r)).isZero())
    return std::nullopt;
  return r.lo;
}

/// The root of a function that is monotone on [low, high], between two numbers.
static std::optional<Interval> bracket(llvm::function_ref<Interval(double)> value, double low,
                                       double high) {
  Interval first = value(low), last = value(high);
  bool rises = first.hi < 0 && last.lo > 0, falls = first.lo > 0 && last.hi < 0;
  if (!rises && !falls)
    return std::nullopt;
  for (int i = 0; i < 200; ++i) {
    double middle = low + (high - low) / 2;
    Interval here = value(middle);
    if (!(low < middle && middle < high) || (here.lo <= 0 && here.hi >= 0))
      break;
    ((here.lo > 0) == rises ? high : low) = middle;
  }
  return Interval{low, high};
}

/// The root of `difference` on a piece, if it has one there; false if that could not be told.
/// A switch that `jumps` may turn where the piece starts, at the kink of another one.
bool Algebra::addKink(const Piece &piece, const Fraction &difference, bool jumps,
                      std::vector<Kink> &kinks) {
  if (!usesLatent(difference))
    return difference.isConstant() || sign(difference, piece) == Sign::Positive ||
           sign(difference, piece) == Sign::Negative;
  const Polynomial &p = difference.above;
  bool affine = p.lowestDegree(0) >= 0 && p.degree(0) == 1 && !usesLatentBeside(p);
  Sign side = affine ? sign(difference.below, piece) : sign(difference, piece);
  if (affine && side != Sign::Positive && side != Sign::Negative)
    return false;
  auto addStart = [&] {
    Fraction place = piece.origin ? *piece.origin + *piece.start : *piece.start;
    auto values = scratch.evaluate(scratch.inside(0));
    kinks.push_back({range(place, Interval::point(0)), valueAt(place, 0, values), place});
  };
  if (!affine && (side == Sign::Positive || side == Sign::Negative || side == Sign::Zero)) {
    if (!jumps || (!piece.start && std::isinf(piece.low)))
      return true;
    auto here = piece.start ? at(difference, *piece.start) : std::nullopt;
    if (here && here->isZero())
      addStart();
    Interval there = range(difference, Interval::point(piece.start ? 0 : piece.low));
    return here || !there.contains(0);
  }
  if (affine) {
    Polynomial constant = p.coefficient(0, 0), slope = p.coefficient(0, 1);
    Fraction root = -Fraction(constant, slope);
    if (std::optional<double> number = ratio(constant, slope))
      root = Fraction::constant(-*number);
    else {
      Sign steep = sign(slope, piece);
      if (steep != Sign::Positive && steep != Sign::Negative)
        return false;
    }
    if (!piece.moves() && root.isConstant()) {
      double x = root.value().lo;
      // At the start too, where another switch may turn already.
      if (piece.low <= x && x < piece.high && std::isfinite(x))
        kinks.push_back({root.value(), x, root});
      return true;
    }
    // Inside the piece at every setting, or at none.
    auto lies = [&](const std::optional<Fraction> &end, double bound, bool above) {
      if (std::isinf(bound) && !end)
        return Sign::Positive;
      Fraction from = end ? *end : Fraction::constant(bound);
      return sign(above ? from - root : root - from, piece);
    };
    Sign fromStart = lies(piece.start, piece.low, false), toEnd = lies(piece.end, piece.high, true);
    if (jumps && fromStart == Sign::Zero && piece.start)
      addStart();
    if (isNonPositive(fromStart) || isNonPositive(toEnd))
      return true;
    if (!isNonNegative(fromStart) || !isNonNegative(toEnd))
      return false;
    Fraction place = piece.origin ? root + *piece.origin : root;
    auto values = scratch.evaluate(scratch.inside(0));
    kinks.push_back({range(place, Interval::point(0)), valueAt(place, 0, values), place});
    return true;
  }
  // A monotone difference of x alone has one root at most.
  if (piece.moves() || hostAtomsIn(difference))
    return false;
  auto slope = derivative(difference);
  Sign steep = slope ? sign(*slope, piece) : Sign::Unknown;
  if (!isNonNegative(steep) && !isNonPositive(steep))
    return false;
  double low = std::max(piece.low, -0x1p64), high = std::min(piece.high, 0x1p64);
  auto exact = [&](double x) { return at(difference, x); };
  auto value = [&](double x) {
    auto here = exact(x);
    return here ? range(*here, Interval::point(x)) : Interval::all();
  };
  // Ends, where the difference may be 0, are no roots inside.
  for (double *end : {&low, &high})
    if (auto here = exact(*end); here && here->isZero())
      *end += (end == &low ? 1 : -1) * 0x1p-40 * std::max(1.0, std::abs(*end));
  auto root = bracket(value, low, high);
  if (!root)
    return false;
  // A root with few digits may be exact.
  double middle = root->lo + (root->hi - root->lo) / 2, simple = std::round(middle * 64) / 64;
  auto there = root->contains(simple) ? exact(simple) : std::nullopt;
  if (there && there->isZero())
    kinks.push_back({Interval::point(simple), simple, Fraction::constant(simple)});
  else
    kinks.push_back({*root, middle, std::nullopt});
  return true;
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

std::vector<Piece> Algebra::between(const std::vector<Kink> &kinks) {
  std::vector<Piece> all;
  for (size_t i = 0; i <= kinks.size(); ++i) {
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

bool Algebra::joins(Value root, ArrayRef<Piece> pieces, ArrayRef<std::optional<Fraction>> parts,
                    size_t i) {
  if (pieces[i].joinsNext)
    return true;
  const auto &end = pieces[i].end, &start = pieces[i + 1].start;
  if (!end || !start || !parts[i] || !parts[i + 1])
    return false;
  auto before = at(*parts[i], *end), after = at(*parts[i + 1], *start);
  if (!before || !after || !isRounding(*before, *after))
    return false;
  // The value at the kink itself: by formulas, unless the kink is a double.
  Piece point{pieces[i].high, pieces[i].high};
  Fraction place = *end;
  if (pieces[i].moves() || pieces[i + 1].moves() || !end->isConstant() || !end->value().isPoint()) {
    point = Piece{0, 0};
    point.origin = pieces[i].origin ? *pieces[i].origin + *end : *end;
    point.sample = 0;
    place = Fraction();
  }
  auto here = convert(root, 0, point);
  auto value = here ? at(*here, place) : std::nullopt;
  return value && isRounding(*before, *value);
}
