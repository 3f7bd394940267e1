// Each rule of the prover: a spec that it accepts, with the proof, and one that it refuses, with
// the whole message. Q1 and what shared values bring are in the .mlir files beside it; Q2, Q3, Q15
// and Q16 are the front end's, Q10 and Q11 the program's.
#include "Verdict.h"

#include "gmock/gmock.h"

using namespace bregman::test;

namespace {

struct Rule {
  const char *name;
  std::string good, proof, bad, message;
};
void PrintTo(const Rule &rule, std::ostream *out) { *out << rule.name; }

class RuleTest : public testing::TestWithParam<Rule> {};

TEST_P(RuleTest, isProvedAndRefused) {
  const Rule &rule = GetParam();
  EXPECT_THAT(proofsOf(rule.good), testing::HasSubstr(rule.proof + "\n"));
  EXPECT_THAT(verdictOf(rule.good), testing::Not(testing::HasSubstr(rule.name)));
  EXPECT_EQ(verdictOf(rule.bad), rule.message);
}

std::string hard(const std::string &clauses) { return "quantizer q { " + clauses + " }"; }

const Rule rules[] = {
    {"Q4", mirror("erf(beta * x)"), "Q4: structure: composed of nondecreasing functions",
     mirror("tanh(x) * (1 - tanh(x) ^ 2)"),
     "error: Q4: the projection is not monotone: P(-2) = -0.0681093437 > P(-0.75) = "
     "-0.378920851\n"},
    {"Q5", mirror("erf(beta * x)"), "Q5: structure: the limits are the outermost levels",
     mirror("1.5 * erf(beta * x)"),
     "error: Q5: the projection leaves the hull [-1, 1] of the levels: P(-2) = -1.4929834 at beta "
     "= 1\n"},
    {"Q6", hard("levels {-1, 0, 1} final if x > 0.5 then 1 else if x < -0.5 then -1 else 0"),
     "Q6: structure: a level in each case", hard("levels {-1, 1} final sgn(x)"),
     "error: Q6: final is not a level: at x = 0 it is 0, and the levels are -1, 1\n"},
    {"Q7", mirror("erf(beta * x)", "{-1, 1}", "agile"),
     "Q7: strictly increasing: structure: composed of nondecreasing functions; structure: the "
     "limits are the outermost levels",
     mirror("clamp(beta * x, -1, 1)", "{-1, 1}", "agile"),
     "error: Q7: agile mirror descent needs a strictly increasing projection: P(-2) = P(-1) = -1 "
     "at beta = 1\n"},
    {"Q8", hard("levels {-1, 1} prox 0.1 * abs(x - nearest(x)) final sign(x)"),
     "Q8: structure: a nonnegative sum of abs and square",
     hard("levels {-1, 1} prox 0.1 * abs(x ^ 3) final sign(x)"),
     "error: Q8: the term `abs(x^3)` of prox has no closed form: a term is abs or the square of x "
     "- a, or of x - nearest(x)\n"},
    {"Q9", mirror("erf(beta * x)"), "Q9: samples: the weight tends to final", mirror("erf(x)"),
     "warning: Q9: the projection, which no schedule sharpens, is not `final`: at x = 0.318309886 "
     "w = 0.347403596 and final = 1\n"},
    {"Q12",
     hard("levels {-1, 1} project w = ste(sign(x), x / (1 + max(abs(x) per tensor))) update chain "
          "final sign(x)"),
     "Q12: samples: finite in f32 up to 2^60, and where all weights are equal",
     hard("levels {-1, 1} project w = ste(sign(x), x) * (std(x per channel) / std(x per channel)) "
          "update chain final sign(x)"),
     "warning: Q12: the weight is not finite where every weight of a tensor has x = 0: `std(x per "
     "channel) / std(x per channel)` is NaN\n"},
    {"Q13", mirror("erf(x * beta)", "{-1, 1}", "agile"), "Q13: structure: P(x) = R(c x)",
     mirror("erf(beta * x + 1 / beta)", "{-1, 1}", "agile"),
     "error: Q13: agile mirror descent needs P(x) = R(c * x), c > 0 a host scalar and R free of "
     "schedules, states and learned values: `beta * x + 1 / beta` does not fit\n"},
    {"Q14", hard("levels {-1, 1} project w = ste(sign(x), tanh(x)) update chain final sign(x)"),
     "Q14: structure: the derivative is not 0 everywhere",
     hard("levels {-1, 1} project w = nearest(x) update chain final nearest(x)"),
     "error: Q14: the derivative of the weight in x is 0 everywhere, so that nothing is trained: "
     "it ends at the staircase `nearest(x, {-1, 1})`; `ste(nearest(x, {-1, 1}), surrogate)` gives "
     "it one\n"},
};

// Q7 says who asks for an inverse.
TEST(Rules, InverseInTheLatent) {
  auto starting = [](const std::string &latent, const std::string &project) {
    return hard(
        "levels {-1, 0, 1} " + latent + " " + project + " update lazy mirror final " +
        (latent.find("[level]") == std::string::npos ? "nearest(x)" : "sum(levels * hardmax(x))"));
  };
  const std::string overLevels = "latent x[level] = inverse(softmax(levels * w0 / (1 + abs(w0))))",
                    weight = " weight w = sum(levels * u)";
  EXPECT_THAT(verdictOf(starting("latent x = inverse(w0 / 2)", "project w = clamp(x, -1, 1)")),
              testing::HasSubstr("error: Q7: `inverse` needs a strictly increasing projection: "
                                 "P(-2) = P(-1) = -1\n"));
  EXPECT_THAT(verdictOf(starting(overLevels, "project u = sparsemax(x)" + weight)),
              testing::HasSubstr("error: Q7: `inverse` needs a projection that can be inverted up "
                                 "to a constant: sparsemax(2, 0) = sparsemax(3, 0) = (1, 0); "
                                 "softmax can\n"));
  EXPECT_THAT(proofsOf(starting(overLevels, "project u = softmax(x)" + weight)),
              testing::HasSubstr("Q7: structure: softmax is one to one up to a constant\n"));
}

INSTANTIATE_TEST_SUITE_P(Rules, RuleTest, testing::ValuesIn(rules),
                         [](const testing::TestParamInfo<Rule> &info) { return info.param.name; });

} // namespace
