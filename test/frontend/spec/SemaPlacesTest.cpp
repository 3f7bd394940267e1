// What semantic analysis says of clauses in the wrong order, of values where they have no meaning
// and of extents that no reduction gives: whole messages.
#include "SemaTestBase.h"

#include <gtest/gtest.h>

using namespace bregman::spec;

TEST(SemaPlaces, WeightBeforeTheLatent) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  levels {-1, 1}
  schedule k = 1
  penalty k * w ^ 2
  latent x = 0.5 * w0
  final sign(x)
}
)breg"),
            R"text(t.breg:4:15: error: Q2: 'w' is x here, and used before the 'latent' clause
   4 |   penalty k * w ^ 2
     |               ^
)text");
}

TEST(SemaPlaces, ConditionOfALet) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer q {
  let f(a) = a
  penalty f(x where x > 0 per tensor)
}
)breg"),
      R"text(t.breg:3:21: error: Q3: 'where' and 'per' belong to sum, mean, min, max and std; 'f' is declared by 'let'
   3 |   penalty f(x where x > 0 per tensor)
     |                     ^~~~~
)text");
}

TEST(SemaPlaces, DeviationOfOneLevel) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  levels {-1, 1}
  penalty std({x})
  final sign(x)
}
)breg"),
            R"text(t.breg:3:11: error: Q3: 'std' needs two levels or more
   3 |   penalty std({x})
     |           ^~~~~~~~
)text");
}

TEST(SemaPlaces, SumOfTwoOverWeights) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  penalty max(x, x per tensor)
}
)breg"),
            R"text(t.breg:2:11: error: Q3: 'max' over weights takes 1 argument, got 2
   2 |   penalty max(x, x per tensor)
     |           ^~~~~~~~~~~~~~~~~~~~
)text");
}

TEST(SemaPlaces, WeightWithoutProject) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  weight w = x
}
)breg"),
            R"text(t.breg:2:3: error: Q16: 'weight' needs a 'project'
   2 |   weight w = x
     |   ^~~~~~
)text");
}

TEST(SemaPlaces, LevelsThatAreNotDeclared) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  penalty sum(levels * x)
}
)breg"),
            R"text(t.breg:2:15: error: Q2: no 'levels' are declared
   2 |   penalty sum(levels * x)
     |               ^~~~~~
)text");
}

// Of a latent per weight and level there is a state for each of its levels.
TEST(SemaPlaces, OptimizerStateOverLevels) {
  const std::string spec = R"breg(quantizer q {
  levels {-1, 1}
  latent x[level] = levels * w0
  project u = softmax(x)
  weight w = sum(levels * u)
  update gradient optimizer.v * grad(u)
  final sum(levels * hardmax(x))
)breg";
  EXPECT_EQ(semaMessages(spec + "}\n"), "");
  EXPECT_EQ(
      semaMessages(spec + "  high optimizer.v\n}\n"),
      R"text(t.breg:8:8: error: Q3: 'high' has no level axis; this is a number per weight with a level axis of 2
   8 |   high optimizer.v
     |        ^~~~~~~~~~~
)text");
}

TEST(SemaPlaces, PeriodThatIsAnExpression) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q(n = 2) {
  schedule m = 2 * n
  every m steps x' = 0
}
)breg"),
            R"text(t.breg:3:9: error: a period is a number or a parameter
   3 |   every m steps x' = 0
     |         ^
)text");
}

TEST(SemaPlaces, RateInFreeze) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer q {
  levels {-1, 1}
  freeze when lr < 0.1
  final sign(x)
}
)breg"),
      R"text(t.breg:3:15: error: Q16: 'lr' may not enter 'freeze': the learning rate of the step after is not known when it is published
   3 |   freeze when lr < 0.1
     |               ^~
)text");
}

TEST(SemaPlaces, UpdateBeforeTheLatent) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  levels {-1, 1}
  update gradient g
  latent x[level] = levels * w0
  project u = softmax(x)
  weight w = sum(levels * u)
  final sum(levels * hardmax(x))
}
)breg"),
            R"text(t.breg:3:3: error: Q2: 'update' stands before the 'latent' clause
   3 |   update gradient g
     |   ^~~~~~
)text");
}

TEST(SemaPlaces, EveryBeforeTheLatent) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  levels {-1, 1}
  every step x' = 0
  latent x[level] = levels * w0
  project u = softmax(x)
  weight w = sum(levels * u)
  update chain
  final sum(levels * hardmax(x))
}
)breg"),
            R"text(t.breg:3:3: error: Q2: 'every' stands before the 'latent' clause
   3 |   every step x' = 0
     |   ^~~~~
)text");
}

TEST(SemaPlaces, LevelAxisOfAState) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer q {
  state z[level] = x
  penalty sum(z * x)
  every step z' = z
}
)breg"),
      R"text(t.breg:2:9: error: Q3: z[level] has a level axis, but neither its value nor 'levels' has one
   2 |   state z[level] = x
     |         ^
)text");
}

TEST(SemaPlaces, LevelAxisOfTheLatent) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer q {
  latent x[level] = w0
  project u = softmax(x)
  weight w = max(u)
  update chain
}
)breg"),
      R"text(t.breg:2:10: error: Q3: x[level] has a level axis, but neither its value nor 'levels' has one
   2 |   latent x[level] = w0
     |          ^
t.breg:3:23: error: Q3: 'softmax' takes a value with a level axis; this is a number per weight
   3 |   project u = softmax(x)
     |                       ^
)text");
}

TEST(SemaPlaces, StateOfTheProjection) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  project w = tanh(x)
  update chain
  state z = w
  every step z' = x
  penalty z * x
}
)breg"),
            R"text(t.breg:4:13: error: Q16: 'z' is set before the first weight is published
   4 |   state z = w
     |             ^
)text");
}

TEST(SemaPlaces, RateInALearnedValue) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  learn s per tensor = lr
  project w = s * x
  update chain
}
)breg"),
            R"text(t.breg:2:24: error: Q16: 'lr' may not enter the initial value of 's'
   2 |   learn s per tensor = lr
     |                        ^~
)text");
}

TEST(SemaPlaces, ScaleOfTheGradient) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  learn s per tensor = 1 scaled sum(g per tensor)
  project w = s * x
  update chain
}
)breg"),
            R"text(t.breg:2:37: error: Q16: 'scaled' speaks of x, not of g or the projected weight
   2 |   learn s per tensor = 1 scaled sum(g per tensor)
     |                                     ^
)text");
}

TEST(SemaPlaces, LatentUnderAnotherName) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  latent y = w0
}
)breg"),
            R"text(t.breg:2:10: error: Q2: the latent is called x
   2 |   latent y = w0
     |          ^
)text");
}

TEST(SemaPlaces, WeightUnderAnotherName) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  project u = x
  weight v = u
  update chain
}
)breg"),
            R"text(t.breg:3:10: error: Q2: the weight is called w
   3 |   weight v = u
     |          ^
)text");
}

TEST(SemaPlaces, GroupOfNoInteger) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  penalty mean(x per group(2.5))
}
)breg"),
            R"text(t.breg:2:28: error: Q3: the length of a group is an integer; this is 2.5
   2 |   penalty mean(x per group(2.5))
     |                            ^~~
)text");
}

TEST(SemaPlaces, RateInWhatDescends) {
  EXPECT_EQ(
      semaMessages(R"breg(optimizer o(lr = 0.1) {
  descend {x, x}
}
)breg"),
      R"text(t.breg:2:11: error: Q3: what 'descend' subtracts has no level axis; this is a number per weight with a level axis of 2
   2 |   descend {x, x}
     |           ^~~~~~
)text");
}

TEST(SemaPlaces, SetWithoutALevelAxis) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer q {
  project w = nearest(x, 2) + soft_nearest(x, 3, x > 1)
  update straight_through
}
)breg"),
      R"text(t.breg:2:26: error: Q3: the set of 'nearest' has a level axis; this is a number of the host
   2 |   project w = nearest(x, 2) + soft_nearest(x, 3, x > 1)
     |                          ^
t.breg:2:50: error: Q3: the set of 'soft_nearest' has a level axis; this is a condition per weight
   2 |   project w = nearest(x, 2) + soft_nearest(x, 3, x > 1)
     |                                                  ^~~~~
)text");
}

TEST(SemaPlaces, FitOfLevels) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer q {
  levels(v) {-a, a} where a = fit({v, v} per tensor) from 1 rounds 2
  final nearest(x)
}
)breg"),
      R"text(t.breg:2:35: error: Q3: what is fitted has no level axis; this is a number per weight with a level axis of 2
   2 |   levels(v) {-a, a} where a = fit({v, v} per tensor) from 1 rounds 2
     |                                   ^~~~~~
)text");
}
