// What the parser says where one particular word is missing, and of bytes that are no text: whole
// messages.
#include "SpecTest.h"

#include <gtest/gtest.h>

using namespace bregman::spec;

TEST(ParserNames, BytesThatAreNoText) {
  EXPECT_EQ(parseErrors("quantizer q {\n  levels {-1, \x7f"
                        "1}\n}\n"),
            "t.breg:2:15: error: unexpected byte 127\n   2 |   levels {-1, \x7f"
            "1}\n     |               ^\n");
}

TEST(ParserNames, SlashThatBeginsNoComment) {
  EXPECT_EQ(parseErrors(R"breg(quantizer q {
  # levels
}
)breg"),
            R"text(t.breg:2:3: error: unexpected character '#'; comments begin with '//'
   2 |   # levels
     |   ^
t.breg:3:1: error: expected an expression, got '}'
   3 | }
     | ^
)text");
}

TEST(ParserNames, NumberBeyondDoubles) {
  EXPECT_EQ(parseErrors(R"breg(quantizer q {
  levels {-1e999, 1.}
}
)breg"),
            R"text(t.breg:2:12: error: the number '1e999' does not fit into double precision
   2 |   levels {-1e999, 1.}
     |            ^~~~~
t.breg:2:19: error: malformed number '1.'; a number is decimal with digits on both sides of the point, a product needs '*'
   2 |   levels {-1e999, 1.}
     |                   ^~
)text");
}

TEST(ParserNames, TargetsName) {
  EXPECT_EQ(parseErrors(R"breg(quantizer q {
  project 3 = x
}
)breg"),
            R"text(t.breg:2:11: error: expected the target's name, got the number '3'
   2 |   project 3 = x
     |           ^
)text");
}

TEST(ParserNames, FitOfSeveralNames) {
  EXPECT_EQ(
      parseErrors(R"breg(quantizer q {
  levels(v) {-a, b} where (a, b) = 3
}
)breg"),
      R"text(t.breg:2:36: error: expected 'fit(...)', which several names are bound to, got the number '3'
   2 |   levels(v) {-a, b} where (a, b) = 3
     |                                    ^
)text");
}

TEST(ParserNames, ArgumentOfALet) {
  EXPECT_EQ(parseErrors(R"breg(quantizer q {
  let f(3) = 1
}
)breg"),
            R"text(t.breg:2:9: error: expected the name of an argument, got the number '3'
   2 |   let f(3) = 1
     |         ^
)text");
}

TEST(ParserNames, RuleOfAnAssumption) {
  EXPECT_EQ(parseErrors(R"breg(quantizer q {
  assume 3 because "so"
}
)breg"),
            R"text(t.breg:2:10: error: expected the label of a rule, such as Q4, got the number '3'
   2 |   assume 3 because "so"
     |          ^
)text");
}

TEST(ParserNames, ReasonOfAnAssumption) {
  EXPECT_EQ(parseErrors(R"breg(quantizer q {
  assume Q4 because so
}
)breg"),
            R"text(t.breg:2:21: error: expected the reason, as a string, got the name 'so'
   2 |   assume Q4 because so
     |                     ^~
)text");
}

TEST(ParserNames, NewValueOfEvery) {
  EXPECT_EQ(parseErrors(R"breg(quantizer q {
  every step x = 3
}
)breg"),
            R"text(t.breg:2:14: error: expected a new value, such as x' = ..., got the name 'x'
   2 |   every step x = 3
     |              ^
)text");
}

TEST(ParserNames, StateOfTheOptimizer) {
  EXPECT_EQ(
      parseErrors(R"breg(quantizer q {
  penalty optimizer.3
}
)breg"),
      R"text(t.breg:2:21: error: expected the name of a state of the base optimizer, got the number '3'
   2 |   penalty optimizer.3
     |                     ^
)text");
}

TEST(ParserNames, PlansName) {
  EXPECT_EQ(parseErrors(R"breg(plan 3 {
}
)breg"),
            R"text(t.breg:1:6: error: expected the plan's name or '{', got the number '3'
   1 | plan 3 {
     |      ^
)text");
}

TEST(ParserNames, PlansLine) {
  EXPECT_EQ(
      parseErrors(R"breg(plan {
  3 : float
}
)breg"),
      R"text(t.breg:2:3: error: expected a pattern in quotes, 'else' or '}', got the number '3'
   2 |   3 : float
     |   ^
)text");
}

TEST(ParserNames, ArgumentOfAUse) {
  EXPECT_EQ(parseErrors(R"breg(plan {
  "*" : lsq(3 = 4)
}
)breg"),
            R"text(t.breg:2:13: error: expected an argument's name, got the number '3'
   2 |   "*" : lsq(3 = 4)
     |             ^
)text");
}

TEST(ParserNames, OptimizersName) {
  EXPECT_EQ(parseErrors(R"breg(optimizer 3 {
}
)breg"),
            R"text(t.breg:1:11: error: expected the optimizer's name, got the number '3'
   1 | optimizer 3 {
     |           ^
)text");
}

TEST(ParserNames, QuantizersName) {
  EXPECT_EQ(parseErrors(R"breg(quantizer 3 {
}
)breg"),
            R"text(t.breg:1:11: error: expected the quantizer's name, got the number '3'
   1 | quantizer 3 {
     |           ^
)text");
}

TEST(ParserNames, DefaultOfAParameter) {
  EXPECT_EQ(parseErrors(R"breg(quantizer q(a in [1, 2]) {
}
)breg"),
            R"text(t.breg:1:24: error: expected '=' and the default, got ')'
   1 | quantizer q(a in [1, 2]) {
     |                        ^
)text");
}
