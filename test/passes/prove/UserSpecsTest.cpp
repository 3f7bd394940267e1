// Projections that users write of the same ingredients, with the verdict that is right.
#include "Verdict.h"

#include "gmock/gmock.h"

using namespace bregman::test;
using testing::HasSubstr;

namespace {

class UserSpecTest : public testing::TestWithParam<Case> {};

TEST_P(UserSpecTest, hasTheRightVerdict) {
  const Case &expected = GetParam();
  std::string verdict = verdictOf(expected.spec);
  if (expected.messages.empty()) {
    EXPECT_EQ(verdict, "");
    return;
  }
  std::vector<std::string> lines;
  for (size_t at = 0; at < verdict.size();) {
    size_t end = verdict.find('\n', at);
    lines.push_back(verdict.substr(at, end - at));
    at = end + 1;
  }
  ASSERT_EQ(lines.size(), expected.messages.size()) << verdict;
  for (size_t i = 0; i < lines.size(); ++i)
    EXPECT_THAT(lines[i], HasSubstr(expected.messages[i])) << verdict;
}

auto nameOf = [](const testing::TestParamInfo<Case> &info) { return info.param.name; };

const char ternary[] = "{-1, 0, 1}";

const Case sound[] = {
    {"softsign", mirror("beta * x / (1 + abs(beta * x))"), {}},
    {"shiftedAlgebraicSigmoid", mirror("(x + 2) / sqrt(1 + (x + 2) ^ 2)"), {"Q9"}},
    {"algebraicSigmoidOfTanhs",
     mirror("tanh(x / sqrt(1 + x ^ 2) + tanh(x))"),
     {"Q5: the projection does not reach", "Q9"}},
    {"softsignOfAShift", mirror("beta * (x - 0.5) / (1 + abs(beta * (x - 0.5)))"), {"Q9"}},
    {"sumOfSaturations", mirror("(min(1, max(-1, beta * x)) + x / sqrt(1 + x ^ 2)) / 2"), {"Q9"}},
    {"softsignOfSoftsigns", mirror("clamp(2 * (x + beta * x / (1 + abs(beta * x))), -1, 1)"), {}},
    {"softsignWithTheLatentItself", mirror("x / (1 / beta + abs(x))"), {}},
    {"agileSoftsign", mirror("beta * x / (1 + abs(beta * x))", "{-1, 1}", "agile"), {}},
    {"algebraicSigmoid", mirror("beta * x / sqrt(1 + (beta * x) ^ 2)"), {}},
    {"agileAlgebraicSigmoid",
     mirror("beta * x / sqrt(1 + (beta * x) ^ 2)", "{-1, 1}", "agile"),
     {}},
    {"algebraicSigmoidByThePower", mirror("beta * x * (1 + (beta * x) ^ 2) ^ -0.5"), {}},
    {"sigmoid", mirror("2 * sigmoid(beta * x) - 1"), {}},
    // 1 / tanh(2) is rounded before it meets a weight.
    {"tanhOfTanhScaledByAConstant", mirror("tanh(2 * tanh(beta * x)) / tanh(2)"), {}},
    {"sigmoidOntoTheUnitInterval",
     mirror("sigmoid(beta * x)", "{0, 1}", "lazy", ""),
     {"Q9"}}, // the tie of {0, 1} is 1/2, that of the sigmoid 0
    {"sigmoidAroundTheTie", mirror("sigmoid(beta * (x - 0.5))", "{0, 1}"), {}},
    {"agileSigmoid", mirror("2 * sigmoid(beta * x) - 1", "{-1, 1}", "agile"), {}},
    {"exponentials",
     mirror("(exp(beta * x) - exp(-beta * x)) / (exp(beta * x) + exp(-beta * x))"),
     {"warning: Q12: the weight is not finite at x = 128: `exp(beta * x)` is infinite"}},
    {"exponentialsOnce", mirror("1 - 2 / (exp(2 * beta * x) + 1)"), {}},
    {"shiftedTanhs", mirror("(tanh(beta * (x + 0.5)) + tanh(beta * (x - 0.5))) / 2", ternary), {}},
    {"threeShiftedTanhs",
     mirror("(tanh(beta * (x + 1)) + tanh(beta * x) + tanh(beta * (x - 1)))", "{-3, -1, 1, 3}"),
     {"Q9"}},
    {"weightedTanhs", mirror("0.75 * tanh(beta * x) + 0.25 * tanh(2 * beta * x)"), {}},
    {"asymmetricLevels",
     mirror("tanh(beta * x)", "{-1, 2}"),
     {"Q5: the projection does not reach the level 2: it tends to 1, a gap of 1", "Q9"}},
    {"asymmetricTanh", mirror("0.5 + 1.5 * tanh(beta * (x - 0.5))", "{-1, 2}"), {}},
    {"lazyClamp", mirror("clamp(beta * x, -1, 1)"), {}},
    {"clampOfTanh", mirror("clamp(2 * tanh(beta * x), -1, 1)"), {}},
    {"softNearest", mirror("soft_nearest(x, 2 * beta)", "{-2, -1, 1, 2}"), {}},
    {"softNearestOfUnevenLevels", mirror("soft_nearest(x, beta)", "{-3, -1, 0, 2}"), {}},
    {"minAndMax", mirror("max(-1, min(1, beta * x))"), {}},
    {"softsignBySign", mirror("sign(x) * (1 - 1 / (1 + beta * abs(x)))"), {}},
    {"hardTanhByIf", mirror("if x < -1 then -1 else if x > 1 then 1 else x"), {"Q9"}},
    {"piecewiseSlopes", mirror("if x < 0 then tanh(beta * x) else tanh(2 * beta * x)"), {}},
    {"approxSignsParabola",
     mirror("if x < -1 then -1 else if x < 0 then 2 * x + x ^ 2 else if x < 1 then 2 * x - x ^ 2 "
            "else 1"),
     {"Q9"}},
    {"tanhOfACubic", mirror("tanh(beta * (x + x ^ 3))"), {}},
    {"tanhOfAMonotoneCubic", mirror("tanh(x ^ 3 - x ^ 2 + x)"), {"Q9"}},
    {"cubeRootFreeSmoothstep",
     mirror("clamp(1.5 * clamp(x, -1, 1) - 0.5 * clamp(x, -1, 1) ^ 3, -1, 1)"),
     {"Q9"}},
    {"smoothWiggle", mirror("tanh(x + 0.4 * tanh(3 * x))"), {"Q9"}},
    {"doublyTanh", mirror("tanh(beta * x) * (3 - tanh(beta * x) ^ 2) / 2"), {}},
    {"averageOfSoftsignAndTanh",
     mirror("(tanh(beta * x) + beta * x / (1 + abs(beta * x))) / 2"),
     {}},
    {"softmaxOverLevels",
     "quantizer q(k in [0.5, 8] = 1) { levels {-1, 0, 1} latent x[level] = levels * w0 project u = "
     "softmax(k * x) weight w = sum(levels * u) update lazy mirror final sum(levels * hardmax(x)) "
     "}",
     {"Q9"}},
    {"sparsemaxOverLevels",
     "quantizer q { levels {-1, 1} latent x[level] = levels * w0 project u = sparsemax(3 * x) "
     "weight w = sum(levels * u) update lazy mirror final sum(levels * hardmax(x)) }",
     {"Q9"}},
};

const Case refused[] = {
    {"tooSteep",
     mirror("1.1 * tanh(beta * x)"),
     {"Q5: the projection leaves the hull [-1, 1] of the levels: P(-2) = -1.06043036 at beta = 1"}},
    {"identity", mirror("x"), {"Q5: the projection leaves the hull"}},
    {"decreasing", mirror("-tanh(beta * x)"), {"Q4: the projection is not monotone: P(-"}},
    {"bump", mirror("tanh(x - 0.5 * x ^ 3)"), {"Q4: the projection is not monotone: P("}},
    {"sineLikeBump",
     mirror("clamp(x - x ^ 3 / 6 + x ^ 5 / 120, -1, 1) * 0.5 + 0.5 * tanh(x - 0.4 * x ^ 3)"),
     {"Q4: the projection is not monotone"}},
    {"smallBump", mirror("tanh(x ^ 3 - 1.8 * x ^ 2 + x)"), {"Q4: the projection is not monotone"}},
    {"gaussianBump",
     mirror("tanh(x) * (1 - 0.9 * exp(-(x - 1) ^ 2))"),
     {"Q4: the projection is not monotone"}},
    {"even", mirror("tanh(beta * abs(x))"), {"Q4: the projection is not monotone"}},
    {"square", mirror("tanh(x ^ 2)"), {"Q4: the projection is not monotone"}},
    {"constant", mirror("0.5 + 0 * x"), {"Q4: the projection is constant"}},
    {"jump",
     mirror("tanh(x) / 2 + sign(x) / 2"),
     {"Q4: the projection jumps at x = 0 from -0.5 to 0.5"}},
    {"staircaseInAMirror", mirror("sign(x)"), {"Q4: the projection"}},
    {"roundInAMirror", mirror("round(clamp(x, -1, 1))", ternary), {"Q4: the projection"}},
    {"ifThatJumps",
     mirror("if x < 0 then tanh(x) else tanh(x + 1)"),
     {"Q4: the projection jumps at x = 0"}},
    {"ifThatFalls",
     mirror("if x < 1 then tanh(x) else tanh(x - 1)"),
     {"Q4: the projection is not monotone"}},
    {"slopeThatMayBeZero",
     "quantizer q(a in [0, 2] = 1) { levels {-1, 1} project w = tanh(a * x) update lazy mirror "
     "final sign(x) }",
     {"Q4"}},
    {"slopeThatMayBeNegative",
     "quantizer q(a in [-1, 2] = 1) { levels {-1, 1} project w = tanh(a * x) update lazy mirror "
     "final sign(x) }",
     {"Q4: the projection is constant at a = 0"}},
    {"softmaxOfANegativeScale",
     "quantizer q(k = 1) { levels {-1, 1} latent x[level] = levels * w0 project u = softmax(-k * "
     "x) "
     "weight w = sum(levels * u) update lazy mirror final sum(levels * hardmax(x)) }",
     {"Q4: softmax of c * x needs c > 0: c = -1"}},
    {"hardmaxInAMirror",
     "quantizer q { levels {-1, 1} latent x[level] = levels * w0 project u = hardmax(x) "
     "weight w = sum(levels * u) update lazy mirror final sum(levels * hardmax(x)) }",
     {"Q4: over levels a mirror map is softmax or sparsemax of c * x"}},
    {"agileClamp",
     mirror("clamp(beta * x, -1, 1)", "{-1, 1}", "agile"),
     {"Q7: agile mirror descent needs a strictly increasing projection: P(-2) = P(-1) = -1 at beta "
      "= 1"}},
    {"agileSparsemax",
     "quantizer q { levels {-1, 1} latent x[level] = levels * w0 project u = sparsemax(x) "
     "weight w = sum(levels * u) update agile mirror final sum(levels * hardmax(u)) }",
     {"Q7: agile mirror descent needs a projection that can be inverted"}},
    {"agileNotOnto",
     mirror("0.9 * tanh(beta * x)", "{-1, 1}", "agile"),
     {"warning: Q5: the projection does not reach the level -1: it tends to -0.9", "Q7"}},
    {"agileShiftedTanh",
     mirror("(tanh(beta * (x + 0.5)) + tanh(beta * (x - 0.5))) / 2", ternary, "agile"),
     {"Q13: agile mirror descent needs P(x) = R(c * x)"}},
    {"agileOfTwoScales", mirror("(tanh(beta * x) + tanh(x)) / 2", "{-1, 1}", "agile"), {"Q13"}},
};

const Case warned[] = {
    {"short",
     mirror("0.9 * tanh(beta * x)"),
     {"warning: Q5: the projection does not reach the level -1: it tends to -0.9, a gap of 0.1",
      "Q9"}},
    {"neverHard",
     mirror("tanh(x)"),
     {"warning: Q9: the projection, which no schedule sharpens, is not"}},
};

std::string endingIn(const std::string &final, const std::string &levels = "{-1, 1}",
                     const std::string &before = "") {
  return "quantizer q { " + before + " levels " + levels + " final " + final + " }";
}

const Case finals[] = {
    {"sign", endingIn("sign(x)"), {}},
    {"nearest", endingIn("nearest(x)", ternary), {}},
    {"nearestOfAnything", endingIn("nearest(3 * x ^ 2 - tanh(x))", ternary), {}},
    {"nearestOfASubset", endingIn("nearest(x, {-1, 1})", ternary), {}},
    {"ifOfLevels", endingIn("if x > 0.7 then 1 else if x < -0.7 then -1 else 0", ternary), {}},
    {"sgnOverTernary", endingIn("sgn(x)", ternary), {}},
    {"scaledSign", endingIn("2 * sign(x)", "{-2, 2}"), {}},
    {"signOfTwoBits", endingIn("sign(x) + 0.5 * sign(x - sign(x))", "{-1.5, -0.5, 0.5, 1.5}"), {}},
    {"roundOfClamp", endingIn("round(clamp(x, -2, 1))", "{-2, -1, 0, 1}"), {}},
    {"bySteps", endingIn("if x < 0 then -1 else 1"), {}},
    {"latentItself", endingIn("x"), {"Q6: final is not a level: at x = "}},
    {"signOverOtherLevels",
     endingIn("sign(x)", "{-2, 2}"),
     {"at x = 0 it is 1, and the levels are -2, 2"}},
    {"nearestOfAnotherSet",
     endingIn("nearest(x, {-1, 0, 1})"),
     {"it is 0, and the levels are -1, 1"}},
    {"sgnOverTwoLevels", endingIn("sgn(x)"), {"Q6: final is not a level: at x = 0 it is 0"}},
    {"softFinal", endingIn("tanh(x)"), {"Q6: final is not a level"}},
    {"oneArmIsNoLevel",
     endingIn("if x > 3 then 0.5 else sign(x)"),
     {"Q6: final is not a level: at x = "}},
};

const Case codebooks[] = {
    {"mergedForSomeValues",
     "quantizer q(a in [0, 1] = 0.5) { levels {-a, a} final nearest(x) }",
     {}},
    {"scaled", "quantizer q(a in [1, 2] = 1) { levels a * {-1, 0, 1} final nearest(x) }", {}},
};

std::string chain(const std::string &projection, const std::string &final = "sign(x)") {
  return "quantizer q { levels {-1, 1} project w = " + projection + " update chain final " + final +
         " }";
}

const Case chains[] = {
    {"tanh", chain("tanh(x)"), {"Q9"}},
    {"ste", chain("ste(sign(x), clamp(x, -1, 1))"), {}},
    {"sign",
     chain("sign(x)"),
     {"Q14: the derivative of the weight in x is 0 everywhere, so that nothing is trained: it ends "
      "at "
      "the staircase `sign(x)`; `ste(sign(x), surrogate)` gives it one"}},
    {"nearest", chain("nearest(tanh(x))", "nearest(x)"), {"Q14"}},
    {"detached", chain("ste(tanh(x), 0)"), {"Q14"}},
    {"cancelled", chain("sign(x) * (1 + abs(x)) / (1 + abs(x))"), {"Q14"}},
    {"partly", chain("sign(x) * (1 + abs(x)) / (2 + abs(x))"), {"Q9"}},
};

std::string prox(const std::string &term) {
  return "quantizer q(rate = 1e-4) { levels {-1, 1} prox " + term + " final sign(x) }";
}

const Case proxes[] = {
    {"abs", prox("rate * abs(x)"), {}},
    {"square", prox("rate * x ^ 2 / 2"), {}},
    {"wShape", prox("rate * epoch * abs(x - nearest(x))"), {}},
    {"sum", prox("rate * abs(x - 1) + rate * (x + 1) ^ 2"), {}},
    {"negative",
     prox("-rate * abs(x)"),
     {"Q8: the term `abs(x)` of prox has a coefficient that may be negative"}},
    {"difference",
     prox("abs(x) - 2 * (x - 1) ^ 2"),
     {"Q8: the term `(x - 1)^2` of prox has a coefficient that may be negative"}},
    {"tanh", prox("abs(tanh(x))"), {"Q8: the term `abs(tanh(x))` of prox has no closed form"}},
    {"linear", prox("rate * x"), {"Q8: the term `x` of prox has no closed form"}},
    {"withAgile",
     "quantizer q { levels {-1, 1} project w = tanh(x) update agile mirror prox abs(x) final "
     "sign(w) }",
     {"Q8: prox moves the latent"}},
};

INSTANTIATE_TEST_SUITE_P(Sound, UserSpecTest, testing::ValuesIn(sound), nameOf);
INSTANTIATE_TEST_SUITE_P(Refused, UserSpecTest, testing::ValuesIn(refused), nameOf);
INSTANTIATE_TEST_SUITE_P(Warned, UserSpecTest, testing::ValuesIn(warned), nameOf);
INSTANTIATE_TEST_SUITE_P(Q6, UserSpecTest, testing::ValuesIn(finals), nameOf);
INSTANTIATE_TEST_SUITE_P(Q1, UserSpecTest, testing::ValuesIn(codebooks), nameOf);
INSTANTIATE_TEST_SUITE_P(Q14, UserSpecTest, testing::ValuesIn(chains), nameOf);
INSTANTIATE_TEST_SUITE_P(Q8, UserSpecTest, testing::ValuesIn(proxes), nameOf);

} // namespace
