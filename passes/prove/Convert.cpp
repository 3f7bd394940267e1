// From IR to fractions, piece by piece.
#include "passes/prove/Algebra.h"

#include <cmath>
#include <numbers>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double Infinity = std::numeric_limits<double>::infinity();
/// Larger fractions are left to other means.
static constexpr size_t MaxTerms = 300;
static constexpr size_t MaxPieces = 200;

std::optional<Fraction> Algebra::fail(const Twine &what) {
  if (obstacle.empty())
    obstacle = what.str();
  return std::nullopt;
}

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

std::optional<Fraction> Algebra::convert(Value value, unsigned level, const Piece &piece) {
  if (piece.low != memoPiece.low || piece.high != memoPiece.high || insideValues.empty()) {
    memo.clear();
    memoPiece = piece;
    insidePoint = scratch.now(piece.inside() / scaleAt(scratch.now(0)));
    insideValues = scratch.evaluate(insidePoint, held, piece.inside());
  }
  auto found = memo.find({value, level});
  if (found != memo.end())
    return found->second;
  std::optional<Fraction> result = compute(value, level, piece);
  if (result && result->size() > MaxTerms)
    result = fail("too many terms");
  memo[{value, level}] = result;
  return result;
}

/// A switch's decision is a comparison of two values: their differences, one per switch.
static SmallVector<std::pair<Value, double>> thresholds(Operation *op) {
  if (isa<math::AbsFOp, SignOp, SgnOp>(op))
    return {{op->getOperand(0), 0}};
  return {};
}

bool Algebra::collectKinks(Operation *op, std::vector<double> &kinks) {
  if (isa<VectorType>(op->getResult(0).getType()) || llvm::any_of(op->getOperands(), [](Value v) {
        return isa<VectorType>(v.getType()) && constantLevels(v).empty();
      }))
    return false;
  // The values whose equality switches the op: operand against operand, or against a number.
  SmallVector<std::pair<Value, Value>> pairs;
  SmallVector<std::pair<Value, double>> numbers = thresholds(op);
  Value u = op->getOperand(0);
  if (isa<arith::CmpFOp, arith::MinimumFOp, arith::MaximumFOp>(op)) {
    pairs.push_back({u, op->getOperand(1)});
  } else if (isa<ClampOp>(op)) {
    pairs.append({{u, op->getOperand(1)}, {u, op->getOperand(2)}});
  } else if (isa<NearestOp, LowerOp, UpperOp>(op)) {
    SmallVector<double> levels = constantLevels(op->getOperand(1));
    for (size_t i = 0; i + 1 < levels.size(); ++i)
      numbers.push_back({u, isa<NearestOp>(op) ? (levels[i] + levels[i + 1]) / 2 : levels[i + 1]});
  } else if (isa<RoundOp, math::FloorOp, math::CeilOp>(op)) {
    Interval range = scratch.range(u, scratch.admissible());
    if (!(range.hi - range.lo <= 64))
      return false;
    double shift = isa<RoundOp>(op) ? 0.5 : 0;
    for (double k = std::floor(range.lo); k <= range.hi + 1; ++k)
      numbers.push_back({u, k - shift});
  }
  std::vector<Piece> current;
  for (size_t i = 0; i + 1 < kinks.size(); ++i)
    current.push_back({kinks[i], kinks[i + 1]});
  bool all = true;
  auto addRoot = [&](const Piece &piece, Fraction difference) {
    if (!usesLatent(difference)) {
      all &= difference.isConstant();
      return;
    }
    const Polynomial &p = difference.above;
    bool affine = difference.below.isConstant() && p.lowestDegree(0) >= 0 && p.degree(0) == 1 &&
                  p.coefficient(0, 0).isConstant() && p.coefficient(0, 1).isConstant();
    if (!affine) {
      Sign sign = this->sign(difference, piece);
      all &= sign == Sign::Positive || sign == Sign::Negative;
      return;
    }
    Interval root =
        interval::div(interval::neg(p.coefficient(0, 0).value()), p.coefficient(0, 1).value());
    if (piece.low < root.lo && root.lo < piece.high && std::isfinite(root.lo))
      kinks.push_back(root.lo);
  };
  for (const Piece &piece : current) {
    for (auto [a, b] : pairs) {
      auto left = convert(a, 0, piece), right = convert(b, 0, piece);
      if (left && right)
        addRoot(piece, *left - *right);
      else
        all = false;
    }
    for (auto [a, number] : numbers) {
      auto left = convert(a, 0, piece);
      if (left)
        addRoot(piece, *left - Fraction::constant(number));
      else
        all = false;
    }
  }
  llvm::sort(kinks);
  kinks.erase(std::unique(kinks.begin(), kinks.end()), kinks.end());
  return all;
}

std::vector<Piece> Algebra::pieces(Value root) {
  std::vector<double> kinks{-Infinity, Infinity};
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
        kinks.size() > MaxPieces)
      continue;
    if (collectKinks(&op, kinks))
      resolved.insert(&op);
    memo.clear();
    obstacle.clear();
  }
  std::vector<Piece> all;
  for (size_t i = 0; i + 1 < kinks.size(); ++i)
    all.push_back({kinks[i], kinks[i + 1]});
  return all;
}

/// abs, extrema, clamp, staircases, `if`: what each is on this piece.
std::optional<Fraction> Algebra::computeBranch(Operation *op, unsigned level, const Piece &piece) {
  auto operand = [&](unsigned i) { return convert(op->getOperand(i), level, piece); };
  auto inside = [&](Value value) { return insideValues.lookup(value)[0]; };
  bool known = resolved.contains(op);
  // The sign of a - b here: by a point of the piece if all kinks are known, else by proof.
  auto compare = [&](Value a, Value b) -> Sign {
    if (known) {
      double x = inside(a), y = b ? inside(b) : 0;
      return x < y ? Sign::Negative : x > y ? Sign::Positive : Sign::Zero;
    }
    auto left = convert(a, level, piece);
    auto right = b ? convert(b, level, piece) : Fraction();
    return left && right ? sign(*left - *right, piece) : Sign::Unknown;
  };
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
    auto decide = [&](auto &&self, Value condition) -> std::optional<bool> {
      Operation *test = condition.getDefiningOp();
      if (!test)
        return std::nullopt;
      if (!scratch.dependsOnLatent(condition)) {
        Interval truth = scratch.range(condition, scratch.admissible());
        return truth.isPoint() ? std::optional(truth.lo != 0) : std::nullopt;
      }
      if (isa<arith::CmpFOp>(test)) {
        if (resolved.contains(test))
          return inside(condition) != 0;
        Interval truth = scratch.range(condition, scratch.admissible());
        return truth.isPoint() ? std::optional(truth.lo != 0) : std::nullopt;
      }
      if (test->getNumOperands() != 2)
        return test->hasTrait<OpTrait::ConstantLike>() ? std::optional(inside(condition) != 0)
                                                       : std::nullopt;
      auto a = self(self, test->getOperand(0)), b = self(self, test->getOperand(1));
      return a && b ? std::optional(inside(condition) != 0) : std::nullopt;
    };
    if (isa<VectorType>(select.getCondition().getType()))
      return fail("`if` level by level");
    std::optional<bool> taken = decide(decide, select.getCondition());
    if (!taken)
      return fail("`if` whose condition changes");
    return operand(*taken ? 1 : 2);
  }
  if (known &&
      isa<SignOp, SgnOp, NearestOp, LowerOp, UpperOp, RoundOp, math::FloorOp, math::CeilOp>(op))
    return Fraction::constant(inside(op->getResult(0)));
  if (isa<SignOp>(op)) {
    Sign side = compare(u, {});
    if (side == Sign::Negative)
      return Fraction::constant(-1);
    return isNonNegative(side) ? std::optional(Fraction::constant(1)) : fail("a staircase");
  }
  return fail("`" + op->getName().stripDialect() + "`");
}

std::optional<Fraction> Algebra::computePower(Operation *op, unsigned level, const Piece &piece) {
  auto base = convert(op->getOperand(0), level, piece);
  auto exponent = convert(op->getOperand(1), level, piece);
  if (!base || !exponent)
    return std::nullopt;
  if (!exponent->isConstant() || !exponent->value().isPoint())
    return fail("a power with a moving exponent");
  double n = exponent->value().lo;
  if (n == std::floor(n) && std::abs(n) <= 8) {
    Fraction result = Fraction::constant(1);
    for (int i = 0; i < std::abs(n); ++i)
      result = result * *base;
    if (n >= 0)
      return result;
    Sign side = sign(*base, piece);
    if (side != Sign::Positive && side != Sign::Negative)
      return fail("a power with a pole");
    return Fraction::constant(1) / result;
  }
  Sign side = sign(*base, piece);
  if (n == 0.5 && isNonNegative(side))
    return function(Kind::Sqrt, *base);
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
  if (isCoordinate.contains(value))
    return Polynomial::atom(coordinate());
  if (std::optional<double> number = scratch.number(value)) {
    if (!std::isfinite(*number))
      return fail("a number that is not finite");
    return Fraction::constant(*number);
  }
  auto host = [&]() -> std::optional<Fraction> { // whatever is free of the latent is an atom
    AtomInfo info{};
    info.kind = Kind::Host;
    info.host = value;
    info.level = level;
    info.range = scratch.range(value, scratch.admissible());
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
    Sign side = u ? sign(*u, piece) : Sign::Unknown;
    return strictly ? side == Sign::Positive : isNonNegative(side);
  };

  if (isa<arith::ConstantOp>(op)) {
    SmallVector<double> numbers(levelCount(value.getType()));
    cast<CalculusOpInterface>(op).evaluate({}, numbers);
    if (!std::isfinite(numbers[level]))
      return fail("a number that is not finite");
    return Fraction::constant(numbers[level]);
  }
  if (isa<arith::TruncFOp, arith::ExtFOp, SteOp>(op))
    return operand(0);
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(op)) {
    auto a = operand(0), b = operand(1);
    if (!a || !b)
      return std::nullopt;
    if (isa<arith::AddFOp>(op))
      return *a + *b;
    if (isa<arith::SubFOp>(op))
      return *a - *b;
    if (isa<arith::MulFOp>(op))
      return *a * *b;
    Sign side = sign(*b, piece);
    if (side != Sign::Positive && side != Sign::Negative)
      return scratch.dependsOnLatent(value) ? fail("a quotient whose denominator may be 0")
                                            : host();
    return *a / *b;
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
    if (reduce.getKind() != Reduction::Sum && reduce.getKind() != Reduction::Mean)
      return scratch.dependsOnLatent(value) ? fail("a reduction") : host();
    Fraction sum;
    int64_t count = levelCount(op->getOperand(0).getType());
    for (int64_t i = 0; i < count; ++i) {
      auto part = convert(op->getOperand(0), i, piece);
      if (!part)
        return part;
      sum = sum + *part;
    }
    if (reduce.getKind() == Reduction::Mean)
      sum = sum / Fraction::constant(count);
    return sum;
  }
  if (!scratch.dependsOnLatent(value) && !isa<math::SqrtOp, math::ExpOp, math::TanhOp>(op))
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
    return needs(operand(0), false) ? unary(Kind::Sqrt) : fail("sqrt of what may be negative");
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
    if (!u || !needs(one + *u, true) || !needs(one - *u, true))
      return fail("atanh of what may leave (-1, 1)");
    return function(Kind::Log, (one + *u) / (one - *u)) * Fraction::constant(0.5);
  }
  if (isa<math::PowFOp>(op))
    return computePower(op, level, piece);
  if (isa<SoftNearestOp>(op))
    return softNearest(op, piece);
  return computeBranch(op, level, piece);
}
