// Q13: agile mirror descent stores c P^-1(w), for which P(x) = R(c x) with a host scalar c > 0 and
// an R free of schedules, states and learned values.
#include "passes/Homogeneous.h"
#include "passes/prove/Describe.h"
#include "passes/prove/OverLevels.h"
#include "passes/prove/Prover.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

/// c in the language's words, as `beta^0.5 / T`.
static std::string describeScale(const Homogeneity &gathered) {
  std::string over, under;
  for (const Homogeneity::Factor &factor : gathered.scale) {
    std::optional<double> number = Exponents::numberOf(factor.power);
    bool divides = number && *number < 0;
    std::string power =
        number ? describe(std::abs(*number)) : gathered.exponents.text(factor.power);
    std::string scalar = describe(factor.scalar);
    bool isAlone = gathered.scale.size() == 1 && number == 1.0;
    if (!isAlone && scalar.find(' ') != std::string::npos)
      scalar = "(" + scalar + ")";
    std::string &side = divides ? under : over;
    side += (side.empty() ? ""
             : divides    ? " / "
                          : " * ") +
            scalar + (power == "1" ? "" : "^" + power);
  }
  return (over.empty() ? "1" : over) + (under.empty() ? "" : " / " + under);
}

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
  Region &body = clauses.project.getBody();
  Value latent = clauses.latent.getResult();
  auto isPositive = [&](Value host) { return scratch.isPositive(scratch.value(host)); };
  ScaledLatent found = scaledLatent(body, latent, isPositive);
  if (!found.moved)
    return Finding::proved("structure: P(x) = R(c x)");
  if (auto gathered = homogeneityOf(body, latent, isPositive))
    return Finding::proved("structure: P(x) = R(c x) with c = " + describeScale(*gathered));
  return Finding::refuted("agile mirror descent needs P(x) = R(c * x), c > 0 a host scalar and R "
                          "free of schedules, states and learned values: `" +
                          describe(found.moved->getResult(0)) + "` does not fit");
}
