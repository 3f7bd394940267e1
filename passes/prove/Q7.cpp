// Q7: agile mirror descent inverts P: strictly increasing onto the open hull of the levels; over
// levels up to a constant.
#include "passes/prove/OverLevels.h"
#include "passes/prove/Prover.h"

using namespace bregman;
using namespace bregman::prove;

Finding prove::checkQ7(Clauses &clauses, Projection *projection) {
  const std::string reason = clauses.isAgile() ? "agile mirror descent" : "`inverse`";
  if (!projection) {
    Scratch scratch(clauses.quantizer);
    SimplexMap map = simplexMapOf(scratch, scratch.add(clauses.project.getBody()));
    if (map.map && mlir::isa<SparsemaxOp>(map.map))
      return Finding::refuted(reason + " needs a projection that can be inverted up to a constant: "
                                       "sparsemax(2, 0) = sparsemax(3, 0) = (1, 0); softmax can");
    if (map.map && map.isLatentScaled && (map.scale.lo > 0 || map.isPositive))
      return Finding::proved("structure: softmax is one to one up to a constant");
    return Finding::undecided("only softmax of c * x is known to have an inverse over levels");
  }
  Finding strict = projection->isStrict(reason);
  if (strict.verdict != Verdict::Proved)
    return strict;
  Finding onto = projection->staysInHull(/*mustReach=*/true);
  if (onto.verdict == Verdict::Proved)
    return Finding::proved(strict.text + "; " + onto.text);
  return onto;
}
