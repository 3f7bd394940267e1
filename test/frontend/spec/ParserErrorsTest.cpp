// What the parser says about text that is none: whole messages, and how many of them one run gives.
#include "SpecTest.h"

#include <gtest/gtest.h>

using namespace bregman::spec;

TEST(ParserErrors, UnknownItemIsNamed) {
  EXPECT_EQ(
      parseErrors(R"breg(quantiser q {}
)breg"),
      R"text(t.breg:1:1: error: expected 'quantizer', 'optimizer' or 'plan', got the name 'quantiser'
   1 | quantiser q {}
     | ^~~~~~~~~
note: did you mean 'quantizer'?
)text");
}

TEST(ParserErrors, UnknownClauseIsSuggested) {
  EXPECT_EQ(parseErrors(R"breg(quantizer q {
  levels {-1, 1}
  projct w = tanh(x)
  final sign(x)
}
)breg"),
            R"text(t.breg:3:3: error: expected a clause or '}', got the name 'projct'
   3 |   projct w = tanh(x)
     |   ^~~~~~
note: did you mean 'project'?
)text");
}

TEST(ParserErrors, SeveralErrorsInOneRun) {
  EXPECT_EQ(parseErrors(R"breg(quantizer q(growth in [1 2] = 1.02) {
}
quantizer r {
  levels {-1, 1
  project w = tanh(x
  update lazzy mirror
  final sign(x))
}
optimizer o {
  descend lr *
}
)breg"),
            R"text(t.breg:1:26: error: expected ',', got the number '2'
   1 | quantizer q(growth in [1 2] = 1.02) {
     |                          ^
t.breg:5:3: error: expected ',' or '}', got the reserved word 'project'
   5 |   project w = tanh(x
     |   ^~~~~~~
t.breg:4:10: note: to match this '{'
   4 |   levels {-1, 1
     |          ^
t.breg:6:3: error: expected ',' or ')', got the reserved word 'update'
   6 |   update lazzy mirror
     |   ^~~~~~
t.breg:5:19: note: to match this '('
   5 |   project w = tanh(x
     |                   ^
t.breg:6:10: error: expected 'lazy mirror', 'agile mirror', 'chain', 'straight_through' or 'gradient', got the name 'lazzy'
   6 |   update lazzy mirror
     |          ^~~~~
note: did you mean 'lazy'?
t.breg:7:16: error: expected a clause or '}', got ')'
   7 |   final sign(x))
     |                ^
t.breg:11:1: error: expected an expression, got '}'
  11 | }
     | ^
)text");
}

TEST(ParserErrors, MisspelledClauseAfterAnErrorIsReportedToo) {
  EXPECT_EQ(
      parseErrors(R"breg(quantizer q {
  update lazi mirror
  finl sign(x)
}
)breg"),
      R"text(t.breg:2:10: error: expected 'lazy mirror', 'agile mirror', 'chain', 'straight_through' or 'gradient', got the name 'lazi'
   2 |   update lazi mirror
     |          ^~~~
note: did you mean 'lazy'?
t.breg:3:3: error: expected a clause or '}', got the name 'finl'
   3 |   finl sign(x)
     |   ^~~~
note: did you mean 'final'?
)text");
}

TEST(ParserErrors, MissingBraceIsFoundAtTheNextItem) {
  EXPECT_EQ(parseErrors(R"breg(quantizer q {
  levels {-1, 1}

optimizer o {
  descend g
}
)breg"),
            R"text(t.breg:4:1: error: expected '}', got the reserved word 'optimizer'
   4 | optimizer o {
     | ^~~~~~~~~
t.breg:1:13: note: to match this '{'
   1 | quantizer q {
     |             ^
)text");
}

TEST(ParserErrors, EndOfFileInABody) {
  EXPECT_EQ(parseErrors(R"breg(quantizer q {
  levels {-1, 1}
)breg"),
            R"text(t.breg:3:1: error: expected '}', got the end of the file
   3 |
     | ^
t.breg:1:13: note: to match this '{'
   1 | quantizer q {
     |             ^
)text");
}

TEST(ParserErrors, ClauseOfAQuantizerInAnOptimizer) {
  EXPECT_EQ(
      parseErrors(R"breg(optimizer o {
  levels {-1, 1}
  descend g
}
)breg"),
      R"text(t.breg:2:3: error: 'levels' is a clause of quantizers; an optimizer has 'state', 'let', new values and 'descend'
   2 |   levels {-1, 1}
     |   ^~~~~~
)text");
}

TEST(ParserErrors, DescendInAQuantizer) {
  EXPECT_EQ(parseErrors(R"breg(quantizer q {
  descend g
}
)breg"),
            R"text(t.breg:2:3: error: 'descend' belongs to an optimizer; a quantizer says 'update'
   2 |   descend g
     |   ^~~~~~~
)text");
}

TEST(ParserErrors, DescendEndsAnOptimizer) {
  EXPECT_EQ(parseErrors(R"breg(optimizer o {
  descend g
  let a = 1
}
)breg"),
            R"text(t.breg:3:3: error: expected '}', got the reserved word 'let'
   3 |   let a = 1
     |   ^~~
note: 'descend' ends an optimizer
)text");
}

TEST(ParserErrors, StateWithoutPrime) {
  EXPECT_EQ(
      parseErrors(R"breg(optimizer o {
  state m = 0
  m = m + g
  descend m
}
)breg"),
      R"text(t.breg:3:3: error: expected 'state', 'let', a new value or 'descend', got the name 'm'
   3 |   m = m + g
     |   ^
note: the new value of a state is written m' = ...
)text");
}

TEST(ParserErrors, NewValueOutsideOfEvery) {
  EXPECT_EQ(parseErrors(R"breg(quantizer q {
  x' = clamp(x, -1, 1)
}
)breg"),
            R"text(t.breg:2:3: error: 'x'' is assigned outside of 'every'; write every step x' = ...
   2 |   x' = clamp(x, -1, 1)
     |   ^~
)text");
}

TEST(ParserErrors, UpdateMirrorAlone) {
  EXPECT_EQ(
      parseErrors(R"breg(quantizer q {
  update mirror
}
)breg"),
      R"text(t.breg:2:10: error: expected 'lazy mirror', 'agile mirror', 'chain', 'straight_through' or 'gradient', got the name 'mirror'
   2 |   update mirror
     |          ^~~~~~
note: mirror descent is 'lazy mirror' (the latent is stored) or 'agile mirror' (the weight is moved)
)text");
}

TEST(ParserErrors, ReservedWordAsName) {
  EXPECT_EQ(
      parseErrors(R"breg(quantizer q {
  let final = 3
}
)breg"),
      R"text(t.breg:2:7: error: expected the name of the abbreviation, got the reserved word 'final'
   2 |   let final = 3
     |       ^~~~~
note: a reserved word cannot be a name
)text");
}

TEST(ParserErrors, UnknownExtent) {
  EXPECT_EQ(
      parseErrors(R"breg(quantizer q {
  state a per tenser = 0
}
)breg"),
      R"text(t.breg:2:15: error: expected 'run', 'tensor', 'channel', 'group(...)' or 'token', got the name 'tenser'
   2 |   state a per tenser = 0
     |               ^~~~~~
note: did you mean 'tensor'?
)text");
}

TEST(ParserErrors, PeriodWithoutUnit) {
  EXPECT_EQ(parseErrors(R"breg(quantizer q {
  every 10 x' = x
}
)breg"),
            R"text(t.breg:2:12: error: expected 'steps' or 'epochs', got the new value 'x''
   2 |   every 10 x' = x
     |            ^~
)text");
}

TEST(ParserErrors, LevelsThatCouldBeADifference) {
  EXPECT_EQ(
      parseErrors(R"breg(quantizer q {
  levels (a) - {-1, 1}
}
)breg"),
      R"text(t.breg:2:14: error: 'levels (a) -' can be read in two ways; put what follows 'levels' or '(a)' into parentheses
   2 |   levels (a) - {-1, 1}
     |              ^
)text");
}

TEST(ParserErrors, FitNeedsAStartForEachUnknown) {
  EXPECT_EQ(
      parseErrors(R"breg(quantizer q {
  levels(v) {-a, b} where (a, b) = fit(v per tensor) from 1 rounds 2
}
)breg"),
      R"text(t.breg:2:59: error: expected '(' and a start for each of the 2 unknowns, got the number '1'
   2 |   levels(v) {-a, b} where (a, b) = fit(v per tensor) from 1 rounds 2
     |                                                           ^
)text");
}

TEST(ParserErrors, PlanErrorsRecoverAtTheNextLine) {
  EXPECT_EQ(parseErrors(R"breg(plan p {
  "*.weight" md by adam
  conv : float
  "fc*" : float by
  else : float by adam(lr 1)
}
)breg"),
            R"text(t.breg:2:14: error: expected ',' or ':', got the name 'md'
   2 |   "*.weight" md by adam
     |              ^~
t.breg:5:3: error: expected the name of a quantizer or optimizer, got the reserved word 'else'
   5 |   else : float by adam(lr 1)
     |   ^~~~
note: a reserved word cannot be a name
t.breg:5:27: error: expected '=', got the number '1'
   5 |   else : float by adam(lr 1)
     |                           ^
)text");
}

TEST(ParserErrors, PlanResetAndSubject) {
  EXPECT_EQ(parseErrors(R"breg(plan {
  "*" : q reset each epoch
  subject to nothing x <= 1 multiplier 0 rate 1 every epoch
  minimize both
}
)breg"),
            R"text(t.breg:2:17: error: expected 'every', got the name 'each'
   2 |   "*" : q reset each epoch
     |                 ^~~~
t.breg:3:14: error: expected a pattern in quotes or 'output', got the name 'nothing'
   3 |   subject to nothing x <= 1 multiplier 0 rate 1 every epoch
     |              ^~~~~~~
t.breg:4:12: error: expected 'high' or 'low', got the name 'both'
   4 |   minimize both
     |            ^~~~
)text");
}

TEST(ParserErrors, UnknownCharacter) {
  EXPECT_EQ(expressionErrors(R"breg(tanh(beta @ x))breg"),
            R"text(t.breg:1:11: error: unexpected character '@'
   1 | tanh(beta @ x)
     |           ^
)text");
}

TEST(ParserErrors, UnknownCharacterOfSeveralBytes) {
  EXPECT_EQ(expressionErrors(R"breg(tanh(β * x))breg"),
            R"text(t.breg:1:6: error: unexpected character 'β'
   1 | tanh(β * x)
     |      ^
)text");
}

TEST(ParserErrors, MalformedNumbers) {
  EXPECT_EQ(
      expressionErrors(R"breg(2x + 1. + 1.e3 + 0x10)breg"),
      R"text(t.breg:1:1: error: malformed number '2x'; a number is decimal with digits on both sides of the point, a product needs '*'
   1 | 2x + 1. + 1.e3 + 0x10
     | ^~
t.breg:1:6: error: malformed number '1.'; a number is decimal with digits on both sides of the point, a product needs '*'
   1 | 2x + 1. + 1.e3 + 0x10
     |      ^~
t.breg:1:11: error: malformed number '1.e3'; a number is decimal with digits on both sides of the point, a product needs '*'
   1 | 2x + 1. + 1.e3 + 0x10
     |           ^~~~
t.breg:1:18: error: malformed number '0x10'; a number is decimal with digits on both sides of the point, a product needs '*'
   1 | 2x + 1. + 1.e3 + 0x10
     |                  ^~~~
)text");
}

TEST(ParserErrors, NumberOutOfRange) {
  EXPECT_EQ(expressionErrors(R"breg(1e999)breg"),
            R"text(t.breg:1:1: error: the number '1e999' does not fit into double precision
   1 | 1e999
     | ^~~~~
)text");
}

TEST(ParserErrors, NamesOfTargetsParametersAndLines) {
  EXPECT_EQ(parseErrors(R"breg(quantizer a {
  weight 3 = x
}
quantizer b(k on [1, 2] = 3) {
}
plan {
  activations : sign_act
}
)breg"),
            R"text(t.breg:2:10: error: expected the name w, got the number '3'
   2 |   weight 3 = x
     |          ^
t.breg:4:15: error: expected 'in' or '=', got the name 'on'
   4 | quantizer b(k on [1, 2] = 3) {
     |               ^~
t.breg:7:15: error: expected a pattern in quotes or 'else', got ':'
   7 |   activations : sign_act
     |               ^
)text");
}

TEST(ParserErrors, ManyOperatorsInARow) {
  std::string chain = "1";
  for (int i = 0; i < 1001; ++i)
    chain += " + 1";
  EXPECT_EQ(
      parseErrors("quantizer a {\n  let y = " + chain + "\n}\n"),
      R"text(t.breg:2:11: error: this expression has more than 1000 operators in a row; name a part of it by 'let'
   2 |   let y = 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 ...
     |           ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
)text");
}

TEST(ParserErrors, ComparisonsDoNotChain) {
  EXPECT_EQ(expressionErrors(R"breg(a < b < c)breg"),
            R"text(t.breg:1:7: error: comparisons do not chain; write a < b and b < c
   1 | a < b < c
     |       ^
)text");
}

TEST(ParserErrors, IfAsOperand) {
  EXPECT_EQ(expressionErrors(R"breg(1 + if a then b else c)breg"),
            R"text(t.breg:1:5: error: expected an expression, got the reserved word 'if'
   1 | 1 + if a then b else c
     |     ^~
note: an 'if' inside of an expression stands in parentheses
)text");
}

TEST(ParserErrors, SetInBrackets) {
  EXPECT_EQ(expressionErrors(R"breg([-1, 1])breg"),
            R"text(t.breg:1:4: error: expected '..', got ','
   1 | [-1, 1]
     |    ^
note: a set of levels stands in braces
)text");
}

TEST(ParserErrors, MissingElse) {
  EXPECT_EQ(expressionErrors(R"breg(if a then b)breg"),
            R"text(t.breg:1:12: error: expected 'else', got the end of the file
   1 | if a then b
     |            ^
)text");
}

TEST(ParserErrors, UnclosedCall) {
  EXPECT_EQ(expressionErrors(R"breg(tanh(x, (1 + 2))breg"),
            R"text(t.breg:1:16: error: expected ',' or ')', got the end of the file
   1 | tanh(x, (1 + 2)
     |                ^
t.breg:1:5: note: to match this '('
   1 | tanh(x, (1 + 2)
     |     ^
)text");
}

TEST(ParserErrors, LeftOver) {
  EXPECT_EQ(expressionErrors(R"breg(a b)breg"),
            R"text(t.breg:1:3: error: expected the end, got the name 'b'
   1 | a b
     |   ^
)text");
}

TEST(ParserErrors, StringInAnExpression) {
  EXPECT_EQ(expressionErrors(R"breg("a" + 1)breg"),
            R"text(t.breg:1:1: error: expected an expression, got the string "a"
   1 | "a" + 1
     | ^~~
)text");
}

TEST(ParserErrors, StrayPrime) {
  EXPECT_EQ(
      expressionErrors(R"breg(x ' + 1)breg"),
      R"text(t.breg:1:3: error: unexpected character '''; the prime of a new value follows its name directly
   1 | x ' + 1
     |   ^
)text");
}

TEST(ParserErrors, UnterminatedString) {
  EXPECT_EQ(parseErrors(R"breg(plan {
  "abc : float
}
)breg"),
            R"text(t.breg:2:3: error: this string does not end on its line
   2 |   "abc : float
     |   ^
)text");
}
