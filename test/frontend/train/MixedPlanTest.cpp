// The plan of mixed precision that multipliers suggest: ranking, budgets, the lines that are left.
#include "TestFiles.h"

#include "frontend/train/MixedPlan.h"

#include <nlohmann/json.hpp>

using namespace bregman;
using namespace bregman::testing;
using namespace bregman::train;

namespace {

/// Three quantized layers of 400, 4,000 and 40,000 bytes in float, packed to a sixteenth.
Precision sizes(std::vector<Precision::Layer> layers) {
  return {{{"a.weight", 400, 25},
           {"a.bias", 40, 40},
           {"b.weight", 4000, 250},
           {"c.weight", 40000, 2500},
           {"out.weight", 100, 100}},
          {"b.weight/s", "c.weight/s"},
          std::move(layers)};
}

Precision run(double a, double b, double c) {
  return sizes({{"a", a}, {"b", b}, {"out", 9}, {"c", c}, {"output", 7}});
}

std::string refusal(const std::function<void()> &f) {
  Error error = errorOf(f);
  EXPECT_EQ(error.kind, ErrorKind::Usage);
  return error.message;
}

Plan planOf(const std::string &text) {
  Plan plan = std::move(unwrap(Program::parse("p.breg", text)).plans().front());
  return plan;
}

} // namespace

TEST(MixedPlan, RanksByTheAverage) {
  std::vector<Precision::Layer> ranking = rankLayers({run(1, 4, 0), run(3, 0, 8)});
  ASSERT_EQ(ranking.size(), 3u) << "out stays float anyway, and the output is no layer";
  EXPECT_EQ(ranking[0].name, "c");
  EXPECT_EQ(ranking[0].multiplier, 4);
  EXPECT_EQ(ranking[1].name, "a") << "of two equal ones the first";
  EXPECT_EQ(ranking[2].name, "b");
  EXPECT_EQ(ranking[2].multiplier, 2);
  std::vector<Precision::Layer> several = rankLayers({sizes({{"a", 1}, {"b", 2}, {"a#2", 3}})});
  EXPECT_EQ(several.front().name, "a");
  EXPECT_EQ(several.front().multiplier, 4) << "two constraints on one layer";
}

TEST(MixedPlan, Budgets) {
  std::vector<Precision::Layer> ranking = rankLayers({run(3, 2, 5)}); // c, a, b
  using Names = std::vector<std::string>;
  auto chosen = [&](const std::string &budget) {
    return chooseLayers(ranking, run(3, 2, 5), parseBudget(budget));
  };
  EXPECT_EQ(chosen("0"), Names());
  EXPECT_EQ(chosen("2"), (Names{"c", "a"}));
  EXPECT_EQ(chosen("3"), (Names{"c", "a", "b"}));
  // 2,915 bytes with all of them quantized; a adds 375, b 3,750, c 37,500.
  EXPECT_EQ(chosen("2915B"), Names());
  EXPECT_EQ(chosen("3.29kB"), Names{"a"});
  EXPECT_EQ(chosen("7.04kB"), (Names{"a", "b"})) << "c does not fit and leaves its place";
  EXPECT_EQ(chosen("1MB"), (Names{"c", "a", "b"}));
  EXPECT_EQ(refusal([&] { chosen("4"); }),
            "--budget 4 is more than the 3 layers that have a multiplier: c, a, b");
  EXPECT_EQ(refusal([&] { chosen("2kB"); }),
            "--budget of 2000 bytes is less than the 2915 that the network takes with every layer "
            "quantized");
  for (const char *text : {"", "two", "1.5", "-1", "3GB", "nan", "inf"})
    EXPECT_EQ(refusal([&] { parseBudget(text); }),
              std::string("--budget takes a number of layers, as 2, or bytes, as 300000B, 120kB or "
                          "1.5MB, and not '") +
                  text + "'");
}

TEST(MixedPlan, RunsThatDoNotFit) {
  EXPECT_EQ(refusal([] { rankLayers({sizes({{"output", 1}})}); }),
            "the run has no multipliers of quantized layers; train by a plan with `subject to "
            "\"layer\" ...`, once for each seed, and name those runs");
  EXPECT_EQ(refusal([] { rankLayers({run(1, 2, 3), sizes({{"a", 1}})}); }),
            "the runs do not have multipliers of the same layers; name runs of one plan and model "
            "that differ in their seed");
}

TEST(MixedPlan, LinesThatNothingIsLeftForGo) {
  Plan plan = planOf(R"(plan p {
  "*/s"                : float by sgd(lr = 0.1)
  "a.weight", "b.*"    : lsq(bits = 2) by adam(lr = 1e-3 * 0.5 ^ epoch) reset every epoch
  "c.weight"           : lsq(bits = 2) by momentum
  activations "act*"   : sign_act
  else                 : float by sgd
  minimize high
  subject to "?" (high - low) ^ 2 <= 1 multiplier 0 rate 1 every epoch
}
)");
  EXPECT_EQ(mixedPlan(plan, run(1, 2, 3), {"c", "a"}, "mixed"),
            "plan mixed {\n"
            "  \"a.weight\" : float by adam(lr = 1e-3 * 0.5 ^ epoch) reset every epoch\n"
            "  \"c.weight\" : float by momentum\n"
            "  \"*/s\" : float by sgd(lr = 0.1)\n"
            "  \"b.*\" : lsq(bits = 2) by adam(lr = 1e-3 * 0.5 ^ epoch) reset every epoch\n"
            "  activations \"act*\" : sign_act\n"
            "  else : float by sgd\n"
            "}\n");
  EXPECT_EQ(
      mixedPlan(plan, run(1, 2, 3), {"c", "b", "a"}, "all"),
      "plan all {\n"
      "  \"a.weight\", \"b.weight\" : float by adam(lr = 1e-3 * 0.5 ^ epoch) reset every epoch\n"
      "  \"c.weight\" : float by momentum\n"
      "  activations \"act*\" : sign_act\n"
      "  else : float by sgd\n"
      "}\n");
}

TEST(MixedPlan, JsonAndBack) {
  Precision before = run(1, 2, 0.5), after = precisionOf(toJson(before));
  ASSERT_EQ(after.parameters.size(), 5u);
  EXPECT_EQ(after.parameters[3].name, "c.weight");
  EXPECT_EQ(after.parameters[3].floatBytes, 40000);
  EXPECT_EQ(after.parameters[3].packedBytes, 2500);
  EXPECT_EQ(after.learned, before.learned);
  ASSERT_EQ(after.layers.size(), 5u);
  EXPECT_EQ(after.layers[3].name, "c");
  EXPECT_EQ(after.layers[3].multiplier, 0.5);
}
