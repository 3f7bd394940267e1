// Q8: prox has a closed form for nonnegative sums of abs and square of x - a, or of
// y = x - nearest(x).
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

namespace {

class ProxCheck {
public:
  explicit ProxCheck(Clauses &clauses)
      : scratch(clauses.quantizer), root(scratch.add(clauses.prox.getBody())) {}

  Finding run() {
    if (!scratch.dependsOnLatent(root))
      return Finding::refuted("prox does not depend on x");
    Finding result = Finding::proved("structure: a nonnegative sum of abs and square");
    sum(root, Interval::point(1), result);
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
  /// Terms of a sum, each under a coefficient.
  void sum(Value value, Interval coefficient, Finding &result) {
    if (result.verdict != Verdict::Proved)
      return;
    Operation *op = value.getDefiningOp();
    auto operand = [&](unsigned i) { return op->getOperand(i); };
    auto free = [&](unsigned i) { return !scratch.dependsOnLatent(op->getOperand(i)); };
    if (!scratch.dependsOnLatent(value))
      return; // a constant moves no minimum
    auto range = [&](unsigned i) { return scratch.range(op->getOperand(i), scratch.admissible()); };
    if (op && isa<arith::AddFOp>(op)) {
      sum(operand(0), coefficient, result);
      sum(operand(1), coefficient, result);
    } else if (op && isa<arith::SubFOp>(op)) {
      sum(operand(0), coefficient, result);
      sum(operand(1), interval::neg(coefficient), result);
    } else if (op && isa<arith::NegFOp>(op)) {
      sum(operand(0), interval::neg(coefficient), result);
    } else if (op && isa<arith::MulFOp>(op) && (free(0) || free(1))) {
      unsigned factor = free(0) ? 0 : 1;
      sum(operand(1 - factor), interval::mul(coefficient, range(factor)), result);
    } else if (op && isa<arith::DivFOp>(op) && free(1)) {
      sum(operand(0), interval::div(coefficient, range(1)), result);
    } else {
      term(value, coefficient, result);
    }
  }

  /// c abs(e) or c e^2.
  void term(Value value, Interval coefficient, Finding &result) {
    Operation *op = value.getDefiningOp();
    Value inner;
    if (op && isa<math::AbsFOp>(op))
      inner = op->getOperand(0);
    else if (op && isa<arith::MulFOp>(op) && op->getOperand(0) == op->getOperand(1))
      inner = op->getOperand(0);
    else if (op && isa<math::PowFOp>(op) && scratch.number(op->getOperand(1)) == 2.0)
      inner = op->getOperand(0);
    if (auto abs = inner ? inner.getDefiningOp<math::AbsFOp>() : nullptr)
      inner = abs.getOperand(); // the square of an abs
    if (!inner || !isDistance(inner)) {
      result = Finding::refuted("the term `" + describe(value) +
                                "` of prox has no closed form: a term is abs or the square of "
                                "x - a, or of x - nearest(x)");
      return;
    }
    if (const Leaf *shared = scratch.sharedPartOf(inner); shared && !hasNearest(inner)) {
      result = Finding::refuted("the term `" + describe(value) + "` of prox reads `" +
                                shared->name + "`, which moves with x; a `state` may keep it");
      return;
    }
    (hasNearest(inner) ? nearest : plain).push_back(value);
    if (!(coefficient.lo >= 0))
      result = Finding::refuted("the term `" + describe(value) +
                                "` of prox has a coefficient that may be negative: it lies in [" +
                                describe(coefficient.lo) + ", " + describe(coefficient.hi) + "]");
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
  SmallVector<Value> nearest, plain; ///< terms of either kind
};

} // namespace

Finding prove::checkQ8(Clauses &clauses) {
  if (clauses.isAgile())
    return Finding::refuted("prox moves the latent, and agile mirror descent has none: use `update "
                            "lazy mirror`");
  return ProxCheck(clauses).run();
}
