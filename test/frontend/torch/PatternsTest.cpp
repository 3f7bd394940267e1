// Patterns of plans, and rule Q10.
#include "frontend/torch/Patterns.h"

#include <gtest/gtest.h>

using namespace bregman;

TEST(Patterns, AreAnchored) {
  EXPECT_TRUE(matches("conv1.weight", "conv1.weight"));
  EXPECT_FALSE(matches("conv1", "conv1.weight"));
  EXPECT_FALSE(matches("weight", "conv1.weight"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "x"));
}

TEST(Patterns, StarIsAnyRunButNoSlash) {
  EXPECT_TRUE(matches("*", "layer1.0.conv.weight"));
  EXPECT_TRUE(matches("*.weight", "layer1.0.conv.weight"));
  EXPECT_TRUE(matches("layer*conv*", "layer1.0.conv.weight"));
  EXPECT_TRUE(matches("a*b*c", "abbbbc"));
  EXPECT_FALSE(matches("a*b*c", "abbbbd"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_FALSE(matches("*", "conv1.weight/s"));
  EXPECT_TRUE(matches("*/s", "conv1.weight/s"));
}

TEST(Patterns, QuestionMarkIsOneButNoSlash) {
  EXPECT_TRUE(matches("fc?.weight", "fc1.weight"));
  EXPECT_FALSE(matches("fc?.weight", "fc.weight"));
  EXPECT_FALSE(matches("fc?.weight", "fc12.weight"));
  EXPECT_FALSE(matches("a?s", "a/s"));
}

static PlanLine lineOf(std::vector<std::string> patterns, std::string location = "") {
  PlanLine line;
  line.patterns = std::move(patterns);
  line.location = std::move(location);
  return line;
}

static std::vector<PlanTarget> targetsOf(const std::vector<std::string> &names) {
  std::vector<PlanTarget> targets;
  for (const std::string &name : names)
    targets.push_back({{name}, true});
  return targets;
}

TEST(Plans, Q10FirstMatchWins) {
  auto lines = assignLines({lineOf({"conv1.*"}), lineOf({"*.weight"}), lineOf({})},
                           targetsOf({"conv1.weight", "fc.weight", "fc.bias"}));
  ASSERT_TRUE(lines);
  EXPECT_EQ(lines->lines, (std::vector<int>{0, 1, 2}));
}

TEST(Plans, Q10PatternThatMatchesNothing) {
  auto lines = assignLines({lineOf({"conv9.*"}, "net.breg:2:3"), lineOf({})},
                           targetsOf({"conv1.weight", "fc.weight"}));
  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().kind, ErrorKind::SpecRefused);
  EXPECT_EQ(lines.error().message,
            "net.breg:2:3: error: pattern \"conv9.*\" matches no parameter [Q10]\n"
            "note: the parameters are conv1.weight, fc.weight");
}

TEST(Plans, Q10PatternHiddenByAnEarlierOne) {
  auto lines = assignLines({lineOf({"*"}, "net.breg:2:3"), lineOf({"fc.*"}, "net.breg:3:3")},
                           targetsOf({"conv1.weight", "fc.weight"}));
  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().message,
            "net.breg:3:3: error: pattern \"fc.*\" matches no parameter that is not taken yet "
            "[Q10]\nnet.breg:2:3: note: fc.weight is taken by an earlier pattern; move the "
            "narrower pattern up or remove it");
}

TEST(Plans, Q10PatternHiddenOnItsOwnLine) {
  EXPECT_FALSE(assignLines({lineOf({"*", "fc.*"})}, targetsOf({"fc.weight"})));
  EXPECT_TRUE(assignLines({lineOf({"fc.*", "*"})}, targetsOf({"fc.weight", "out.weight"})));
}

TEST(Plans, Q10ParameterLeftOver) {
  auto lines = assignLines({lineOf({"*.weight"})}, targetsOf({"fc.weight", "fc.bias"}));
  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().message,
            "error: no line of the plan takes the parameter fc.bias [Q10]\n"
            "note: add a line for it, or one for all that is left: `else : float by ...`\n"
            "note: the parameters are fc.weight, fc.bias");
}

TEST(Plans, ParameterWithoutGradientMayBeLeftOver) {
  std::vector<PlanTarget> targets = targetsOf({"fc.weight", "embedding.weight"});
  targets[1].trained = false;
  auto lines = assignLines({lineOf({"fc.*"})}, targets);
  ASSERT_TRUE(lines);
  EXPECT_EQ(lines->lines, (std::vector<int>{0, -1}));
}

TEST(Plans, EveryNameOfASharedParameterCounts) {
  auto lines = assignLines({lineOf({"decoder.*"})}, {{{"encoder.weight", "decoder.weight"}, true}});
  ASSERT_TRUE(lines);
  EXPECT_EQ(lines->lines, std::vector<int>{0});
}

/// Every target of the second line has the learned values `s` and `b`.
static Result<std::vector<std::string>> learnedOnLineOne(size_t, size_t line) {
  return line == 1 ? std::vector<std::string>{"s", "b"} : std::vector<std::string>();
}

TEST(Plans, LearnedValuesFollowTheirTensorUnlessNamed) {
  PlanLine scales = lineOf({"*/s"});
  scales.quantizer = "float";
  auto found =
      assignLines({scales, lineOf({"conv?.weight"}), lineOf({})},
                  targetsOf({"conv1.weight", "fc.weight", "conv2.weight"}), learnedOnLineOne);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->lines, (std::vector<int>{1, 2, 1}));
  ASSERT_EQ(found->learned[0].size(), 1u);
  EXPECT_EQ(found->learned[0][0].value, "s");
  EXPECT_EQ(found->learned[0][0].line, 0);
  EXPECT_TRUE(found->learned[1].empty());
  EXPECT_EQ(found->learned[2].size(), 1u);
}

TEST(Plans, LearnedValuesTakeTheFirstLineThatMatches) {
  PlanLine one = lineOf({"conv2.weight/s"}), all = lineOf({"*/*"});
  one.quantizer = all.quantizer = "float";
  auto found = assignLines({one, lineOf({"conv*"}), all},
                           targetsOf({"conv1.weight", "conv2.weight"}), learnedOnLineOne);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->learned[0][0].line, 2);
  EXPECT_EQ(found->learned[1][0].line, 0);
  EXPECT_EQ(found->learned[1][1].line, 2);
}

TEST(Plans, Q10PatternOfALearnedValueThatIsNot) {
  auto lines = assignLines({lineOf({"*/t"}, "net.breg:2:3"), lineOf({"conv*"})},
                           targetsOf({"conv1.weight"}), learnedOnLineOne);
  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().message,
            "net.breg:2:3: error: pattern \"*/t\" matches no parameter [Q10]\n"
            "note: the parameters are conv1.weight, conv1.weight/s, conv1.weight/b");
}

// The networks of two branches have their own BatchNorms under one name.
TEST(Plans, Q10ListsANameOnce) {
  auto lines = assignLines({lineOf({"fc*"}, "net.breg:2:3")},
                           targetsOf({"bn1.weight", "bn1.weight", "conv1.weight"}));
  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().message,
            "net.breg:2:3: error: pattern \"fc*\" matches no parameter [Q10]\n"
            "note: the parameters are bn1.weight, conv1.weight");
}

TEST(Plans, Q10LearnedValuesAreNotQuantized) {
  PlanLine scales = lineOf({"*/s"}, "net.breg:2:3");
  scales.quantizer = "md_tanh_s";
  auto lines =
      assignLines({scales, lineOf({"conv*"})}, targetsOf({"conv1.weight"}), learnedOnLineOne);
  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().message,
            "net.breg:2:3: error: conv1.weight/s is a learned value, which can't be quantized by "
            "`md_tanh_s` [Q10]; write `float by ...` for it");
}
