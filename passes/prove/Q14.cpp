// Q14: under `chain` the derivative of the weight in the latent is not 0 everywhere.
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

Finding prove::checkQ14(Clauses &clauses) {
  Scratch scratch(clauses.quantizer);
  Value root =
      scratch.value(clauses.weight ? clauses.weight.getResult() : clauses.project.getResult());
  if (!scratch.latent())
    return Finding::refuted("the derivative is 0 everywhere: the weight does not depend on x");
  DenseSet<Operation *> seen;
  Operation *staircase = findStaircase(scratch, root, seen);

  // In a scratch of its own, which the derivative may grow.
  Scratch derived(clauses.quantizer);
  Value weight =
      derived.value(clauses.weight ? clauses.weight.getResult() : clauses.project.getResult());
  OpBuilder builder(weight.getContext());
  builder.setInsertionPointToEnd(&derived.block());
  Value one = Emit(builder, weight.getLoc()).constant(weight.getType(), 1);
  SmallVector<Value> results;
  if (failed(differentiate(builder, weight, one, derived.latent()->value, results)))
    return Finding::undecided("a function has no derivative");
  bool zero = !results[0];
  if (results[0]) // a derivative that is written, but 0
    zero = derived.range(results[0], derived.admissible()).contains(0) &&
           derived.range(results[0], derived.admissible()).isPoint();
  if (!zero)
    return Finding::proved("structure: the derivative is not 0 everywhere");
  if (!staircase)
    return Finding::refuted("the derivative of the weight in x is 0 everywhere, so that nothing is "
                            "trained");
  std::string text = describe(staircase->getResult(0));
  return Finding::refuted("the derivative of the weight in x is 0 everywhere, so that nothing is "
                          "trained: it ends at the staircase `" +
                          text + "`; `ste(" + text + ", surrogate)` gives it one");
}
