// Where the switches of a clause turn, and the pieces of the line between them.
#include "passes/prove/Algebra.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double infinity = std::numeric_limits<double>::infinity();
static constexpr size_t maxPieces = 200;
/// How often a function is differentiated until it is monotone.
static constexpr unsigned maxTurns = 4;

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

/// The start of a piece, at the kink of another switch.
void Algebra::addStart(const Piece &piece, std::vector<Kink> &kinks) {
  Fraction place = piece.origin ? *piece.origin + *piece.start : *piece.start;
  auto values = scratch.evaluate(scratch.inside(0));
  kinks.push_back({range(place, Interval::point(0)), valueAt(place, 0, values), place});
}

/// A root known by its formula, if it lies on the piece; false if that could not be told.
bool Algebra::addRoot(const Piece &piece, const Fraction &root, bool jumps,
                      std::vector<Kink> &kinks) {
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
    addStart(piece, kinks);
  if (isNonPositive(fromStart) || isNonPositive(toEnd))
    return true;
  if (!isNonNegative(fromStart) || !isNonNegative(toEnd))
    return false;
  Fraction place = piece.origin ? root + *piece.origin : root;
  auto values = scratch.evaluate(scratch.inside(0));
  kinks.push_back({range(place, Interval::point(0)), valueAt(place, 0, values), place});
  return true;
}

/// The roots of `difference` on a piece; false if that could not be told.
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
  if (!affine && jumps && (piece.start || !std::isinf(piece.low))) {
    auto here = piece.start ? at(difference, *piece.start) : std::nullopt;
    if (here && here->isZero())
      addStart(piece, kinks);
    Interval there = range(difference, Interval::point(piece.start ? 0 : piece.low));
    if (!here && there.contains(0))
      return false;
  }
  if (!affine && (side == Sign::Positive || side == Sign::Negative || side == Sign::Zero))
    return true;
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
    return addRoot(piece, root, jumps, kinks);
  }
  // x^2 = k, where k moves with the host's numbers.
  bool isSquare = p.lowestDegree(0) == 0 && p.degree(0) == 2 && !usesLatentBeside(p) &&
                  p.coefficient(0, 1).isZero();
  if (isSquare && hostAtomsIn(difference)) {
    Fraction square = -Fraction(p.coefficient(0, 0), p.coefficient(0, 2));
    Sign below = sign(difference.below, piece);
    if ((below != Sign::Positive && below != Sign::Negative) ||
        sign(square, piece) != Sign::Positive)
      return false;
    Fraction root = function(Kind::Root, square, 2);
    return addRoot(piece, -root, jumps, kinks) && addRoot(piece, root, jumps, kinks);
  }
  if (piece.moves() || hostAtomsIn(difference))
    return false;
  return isolateRoots(piece, difference, kinks, 0);
}

/// Without a denominator and factors that are never 0: what is left has the same roots, and its
/// derivatives are simpler.
Fraction Algebra::withoutFactors(const Fraction &fraction, const Piece &piece) {
  auto isNever0 = [](Sign of) { return of == Sign::Positive || of == Sign::Negative; };
  if (!isNever0(sign(fraction.below, piece)))
    return fraction;
  Polynomial above = fraction.above;
  for (Atom atom = 0; atom < atoms.size(); ++atom)
    if (int lowest = above.contains(atom) ? above.lowestDegree(atom) : 0;
        lowest && isNever0(signOf(atom, piece)))
      above = above.shifted({{atom, -lowest}});
  return above;
}

/// The roots of a difference of x alone, each within an interval: between the roots of its
/// derivative it has one at most.
bool Algebra::isolateRoots(const Piece &piece, const Fraction &given, std::vector<Kink> &kinks,
                           unsigned depth) {
  const Fraction difference = withoutFactors(given, piece);
  Sign side = sign(difference, piece);
  if (side == Sign::Positive || side == Sign::Negative)
    return true;
  auto slope = derivative(difference);
  Sign steep = slope ? sign(*slope, piece) : Sign::Unknown;
  if (isNonNegative(steep) || isNonPositive(steep))
    return isolateRoot(piece, difference, steep, kinks);
  std::vector<Kink> turns;
  if (!slope || depth == maxTurns || scratch.isExhausted() ||
      !isolateRoots(piece, *slope, turns, depth + 1))
    return false;
  llvm::sort(turns, [](const Kink &a, const Kink &b) { return a.here < b.here; });
  Piece rest = piece;
  for (const Kink &turn : turns) {
    Piece left = rest;
    left.high = turn.where.lo;
    left.end = turn.exact;
    rest.low = turn.where.hi;
    rest.start = turn.exact;
    if (left.low < left.high && !isolateRoots(left, difference, kinks, depth + 1))
      return false;
    // It may touch 0 where it turns.
    auto there = turn.exact ? at(difference, *turn.exact) : std::nullopt;
    if (there && there->isZero())
      kinks.push_back(turn);
    else if (range(difference, turn.where).contains(0))
      return false;
  }
  return !(rest.low < rest.high) || isolateRoots(rest, difference, kinks, depth + 1);
}

std::optional<std::vector<Kink>> Algebra::rootsOf(const Fraction &fraction, const Piece &piece) {
  std::vector<Kink> roots;
  bool isTold = !piece.moves() && addKink(piece, fraction, /*jumps=*/false, roots);
  return isTold ? std::optional(roots) : std::nullopt;
}

/// The root of a monotone difference of x alone, if it has one inside.
bool Algebra::isolateRoot(const Piece &piece, const Fraction &difference, Sign steep,
                          std::vector<Kink> &kinks) {
  auto exact = [&](double x) { return at(difference, x); };
  auto value = [&](double x) {
    auto here = exact(x);
    return here ? range(*here, Interval::point(x)) : Interval::all();
  };
  // As far out as the sign is seen: it stays what it is there.
  auto boundOf = [&](double end, double sign) {
    double bound = end;
    for (int power : {64, 32, 16, 10, 8, 7, 6, 5, 4, 3, 2}) {
      if (!std::isinf(end))
        break;
      bound = sign * std::ldexp(1, power);
      if (!value(bound).contains(0))
        break;
    }
    return bound;
  };
  double low = boundOf(piece.low, -1), high = boundOf(piece.high, 1);
  // 0 at an end, it is 0 nowhere else.
  for (double end : {low, high})
    if (auto here = exact(end); here && here->isZero() && !(steep == Sign::Zero))
      return true;
  // By intervals, and exactly where they do not tell.
  auto valueNear = [&](double x) {
    Interval here = range(difference, Interval::point(x));
    return here.contains(0) ? value(x) : here;
  };
  auto root = bracket(valueNear, low, high);
  if (!root) {
    // Above 0 from its lower end on, or below 0 up to its upper end.
    bool rises = isNonNegative(steep);
    Interval first = value(rises ? low : high), last = value(rises ? high : low);
    bool hasFirst = !std::isinf(rises ? piece.low : piece.high);
    bool hasLast = !std::isinf(rises ? piece.high : piece.low);
    if ((first.lo > 0 && hasFirst) || (last.hi < 0 && hasLast))
      return true;
    // Or from its limit there.
    Limit from = limit(difference, rises ? End::Minus : End::Plus, piece);
    Limit to = limit(difference, rises ? End::Plus : End::Minus, piece);
    return (!hasFirst && from.value && isNonNegative(sign(*from.value, piece))) ||
           (!hasLast && to.value && isNonPositive(sign(*to.value, piece)));
  }
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
