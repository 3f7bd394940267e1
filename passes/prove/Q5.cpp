// Q5: a mirror map stays in the hull of the levels; over levels it always does.
#include "passes/prove/Prover.h"

using namespace bregman;
using namespace bregman::prove;

Finding prove::checkQ5(Clauses &, Projection *projection) {
  return projection ? projection->staysInHull(/*mustReach=*/false)
                    : Finding::proved("structure: the simplex of the levels is their hull");
}
