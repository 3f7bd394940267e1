// Q14: under `chain` the derivative of the weight in the latent is not 0 everywhere, and that in a
// learned value never is.
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

#include "dialect/calculus/Emit.h"
#include "dialect/calculus/Reverse.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

/// What ends the derivative's paths: a function of the latent whose vjp in it is null.
static Operation *findStaircase(const Scratch &scratch, Value value, DenseSet<Operation *> &seen) {
  Operation *op = value.getDefiningOp();
  if (!op || !seen.insert(op).second || !scratch.dependsOnLatent(value))
    return nullptr;
  if (isa<SignOp, SgnOp, RoundOp, math::FloorOp, math::CeilOp, NearestOp, LowerOp, UpperOp,
          HardmaxOp>(op))
    return op;
  if (auto ste = dyn_cast<SteOp>(op))
    return findStaircase(scratch, ste.getSurrogate(), seen);
  for (Value operand : op->getOperands())
    if (Operation *found = findStaircase(scratch, operand, seen))
      return found;
  return nullptr;
}

/// Whether a derivative may come through `value`: to a latent, or, where `onlyShared`, to one by
/// way of a number that many weights share. A fit has none.
static bool carriesDerivative(const Scratch &scratch, Value value, bool onlyShared) {
  Operation *op = value.getDefiningOp();
  if (const Leaf *leaf = scratch.leafOf(value)) {
    auto reduce =
        leaf->kind == Leaf::Kind::Shared ? leaf->source.getDefiningOp<ReduceOp>() : ReduceOp();
    return reduce ? carriesDerivative(scratch, reduce.getOperand(), false)
                  : leaf->kind == Leaf::Kind::Latent && !onlyShared;
  }
  if (auto ste = dyn_cast<SteOp>(op))
    return carriesDerivative(scratch, ste.getSurrogate(), onlyShared);
  if (isa<SignOp, SgnOp, RoundOp, math::FloorOp, math::CeilOp, HardmaxOp, arith::CmpFOp>(op))
    return false; // flat
  if (isa<NearestOp, LowerOp, UpperOp>(op))
    return carriesDerivative(scratch, op->getOperand(1), onlyShared);
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    return carriesDerivative(scratch, operand, onlyShared);
  });
}

/// Whether a derivative that is written is 0 between any two switches, as that of an arm that is
/// never taken, and at them.
static bool isZeroPiecewise(Scratch &scratch, Value derivative) {
  const Leaf *latent = scratch.latent();
  if (!latent || isa<VectorType>(latent->value.getType()) || isa<VectorType>(derivative.getType()))
    return false;
  Algebra algebra(scratch);
  std::vector<Piece> pieces = algebra.pieces(derivative);
  if (algebra.unresolved)
    return false;
  for (const Piece &piece : pieces) {
    std::optional<Fraction> part = algebra.convert(derivative, 0, piece);
    if (!part || !part->isZero())
      return false;
    if (&piece == &pieces.back())
      break;
    if (!piece.end)
      return false;
    Piece itself{0, 0};
    itself.sample = 0;
    itself.origin = piece.origin ? *piece.origin + *piece.end : *piece.end;
    std::optional<Fraction> there = algebra.convert(derivative, 0, itself);
    if (!there || !there->isZero())
      return false;
  }
  return true;
}

/// Where the derivative of the weight in `leaf`, with what many weights share held fixed, is 0.
static bool isFlat(Scratch &scratch, Value weight, Value leaf, bool &failed) {
  OpBuilder builder(weight.getContext());
  builder.setInsertionPointToEnd(&scratch.block());
  Value one = Emit(builder, weight.getLoc()).constant(weight.getType(), 1);
  SmallVector<Value> results;
  failed = mlir::failed(differentiate(builder, weight, one, leaf, results));
  if (failed || !results[0])
    return true;
  Interval slope = scratch.range(results[0], scratch.admissible());
  // A derivative that is written, but 0.
  return (slope.isPoint() && slope.contains(0)) || isZeroPiecewise(scratch, results[0]);
}

Finding prove::checkQ14(Clauses &clauses, bool ofLatent) {
  auto weightIn = [&](Scratch &scratch) {
    return scratch.value(clauses.weight ? clauses.weight.getResult() : clauses.project.getResult());
  };
  Scratch scratch(clauses.quantizer);
  Value root = weightIn(scratch);
  SmallVector<unsigned> trained;
  for (auto [i, leaf] : llvm::enumerate(scratch.leaves()))
    if (leaf.kind == Leaf::Kind::Learned || (ofLatent && leaf.kind == Leaf::Kind::Latent))
      trained.push_back(i);
  if (ofLatent && !scratch.latent())
    return Finding::refuted("the derivative is 0 everywhere: the weight does not depend on x");
  for (auto learn : clauses.quantizer.getBody().getOps<LearnOp>()) {
    bool isRead = llvm::any_of(scratch.leaves(),
                               [&](const Leaf &leaf) { return leaf.source == learn.getResult(); });
    if (!isRead)
      return Finding::refuted("the weight does not depend on the learned value `" +
                              learn.getName() + "`, which therefore is not trained");
  }
  for (unsigned i : trained) {
    // In a scratch of its own, which the derivative may grow.
    Scratch derived(clauses.quantizer);
    Value weight = weightIn(derived);
    const Leaf leaf = derived.leaves()[i];
    bool isLatent = leaf.kind == Leaf::Kind::Latent, failed = false;
    // By way of a number that many weights share a derivative comes too.
    if (isLatent && carriesDerivative(derived, weight, /*onlyShared=*/true))
      continue;
    if (!isFlat(derived, weight, leaf.value, failed))
      continue;
    if (failed)
      return Finding::undecided("a function has no derivative");
    std::string text = "the derivative of the weight in " +
                       (isLatent ? std::string("x") : "the learned value `" + leaf.name + "`") +
                       " is 0 everywhere, so that " + (isLatent ? "nothing" : "it") +
                       (isLatent ? " is trained" : " is not trained");
    DenseSet<Operation *> seen;
    Operation *staircase = isLatent ? findStaircase(scratch, root, seen) : nullptr;
    if (!staircase)
      return Finding::refuted(text);
    std::string at = describe(staircase->getResult(0));
    return Finding::refuted(text + ": it ends at the staircase `" + at + "`; `ste(" + at +
                            ", surrogate)` gives it one");
  }
  return Finding::proved("structure: the derivative is not 0 everywhere");
}
