// Q4: a mirror map is the gradient of a convex function: per weight continuous, nondecreasing and
// not constant; over levels softmax or sparsemax of c x with c > 0.
#include "passes/prove/Describe.h"
#include "passes/prove/OverLevels.h"
#include "passes/prove/Prover.h"

using namespace bregman;
using namespace bregman::prove;

static Finding overLevels(Clauses &clauses) {
  Scratch scratch(clauses.quantizer);
  mlir::Value root = scratch.add(clauses.project.getBody());
  SimplexMap map = simplexMapOf(scratch, root);
  if (!map.map || !map.isLatentScaled)
    return Finding::refuted(
        "over levels a mirror map is softmax or sparsemax of c * x with a host "
        "scalar c > 0, not " +
        describe(clauses.project.getBody().front().getTerminator()->getOperand(0)));
  if (map.scale.lo > 0 || map.isPositive)
    return Finding::proved("structure: " + map.map->getName().stripDialect() +
                           " of c * x with c > 0");
  // An admissible setting that shows it.
  for (const Point &point : settings(scratch)) {
    auto values = scratch.evaluate(point);
    double c = map.scale.isPoint() ? map.scale.lo : 1;
    if (!map.scale.isPoint()) {
      for (mlir::Value factor : map.factors)
        c *= values.lookup(factor)[0];
      for (mlir::Value divisor : map.divisors)
        c /= values.lookup(divisor)[0];
    }
    if (!(c > 0))
      return Finding::refuted(map.map->getName().stripDialect() + " of c * x needs c > 0: c = " +
                              describe(c) + describeSetting(scratch, point));
  }
  return Finding::undecided("the factor c of x lies in [" + describe(map.scale.lo) + ", " +
                            describe(map.scale.hi) + "]");
}

/// A number that depends on other weights' latents makes the map no gradient: its Jacobian is not
/// diagonal, and not symmetric either.
static std::optional<Finding> findShared(Clauses &clauses) {
  Scratch scratch(clauses.quantizer);
  const Leaf *shared = scratch.sharedPartOf(scratch.add(clauses.project.getBody()));
  if (!shared)
    return std::nullopt;
  return Finding::refuted("a mirror map looks at one weight, but the projection reads `" +
                          shared->name + "`; a `state` may keep that number");
}

Finding prove::checkQ4(Clauses &clauses, Projection *projection) {
  if (auto shared = findShared(clauses))
    return *shared;
  return projection ? projection->isMirrorMap() : overLevels(clauses);
}
