// The methods of the field, as the language's page writes them, are sound; each with one thing
// wrong is refused by the rule that says so.
#include "Verdict.h"

#include "gmock/gmock.h"

#include <fstream>
#include <regex>
#include <sstream>

using namespace bregman::test;

namespace {

std::string contents(const std::string &path) {
  std::stringstream text;
  text << std::ifstream(std::string(BREGMAN_SOURCE_DIR) + path).rdbuf();
  return text.str();
}

std::string field() { return contents("/test/frontend/spec/Inputs/appendix.breg"); }

/// The text of one quantizer; empty where there is none of the name.
std::string quantizerOf(const std::string &name) {
  std::smatch found;
  std::string text = field() + "\n" + contents("/examples/specs/" + name + ".breg");
  std::regex start("(^|\n)(quantizer " + name + "[ (][^]*?\n\\})");
  return std::regex_search(text, found, start) ? std::string(found[2]) : "";
}

std::vector<std::string> quantizers() {
  std::vector<std::string> names;
  std::string text = field();
  std::regex start("(^|\n)quantizer (\\w+)");
  for (std::sregex_iterator at(text.begin(), text.end(), start), end; at != end; ++at)
    if (!std::string((*at)[2]).ends_with("_act")) // of activations: another rule's matter
      names.push_back((*at)[2]);
  return names;
}

TEST(FieldTest, everyMethodIsSound) {
  ASSERT_GE(quantizers().size(), 25u);
  for (const std::string &name : quantizers()) {
    std::string verdict = verdictOf(quantizerOf(name) + "\n");
    // The tanh of bayes_bnn never hardens by itself; the others divide by what is 0 in a tensor of
    // zeros, as their papers do.
    std::string expected =
        name == "bayes_bnn" ? "warning: Q9: the projection, which no schedule "
        : name == "dorefa" || name == "dorefa_pd" || name == "ir_net"
            ? "warning: Q12: the weight is not finite where every weight of a tensor has x = 0: "
        : name == "quantization_networks" ? "warning: Q12: the learned value `b` is not finite "
                                            "where every weight of a tensor has "
                                            "x = 0: `1.25 / max(abs(x) per tensor)` is infinite"
                                          : "";
    EXPECT_EQ(verdict.substr(0, expected.size()), expected) << name;
    EXPECT_EQ(verdict.empty(), expected.empty()) << name << ": " << verdict;
  }
}

struct Twin {
  const char *name, *method, *from, *to, *message;
};
void PrintTo(const Twin &twin, std::ostream *out) { *out << twin.name; }

class TwinTest : public testing::TestWithParam<Twin> {};

TEST_P(TwinTest, isRefused) {
  const Twin &twin = GetParam();
  std::string text = quantizerOf(twin.method);
  size_t at = text.find(twin.from);
  ASSERT_NE(at, std::string::npos) << text;
  text.replace(at, std::string(twin.from).size(), twin.to);
  EXPECT_THAT(verdictOf(text + "\n"), testing::HasSubstr(twin.message)) << text;
}

const Twin twins[] = {
    {"finalOfOtherLevels", "lsq", "final     nearest(x)", "final     sign(x)",
     "error: Q6: final is not a level: "},
    {"roundedWithoutSurrogate", "lsq", "ste(round(z), z)", "round(z)",
     "error: Q14: the derivative of the weight in x is 0 everywhere"},
    {"stepUnread", "lsq", "s * ste(round(z), z)", "x",
     "error: Q14: the weight does not depend on the learned value `s`"},
    {"thresholdForALevel", "twn", "final     w", "final     d * sign(x)",
     "error: Q6: final is not a level: "},
    {"sidesExchanged", "ttq", "levels    {-n, 0, p}", "levels    {-p, 0, n}",
     "error: Q6: final is not a level: "},
    {"scaleForgotten", "bwn", "final     nearest(x)", "final     sign(x)",
     "error: Q6: final is not a level: "},
    {"detachedScaleAndNoSurrogate", "ir_net", "s * ste(sign(z), max(1 / t, 1) * tanh(t * z))",
     "s * sign(z)", "error: Q14: "},
    {"anotherLearnedScale", "quantization_networks", "levels    a * {-1, 1}",
     "levels    b * {-1, 1}", "error: Q6: final is not a level: "},
    {"scaledTwice", "dorefa", "final     nearest(w)", "final     2 * nearest(w)",
     "error: Q6: final is not a level: "},
    {"zeroIsNoLevel", "lab", "final     a * sign(x)", "final     a * sgn(x)",
     "error: Q6: final is not a level: "},
    {"zeroForgotten", "proxquant_ternary", "levels    {n, 0, p}", "levels    {n, p}",
     "error: Q6: final is not a level: "},
    {"softFinal", "parq", "final     nearest(x)", "final     x",
     "error: Q6: final is not a level: "},
    {"steeper", "md_levels_s", "soft_nearest(x, 2 * beta)", "1.1 * soft_nearest(x, 2 * beta)",
     "error: Q5: the projection leaves the hull [-2, 2] of the levels: "},
    {"centred", "md_tanh_s", "tanh(beta * x)", "tanh(beta * (x - mean(x per tensor)))",
     "error: Q4: a mirror map looks at one weight, but the projection reads `mean(x per tensor)`"},
    {"shiftedAndAgile", "md_tanh", "tanh(beta * x)", "tanh(beta * (x - 0.1))",
     "error: Q13: agile mirror descent needs P(x) = R(c * x)"},
    {"fallingSoftmax", "md_softmax", "softmax(beta * x)", "softmax(-beta * x)",
     "error: Q4: softmax of c * x needs c > 0"},
    {"levelTwice", "md_ternary_s", "levels    {-1, 0, 1}", "levels    {-1, 1, 1}",
     "error: Q1: levels increase as they are written"},
    {"levelsOutOfOrder", "md_ternary_s", "levels    {-1, 0, 1}", "levels    {-1, 1, 0}",
     "error: Q1: levels increase as they are written"},
    {"linearProx", "proxquant", "abs(x - nearest(x))", "(x - nearest(x))", "error: Q8: the term "},
};

INSTANTIATE_TEST_SUITE_P(Field, TwinTest, testing::ValuesIn(twins),
                         [](const testing::TestParamInfo<Twin> &info) { return info.param.name; });

} // namespace
