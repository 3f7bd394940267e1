// Q13: agile mirror descent stores c P^-1(w), for which P(x) = R(c x) with a host scalar c > 0 and
// an R free of schedules, states and learned values.
#include "passes/ScaledLatent.h"
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
  ScaledLatent found =
      scaledLatent(clauses.project.getBody(), clauses.latent.getResult(),
                   [&](Value host) { return scratch.isPositive(scratch.value(host)); });
  if (!found.moved)
    return Finding::proved("structure: P(x) = R(c x)");
  return Finding::refuted("agile mirror descent needs P(x) = R(c * x), c > 0 a host scalar and R "
                          "free of schedules, states and learned values: `" +
                          describe(found.moved->getResult(0)) + "` does not fit");
}
