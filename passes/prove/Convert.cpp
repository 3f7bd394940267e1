// From IR to fractions, piece by piece.
#include "passes/prove/Algebra.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>
#include <numbers>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

/// Larger fractions are left to other means.
static constexpr size_t maxTerms = 300;

std::optional<Fraction> Algebra::fail(const Twine &what) {
  if (obstacle.empty())
    obstacle = what.str();
  return std::nullopt;
}

/// Values at a point of a piece, on which converted values depend.
void Algebra::enter(const Piece &piece) {
  if (!(piece == memoPiece) || insideValues.empty()) {
    memo.clear();
    memoPiece = piece;
    insideValues = scratch.evaluate(scratch.inside(0));
    double from = piece.origin ? valueAt(*piece.origin, 0, insideValues) : 0;
    double x = from + piece.inside();
    double latent = x * valueAt(unit, 0, insideValues);
    insideValues = scratch.evaluate(scratch.inside(latent), held, x);
  }
}

std::optional<Fraction> Algebra::convert(Value value, unsigned level, const Piece &piece) {
  enter(piece);
  auto found = memo.find({value, level});
  if (found != memo.end())
    return found->second;
  std::optional<Fraction> result = compute(value, level, piece);
  if (result && result->size() > maxTerms)
    result = fail("too many terms");
  memo[{value, level}] = result;
  return result;
}

/// What the sign of a - b says of a comparison.
static std::optional<bool> holds(arith::CmpFPredicate predicate, Sign side) {
  using P = arith::CmpFPredicate;
  bool below = side == Sign::Negative, above = side == Sign::Positive, same = side == Sign::Zero;
  bool notAbove = isNonPositive(side), notBelow = isNonNegative(side);
  auto decide = [](bool yes, bool no) -> std::optional<bool> {
    return yes || no ? std::optional(yes) : std::nullopt;
  };
  switch (predicate) {
  case P::OLT:
  case P::ULT:
    return decide(below, notBelow);
  case P::OLE:
  case P::ULE:
    return decide(notAbove, above);
  case P::OGT:
  case P::UGT:
    return decide(above, notAbove);
  case P::OGE:
  case P::UGE:
    return decide(notBelow, below);
  case P::OEQ:
  case P::UEQ:
    return decide(same, below || above);
  case P::ONE:
  case P::UNE:
    return decide(below || above, same);
  default:
    return std::nullopt;
  }
}

Sign Algebra::signOf(Value value, const Fraction &formula, const Piece &piece) {
  Sign side = sign(formula, piece);
  return side != Sign::Unknown ? side : signOfInterval(scratch.range(value, scratch.admissible()));
}

/// At a point the coordinate is a number.
Sign Algebra::signAt(const Fraction &fraction, const Piece &piece) {
  if (!piece.isMovingPoint())
    return sign(fraction, piece);
  auto here = at(fraction, 0);
  return here ? sign(*here, piece) : Sign::Unknown;
}

/// Whether a point of the piece may be evaluated on the wrong side of one of its ends, as constants
/// are rounded to f32 there.
static bool isTiny(const Piece &piece) {
  double size = std::max(std::abs(piece.low), std::abs(piece.high));
  bool isPoint = piece.low == piece.high; // that point itself is asked about
  return !piece.moves() && !isPoint && std::isfinite(size) &&
         piece.high - piece.low <= size * 0x1p-16;
}

/// The sign of a - b, or of a, here: by a point of the piece if all switches of `op` are known,
/// else by proof.
Sign Algebra::sideOf(Operation *op, Value a, Value b, unsigned level, const Piece &piece) {
  enter(piece);
  if (resolved.contains(op) && !piece.isMovingPoint() && !isTiny(piece)) {
    double x = insideValues.lookup(a)[0], y = b ? insideValues.lookup(b)[0] : 0;
    if (!std::isnan(x) && !std::isnan(y))
      return x < y ? Sign::Negative : x > y ? Sign::Positive : Sign::Zero;
  }
  auto left = convert(a, level, piece);
  auto right = b ? convert(b, level, piece) : Fraction();
  return left && right ? signAt(*left - *right, piece) : Sign::Unknown;
}

/// What a condition is on this piece.
std::optional<bool> Algebra::decide(Value condition, unsigned level, const Piece &piece) {
  Operation *test = condition.getDefiningOp();
  if (!test)
    return std::nullopt;
  Interval truth = scratch.range(condition, scratch.admissible());
  if (truth.isPoint())
    return truth.lo != 0;
  if (!scratch.dependsOnLatent(condition))
    return std::nullopt;
  if (auto comparison = dyn_cast<arith::CmpFOp>(test))
    return holds(comparison.getPredicate(),
                 sideOf(test, comparison.getLhs(), comparison.getRhs(), level, piece));
  if (test->getNumOperands() != 2)
    return std::nullopt;
  auto a = decide(test->getOperand(0), level, piece), b = decide(test->getOperand(1), level, piece);
  if (isa<arith::AndIOp>(test) && ((a && !*a) || (b && !*b)))
    return false;
  if (isa<arith::OrIOp>(test) && ((a && *a) || (b && *b)))
    return true;
  if (!a || !b)
    return std::nullopt;
  return isa<arith::AndIOp>(test) ? *a && *b : isa<arith::OrIOp>(test) ? *a || *b : *a != *b;
}

/// abs, extrema, clamp, staircases, `if`: what each is on this piece.
std::optional<Fraction> Algebra::computeBranch(Operation *op, unsigned level, const Piece &piece) {
  auto operand = [&](unsigned i) { return convert(op->getOperand(i), level, piece); };
  auto inside = [&](Value value) { return insideValues.lookup(value)[0]; };
  // At a kink that moves values are equal by their formulas, not by their doubles.
  bool known = resolved.contains(op) && !piece.isMovingPoint() && !isTiny(piece);
  auto compare = [&](Value a, Value b) { return sideOf(op, a, b, level, piece); };
  Value u = op->getOperand(0);
  if (isa<math::AbsFOp>(op)) {
    Sign side = compare(u, {});
    auto value = operand(0);
    if (!value)
      return value;
    return isNonNegative(side)   ? value
           : isNonPositive(side) ? std::optional(-*value)
                                 : fail("abs of what changes its sign");
  }
  if (isa<arith::MinimumFOp, arith::MaximumFOp>(op)) {
    Sign side = compare(u, op->getOperand(1));
    if (isa<arith::MaximumFOp>(op))
      side = negated(side);
    return isNonPositive(side)   ? operand(0)
           : isNonNegative(side) ? operand(1)
                                 : fail("min or max that crosses");
  }
  if (isa<ClampOp>(op)) {
    Sign low = compare(u, op->getOperand(1)), high = compare(u, op->getOperand(2));
    if (isNonNegative(high))
      return operand(2);
    if (isNonPositive(low))
      return operand(1);
    return isNonNegative(low) && isNonPositive(high) ? operand(0) : fail("clamp that is crossed");
  }
  if (auto select = dyn_cast<arith::SelectOp>(op)) {
    if (isa<VectorType>(select.getCondition().getType()))
      return fail("`if` level by level");
    std::optional<bool> taken = decide(select.getCondition(), level, piece);
    if (!taken)
      return fail("`if` whose condition changes");
    return operand(*taken ? 1 : 2);
  }
  if (known &&
      isa<SignOp, SgnOp, NearestOp, LowerOp, UpperOp, RoundOp, math::FloorOp, math::CeilOp>(op))
    return Fraction::constant(inside(op->getResult(0)));
  if (piece.isMovingPoint() && isa<RoundOp, math::FloorOp, math::CeilOp>(op)) {
    // Of a number, as the place is one.
    auto argument = operand(0);
    auto here = argument ? at(*argument, 0) : std::nullopt;
    auto step = [&](double number) {
      double result;
      cast<CalculusOpInterface>(op).evaluate(number, result);
      return result;
    };
    if (here && here->isConstant() && step(here->value().lo) == step(here->value().hi))
      return Fraction::constant(step(here->value().lo));
  }
  if (isa<SignOp, SgnOp>(op)) {
    Sign side = compare(u, {});
    if (side == Sign::Negative)
      return Fraction::constant(-1);
    if (isa<SgnOp>(op) && side == Sign::Zero)
      return Fraction();
    if (isa<SgnOp>(op) && side != Sign::Positive)
      return fail("a staircase");
    return isNonNegative(side) ? std::optional(Fraction::constant(1)) : fail("a staircase");
  }
  return fail("`" + op->getName().stripDialect() + "`");
}

std::optional<Fraction> Algebra::computePower(Operation *op, unsigned level, const Piece &piece) {
  auto base = convert(op->getOperand(0), level, piece);
  auto exponent = convert(op->getOperand(1), level, piece);
  if (!base || !exponent)
    return std::nullopt;
  if (signAt(*base, piece) == Sign::Zero && sign(*exponent, piece) == Sign::Positive)
    return Fraction();
  std::optional<double> number = scratch.number(op->getOperand(1));
  if (!number && exponent->isConstant() && exponent->value().isPoint())
    number = exponent->value().lo;
  auto signOfBase = [&] { return signOf(op->getOperand(0), *base, piece); };
  if (!number) {
    if (signOfBase() != Sign::Positive)
      return fail("a power of what may be negative");
    return function(Kind::Exp, *exponent * function(Kind::Log, *base));
  }
  double n = *number;
  if (n == std::floor(n) && std::abs(n) <= 8) {
    Fraction result = Fraction::constant(1);
    for (int i = 0; i < std::abs(n); ++i)
      result = result * *base;
    if (n >= 0)
      return result;
    Sign side = signOfBase();
    if (side != Sign::Positive && side != Sign::Negative)
      return fail("a power with a pole");
    return Fraction::constant(1) / result;
  }
  Sign side = signOfBase();
  // A fraction that f32 cannot tell from the exponent is what was meant.
  for (int degree : {2, 3, 4, 5, 6, 8}) {
    double top = std::round(n * degree);
    if (std::abs(n * degree - top) > std::abs(n * degree) * 0x1p-23 || top == 0 ||
        std::abs(top) > 24)
      continue;
    if (!(side == Sign::Positive || (isNonNegative(side) && top > 0)))
      return fail("a power of what may be negative");
    Fraction root = function(Kind::Root, *base, degree), result = Fraction::constant(1);
    for (int i = 0; i < std::abs(top); ++i)
      result = top > 0 ? result * root : result / root;
    return result;
  }
  if (side != Sign::Positive)
    return fail("a power of what may be negative");
  return function(Kind::Power, *base, n);
}

std::optional<Fraction> Algebra::softNearest(Operation *op, const Piece &piece) {
  auto x = convert(op->getOperand(0), 0, piece), steepness = convert(op->getOperand(1), 0, piece);
  if (!x || !steepness)
    return std::nullopt;
  Value codebook = op->getOperand(2);
  std::vector<Fraction> levels;
  for (unsigned i = 0; i < levelCount(codebook.getType()); ++i) {
    auto level = convert(codebook, i, piece);
    if (!level)
      return level;
    levels.push_back(*level);
  }
  for (size_t i = 0; i + 1 < levels.size(); ++i)
    if (!isNonNegative(sign(levels[i + 1] - levels[i], piece)))
      return fail("soft_nearest over levels in no known order");
  Fraction sum = levels[0];
  for (size_t i = 0; i + 1 < levels.size(); ++i) {
    Fraction middle = (levels[i] + levels[i + 1]) * Fraction::constant(0.5);
    sum = sum + (levels[i + 1] - levels[i]) * function(Kind::Sigmoid, *steepness * (*x - middle));
  }
  return sum;
}

std::optional<Fraction> Algebra::compute(Value value, unsigned level, const Piece &piece) {
  if (isCoordinate.contains(value)) {
    Fraction x = unit * Fraction(Polynomial::atom(coordinate()));
    return piece.origin ? x + unit * *piece.origin : x;
  }
  bool isSingle = !getElementTypeOrSelf(value.getType()).isF64();
  if (std::optional<double> number = scratch.number(value)) {
    if (!std::isfinite(*number))
      return fail("a number that is not finite");
    return asWritten(*number, isSingle);
  }
  auto host = [&]() -> std::optional<Fraction> { // whatever is free of the latent is an atom
    if (Numbers row = scratch.row(value); !row.empty() && std::isfinite(row[level]))
      return asWritten(row[level], isSingle);
    AtomInfo info{};
    info.kind = Kind::Host;
    info.host = value;
    info.level = level;
    info.range = scratch.range(value, scratch.admissible());
    info.isPositive = scratch.isPositive(value);
    return Fraction(Polynomial::atom(intern(info)));
  };
  Operation *op = value.getDefiningOp();
  if (!op)
    return scratch.dependsOnLatent(value) ? fail("the latent over levels") : host();
  auto operand = [&](unsigned i) { return convert(op->getOperand(i), level, piece); };
  auto unary = [&](Kind kind) -> std::optional<Fraction> {
    auto u = operand(0);
    return u ? std::optional(function(kind, *u)) : std::nullopt;
  };
  // Functions with a domain, and quotients, must stay inside it over the whole piece.
  auto needs = [&](const std::optional<Fraction> &u, bool strictly) {
    Sign side = u ? signOf(op->getOperand(0), *u, piece) : Sign::Unknown;
    return strictly ? side == Sign::Positive : isNonNegative(side);
  };

  if (isa<arith::ConstantOp>(op)) {
    SmallVector<double> numbers(levelCount(value.getType()));
    cast<CalculusOpInterface>(op).evaluate({}, numbers);
    if (!std::isfinite(numbers[level]))
      return fail("a number that is not finite");
    return asWritten(numbers[level], isSingle);
  }
  if (isa<arith::TruncFOp, arith::ExtFOp, SteOp>(op))
    return operand(0);
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(op)) {
    auto a = operand(0), b = operand(1);
    if (!a || !b)
      return std::nullopt;
    if (!isAffordable(*a, *b))
      return fail("too many terms");
    Sign side = isa<arith::DivFOp>(op) ? signOf(op->getOperand(1), *b, piece) : Sign::Positive;
    if (side != Sign::Positive && side != Sign::Negative)
      return scratch.dependsOnLatent(value) ? fail("a quotient whose denominator may be 0")
                                            : host();
    return arithmetic(op, *a, *b);
  }
  if (isa<arith::NegFOp>(op)) {
    auto a = operand(0);
    return a ? std::optional(-*a) : std::nullopt;
  }
  if (isa<math::FmaOp>(op)) {
    auto a = operand(0), b = operand(1), c = operand(2);
    return a && b && c ? std::optional(*a * *b + *c) : std::nullopt;
  }
  if (isa<vector::BroadcastOp>(op))
    return convert(op->getOperand(0), isa<VectorType>(op->getOperand(0).getType()) ? level : 0,
                   piece);
  if (isa<vector::FromElementsOp>(op))
    return convert(op->getOperand(level), 0, piece);
  if (auto extract = dyn_cast<vector::ExtractOp>(op))
    return convert(op->getOperand(0), extract.getStaticPosition().front(), piece);
  if (auto reduce = dyn_cast<ReduceOp>(op)) {
    bool isExtreme = reduce.getKind() == Reduction::Max || reduce.getKind() == Reduction::Min;
    if (reduce.getKind() == Reduction::Std)
      return scratch.dependsOnLatent(value) ? fail("a reduction") : host();
    Fraction sum;
    int64_t count = levelCount(op->getOperand(0).getType());
    for (int64_t i = 0; i < count; ++i) {
      auto part = convert(op->getOperand(0), i, piece);
      if (!part)
        return part;
      if (!isExtreme || i == 0) {
        sum = sum + *part;
        continue;
      }
      Sign side = sign(*part - sum, piece);
      if (side == Sign::Unknown)
        return scratch.dependsOnLatent(value) ? fail("a reduction") : host();
      if (isNonNegative(side) == (reduce.getKind() == Reduction::Max))
        sum = *part;
    }
    if (reduce.getKind() == Reduction::Mean)
      sum = sum / Fraction::constant(count);
    return sum;
  }
  if (!scratch.dependsOnLatent(value) && isa<math::PowFOp>(op)) {
    // beta^2 is a power of beta; any other power is a number of its own.
    std::optional<double> exponent = scratch.number(op->getOperand(1));
    bool isSmall =
        exponent && *exponent == std::floor(*exponent) && *exponent >= 1 && *exponent <= 8;
    return isSmall ? computePower(op, level, piece) : host();
  }
  if (!scratch.dependsOnLatent(value) &&
      !isa<math::SqrtOp, math::ExpOp, math::TanhOp, SigmoidOp, math::ErfOp, math::AtanOp>(op))
    return host();
  if (isa<VectorType>(value.getType()) && !scratch.row(value).empty())
    return host();
  if (isa<math::TanhOp>(op))
    return unary(Kind::Tanh);
  if (isa<math::ExpOp>(op))
    return unary(Kind::Exp);
  if (isa<SigmoidOp>(op))
    return unary(Kind::Sigmoid);
  if (isa<math::AtanOp>(op))
    return unary(Kind::Atan);
  if (isa<math::ErfOp>(op))
    return unary(Kind::Erf);
  if (isa<math::SqrtOp>(op))
    return needs(operand(0), false) ? std::optional(function(Kind::Root, *operand(0), 2))
                                    : fail("sqrt of what may be negative");
  if (isa<math::LogOp, math::Log2Op>(op)) {
    if (!needs(operand(0), true))
      return fail("log of what may not be positive");
    auto result = unary(Kind::Log);
    if (isa<math::Log2Op>(op))
      result =
          *result *
          Fraction(Polynomial::constant(interval::widen(Interval::point(std::numbers::log2e), 1)));
    return result;
  }
  if (isa<math::AtanhOp>(op)) { // log((1 + u) / (1 - u)) / 2
    auto u = operand(0);
    Fraction one = Fraction::constant(1);
    if (!u || sign(one + *u, piece) != Sign::Positive || sign(one - *u, piece) != Sign::Positive)
      return fail("atanh of what may leave (-1, 1)");
    return function(Kind::Log, (one + *u) / (one - *u)) * Fraction::constant(0.5);
  }
  if (isa<math::PowFOp>(op))
    return computePower(op, level, piece);
  if (isa<SoftNearestOp>(op))
    return softNearest(op, piece);
  return computeBranch(op, level, piece);
}
