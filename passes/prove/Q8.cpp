// Q8: prox has a closed form for nonnegative sums of abs and square of x - a, or of
// y = x - nearest(x).
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

namespace {

class ProxCheck {
public:
  explicit ProxCheck(Clauses &clauses)
      : scratch(clauses.quantizer), root(scratch.add(clauses.prox.getBody())), algebra(scratch) {}

  Finding run() {
    if (!scratch.dependsOnLatent(root))
      return Finding::refuted("prox does not depend on x");
    Finding result = Finding::proved("structure: a nonnegative sum of abs and square");
    sum(root, Fraction::constant(1), result);
    if (result.verdict == Verdict::Proved)
      judgeSquares(result);
    if (result.verdict != Verdict::Proved)
      return result;
    // Of the minima around each level only one kind of term says which is the lowest.
    if (!nearest.empty() && !plain.empty())
      return Finding::refuted("prox mixes x - nearest(x) in `" + describe(nearest.front()) +
                              "` with x - a in `" + describe(plain.front()) +
                              "`: together they may pull x to another level's cell");
    for (Value term : nearest)
      if (levelsIn(term) != levelsIn(nearest.front()))
        return Finding::refuted("prox has nearest(x) of several codebooks, in `" +
                                describe(nearest.front()) + "` and in `" + describe(term) + "`");
    return result;
  }

private:
  /// A factor of a term, free of the latent.
  Fraction factorOf(Value value) {
    if (auto known = algebra.convert(value, 0, line))
      return *known;
    return Polynomial::constant(scratch.range(value, scratch.admissible()));
  }

  /// Terms of a sum, each under a coefficient.
  void sum(Value value, const Fraction &coefficient, Finding &result) {
    if (result.verdict != Verdict::Proved)
      return;
    Operation *op = value.getDefiningOp();
    auto operand = [&](unsigned i) { return op->getOperand(i); };
    if (!scratch.dependsOnLatent(value))
      return; // a constant moves no minimum
    if (op && isa<arith::AddFOp>(op)) {
      sum(operand(0), coefficient, result);
      sum(operand(1), coefficient, result);
    } else if (op && isa<arith::SubFOp>(op)) {
      sum(operand(0), coefficient, result);
      sum(operand(1), -coefficient, result);
    } else if (op && isa<arith::NegFOp>(op)) {
      sum(operand(0), -coefficient, result);
    } else {
      term(value, coefficient, result);
    }
  }

  /// c abs(e) or c e^2, whichever way the product is written, or c times a sum.
  void term(Value value, Fraction coefficient, Finding &result) {
    SmallVector<Value> factors;
    for (Value open = value; open;) {
      Operation *op = open.getDefiningOp();
      bool isProduct = isa_and_present<arith::MulFOp>(op),
           isQuotient =
               isa_and_present<arith::DivFOp>(op) && !scratch.dependsOnLatent(op->getOperand(1));
      if (!isProduct && !isQuotient) {
        factors.push_back(open);
        break;
      }
      Value a = op->getOperand(0), b = op->getOperand(1);
      if (!scratch.dependsOnLatent(a))
        std::swap(a, b);
      if (scratch.dependsOnLatent(b))
        factors.push_back(b);
      else
        coefficient = isProduct ? coefficient * factorOf(b) : quotient(coefficient, b);
      open = a;
    }
    Value whole = factors.size() == 1 ? factors[0] : value;
    Operation *op = whole.getDefiningOp();
    if (factors.size() == 1 && isa_and_present<arith::AddFOp, arith::SubFOp, arith::NegFOp>(op) &&
        whole != value)
      return sum(whole, coefficient, result);
    Value inner;
    bool isSquare = true;
    if (factors.size() == 2 && factors[0] == factors[1])
      inner = factors[0];
    else if (factors.size() == 1 && isa_and_present<math::AbsFOp>(op)) {
      inner = op->getOperand(0);
      isSquare = false;
    } else if (factors.size() == 1 && isa_and_present<math::PowFOp>(op) &&
               scratch.number(op->getOperand(1)) == 2.0)
      inner = op->getOperand(0);
    if (auto abs = inner ? inner.getDefiningOp<math::AbsFOp>() : nullptr)
      inner = abs.getOperand(); // the square of an abs
    if (!inner || !isDistance(inner)) {
      result = Finding::refuted("the term `" + describe(whole) +
                                "` of prox has no closed form: a term is abs or the square of "
                                "x - a, or of x - nearest(x)");
      return;
    }
    if (const Leaf *shared = scratch.sharedPartOf(inner); shared && !hasNearest(inner)) {
      result = Finding::refuted("the term `" + describe(whole) + "` of prox reads `" +
                                shared->name + "`, which moves with x; a `state` may keep it");
      return;
    }
    (hasNearest(inner) ? nearest : plain).push_back(whole);
    if (isSquare)
      squares.push_back({whole, inner, coefficient});
    else if (Finding found = judge(whole, coefficient); found.verdict != Verdict::Proved)
      result = found;
  }

  struct Square {
    Value whole, inner;
    Fraction coefficient;
  };

  /// c of c (x - a)^2, or of c (x - nearest(x))^2; none where the scale of what is squared is not
  /// known.
  std::optional<Fraction> strengthOf(const Square &square) {
    Fraction scale = Fraction::constant(1);
    Value rest = square.inner;
    while (!isDistanceItself(rest)) {
      Operation *op = rest.getDefiningOp();
      bool isSecond = op->getNumOperands() > 1 && scratch.dependsOnLatent(op->getOperand(1));
      if (isa<arith::MulFOp, arith::DivFOp>(op)) {
        Fraction factor = factorOf(op->getOperand(isSecond ? 0 : 1));
        if (isa<arith::DivFOp>(op) && !isNonZero(algebra.sign(factor, line)))
          return std::nullopt;
        scale = isa<arith::MulFOp>(op) ? scale * factor : scale / factor;
      }
      rest = op->getOperand(isSecond ? 1 : 0); // of a sum the offset moves the center alone
    }
    return square.coefficient * scale * scale;
  }

  static bool isNonZero(Sign sign) { return sign == Sign::Positive || sign == Sign::Negative; }

  /// x, or x - nearest(x) either way round.
  bool isDistanceItself(Value value) {
    auto difference = value.getDefiningOp<arith::SubFOp>();
    return scratch.latent()->value == value ||
           (difference && scratch.dependsOnLatent(difference.getLhs()) &&
            scratch.dependsOnLatent(difference.getRhs()));
  }

  /// Squares together are one square: of x - a whatever their centers are if they add up to more
  /// than 0, of one center if they add up to no less.
  void judgeSquares(Finding &result) {
    Fraction total;
    bool haveOneCenter = true, isKnown = true;
    for (const Square &square : squares) {
      auto strength = strengthOf(square);
      isKnown &= strength.has_value();
      total = total + strength.value_or(Fraction());
      haveOneCenter &= hasNearest(square.inner) || square.inner == squares.front().inner;
    }
    Sign together = isKnown ? algebra.sign(total, line) : Sign::Unknown;
    if (together == Sign::Positive || (haveOneCenter && isNonNegative(together)))
      return;
    for (const Square &square : squares)
      if (Finding found = judge(square.whole, square.coefficient); found.verdict != Verdict::Proved)
        result = found;
  }

  /// A term on its own.
  Finding judge(Value whole, const Fraction &coefficient) {
    if (isNonNegative(algebra.sign(coefficient, line)))
      return Finding::proved("");
    Interval range = algebra.range(coefficient, Interval::point(0));
    return Finding::refuted("the term `" + describe(whole) +
                            "` of prox has a coefficient that may be negative: it lies in [" +
                            describe(range.lo) + ", " + describe(range.hi) + "]");
  }

  Fraction quotient(const Fraction &coefficient, Value by) {
    Fraction divisor = factorOf(by);
    Sign side = algebra.sign(divisor, line);
    if (side == Sign::Positive || side == Sign::Negative)
      return coefficient / divisor;
    Interval all = interval::div(algebra.range(coefficient, Interval::point(0)),
                                 algebra.range(divisor, Interval::point(0)));
    return Polynomial::constant(all);
  }

  /// s (x - a) or s (x - nearest(x)), either way round, s and a free of the latent.
  bool isDistance(Value value) {
    auto isLatent = [&](Value v) { return scratch.latent()->value == v; };
    if (isLatent(value))
      return true;
    Operation *op = value.getDefiningOp();
    if (isa<arith::NegFOp>(op))
      return isDistance(op->getOperand(0));
    if (!isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(op))
      return false;
    Value a = op->getOperand(0), b = op->getOperand(1);
    if (isa<arith::SubFOp>(op) && (isLatent(a) || isLatent(b))) {
      auto nearest = (isLatent(a) ? b : a).getDefiningOp<NearestOp>();
      if (nearest && isLatent(nearest.getOperand()))
        return true;
    }
    if (scratch.dependsOnLatent(a) && scratch.dependsOnLatent(b))
      return false;
    if (isa<arith::DivFOp>(op) && scratch.dependsOnLatent(b))
      return false;
    return isDistance(scratch.dependsOnLatent(a) ? a : b);
  }

  static Operation *findNearest(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || isa<NearestOp>(op))
      return op;
    for (Value operand : op->getOperands())
      if (Operation *found = findNearest(operand); found && isa<NearestOp>(found))
        return found;
    return nullptr;
  }
  static bool hasNearest(Value value) { return isa_and_present<NearestOp>(findNearest(value)); }
  static Value levelsIn(Value value) { return cast<NearestOp>(findNearest(value)).getLevels(); }

  Scratch scratch;
  Value root;
  Algebra algebra;
  const Piece line{-INFINITY, INFINITY};
  SmallVector<Value> nearest, plain; ///< terms of either kind
  std::vector<Square> squares;
};

} // namespace

Finding prove::checkQ8(Clauses &clauses) {
  if (clauses.isAgile())
    return Finding::refuted("prox moves the latent, and agile mirror descent has none: use `update "
                            "lazy mirror`");
  return ProxCheck(clauses).run();
}
