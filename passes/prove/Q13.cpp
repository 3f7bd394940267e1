// Q13: agile mirror descent stores c P^-1(w), for which P(x) = R(c x) with a host scalar c > 0 and
// an R free of schedules, states and learned values.
#include "passes/prove/Describe.h"
#include "passes/prove/OverLevels.h"
#include "passes/prove/Prover.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

Finding prove::checkQ13(Clauses &clauses) {
  Scratch scratch(clauses.quantizer);
  Value root = scratch.add(clauses.project.getBody());
  if (isa<VectorType>(root.getType())) {
    SimplexMap map = simplexMapOf(scratch, root);
    if (map.map && map.isLatentScaled)
      return Finding::proved("structure: softmax of c * x");
    return Finding::refuted("over levels agile mirror descent needs softmax of c * x, not `" +
                            describe(root) + "`");
  }
  Algebra algebra(scratch);
  algebra.useScaledCoordinate(root);

  // What moves beside the coordinate.
  auto moves = [&](auto &&self, Value value) -> bool {
    if (const Leaf *leaf = scratch.leafOf(value))
      return leaf->kind == Leaf::Kind::Schedule || leaf->kind == Leaf::Kind::State ||
             leaf->kind == Leaf::Kind::Counter;
    Operation *op = value.getDefiningOp();
    return op && !algebra.isTheCoordinate(value) &&
           llvm::any_of(op->getOperands(), [&](Value operand) { return self(self, operand); });
  };
  if (!moves(moves, root))
    return Finding::proved("structure: P(x) = R(c x)");
  // The innermost term where the latent meets what moves.
  Value term;
  for (Operation &op : scratch.block()) {
    Value value = op.getResult(0);
    bool above =
        scratch.dependsOnLatent(value) && !algebra.isTheCoordinate(value) && moves(moves, value);
    bool isRoots = value == root || !value.use_empty();
    if (above && isRoots && !term)
      term = value;
  }
  return Finding::refuted("agile mirror descent needs P(x) = R(c * x), c > 0 a host scalar and R "
                          "free of schedules and states: `" +
                          describe(term ? term : root) + "` does not fit");
}
