// What semantic analysis says of clauses and of who may stand in them: whole messages.
#include "SemaTestBase.h"

#include <gtest/gtest.h>

using namespace bregman::spec;

TEST(SemaErrors, ClausesThatBelongTogether) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer a {
  project w = tanh(x)
}
quantizer b {
  update chain
}
quantizer c {
  levels {-1, 1}
}
quantizer d {
  final x
}
quantizer e {
  project w = tanh(x)
  weight w = x
  update chain
}
quantizer f {
  project u = tanh(x)
  update chain
}
quantizer h {
  levels {-1, 1}
  latent x[level] = levels * w0
  final sum(x)
}
quantizer i {
  update chain
  update chain
  freeze when epoch > 3
}
)breg"),
      R"text(t.breg:2:3: error: Q16: 'project' needs an 'update', which says what is handed on to the optimizer
   2 |   project w = tanh(x)
     |   ^~~~~~~
t.breg:5:3: error: Q16: 'update' needs a 'project'; without one the optimizer moves the weight itself
   5 |   update chain
     |   ^~~~~~
t.breg:8:3: error: Q16: 'levels' needs a 'final', which gives each weight its level
   8 |   levels {-1, 1}
     |   ^~~~~~
t.breg:11:3: error: Q16: 'final' needs 'levels'
  11 |   final x
     |   ^~~~~
t.breg:15:3: error: Q16: 'weight' needs a target of 'project' other than w
  15 |   weight w = x
     |   ^~~~~~
t.breg:19:3: error: Q16: a target other than w needs 'weight w = ...', which makes the weight of it
  19 |   project u = tanh(x)
     |   ^~~~~~~
t.breg:24:3: error: Q16: a latent with a level axis needs a 'project' that makes the weight of it
  24 |   latent x[level] = levels * w0
     |   ^~~~~~
t.breg:29:3: error: Q2: 'update' stands twice
  29 |   update chain
     |   ^~~~~~
t.breg:28:3: note: first here
  28 |   update chain
     |   ^~~~~~
t.breg:28:3: error: Q16: 'update' needs a 'project'; without one the optimizer moves the weight itself
  28 |   update chain
     |   ^~~~~~
t.breg:30:3: error: Q16: 'freeze' publishes 'final', which is missing
  30 |   freeze when epoch > 3
     |   ^~~~~~
)text");
}

TEST(SemaErrors, WhatIsInvertedIsKnownAtAttach) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer a {
  learn s per tensor = 1
  levels {-1, 1}
  latent x = inverse(w0)
  project w = tanh(s * x)
  update lazy mirror
  final sign(x)
}
quantizer b {
  state s per run = 1
  schedule k = 1 + s
  levels {-1, 1}
  latent x = inverse(w0)
  project w = tanh(k * x)
  update lazy mirror
  every step s' = s + 1
  final sign(x)
}
quantizer c {
  levels {-1, 1}
  latent x = inverse(w0)
  project w = tanh(x / (1 + mean(abs(x) per tensor)) + random())
  update straight_through
  final sign(x)
}
quantizer d {
  levels {-1, 1}
  latent x = inverse(w0)
  project w = tanh(x * optimizer.v)
  update straight_through
  final sign(x)
}
)breg"),
      R"text(t.breg:5:20: error: Q7: this has no value yet when 'inverse' is taken; a projection that is inverted is of x, parameters and schedules
   5 |   project w = tanh(s * x)
     |                    ^
t.breg:4:3: note: it is inverted here
   4 |   latent x = inverse(w0)
     |   ^~~~~~~~~~~~~~~~~~~~~~
t.breg:11:20: error: Q7: this has no value yet when 'inverse' is taken; a projection that is inverted is of x, parameters and schedules
  11 |   schedule k = 1 + s
     |                    ^
t.breg:13:3: note: it is inverted here
  13 |   latent x = inverse(w0)
     |   ^~~~~~~~~~~~~~~~~~~~~~
t.breg:22:29: error: Q7: this has no value yet when 'inverse' is taken; a projection that is inverted is of x, parameters and schedules
  22 |   project w = tanh(x / (1 + mean(abs(x) per tensor)) + random())
     |                             ^~~~~~~~~~~~~~~~~~~~~~~
t.breg:21:3: note: it is inverted here
  21 |   latent x = inverse(w0)
     |   ^~~~~~~~~~~~~~~~~~~~~~
t.breg:29:24: error: Q7: this has no value yet when 'inverse' is taken; a projection that is inverted is of x, parameters and schedules
  29 |   project w = tanh(x * optimizer.v)
     |                        ^~~~~~~~~~~
t.breg:28:3: note: it is inverted here
  28 |   latent x = inverse(w0)
     |   ^~~~~~~~~~~~~~~~~~~~~~
)text");
}

TEST(SemaErrors, LatentsOfWhatBeginsAfterThem) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer a {
  state s per tensor = 1
  levels {-1, 1}
  latent x = s * w0
  every step s' = s + 1
  final sign(x)
}
quantizer b {
  learn k per channel = 1
  levels k * {-1, 1}
  latent x[level] = w0 * levels
  project u = softmax(x)
  weight w = sum(levels * u)
  update lazy mirror
  final sum(levels * hardmax(x))
}
quantizer of_the_host {
  state r per run = 1
  levels {-1, 1}
  latent x = r * w0
  every step r' = r + 1
  final sign(x)
}
)breg"),
      R"text(t.breg:4:3: error: Q2: 's' has no value yet where 'latent' is computed: states begin after it; use what 's' begins with
   4 |   latent x = s * w0
     |   ^~~~~~~~~~~~~~~~~
t.breg:2:9: note: declared here
   2 |   state s per tensor = 1
     |         ^
t.breg:11:3: error: Q2: 'k' has no value yet where 'latent' is computed: learned values begin after it; use what 'k' begins with
  11 |   latent x[level] = w0 * levels
     |   ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~
t.breg:9:9: note: declared here
   9 |   learn k per channel = 1
     |         ^
)text");
}

TEST(SemaErrors, LearnedValuesThatNothingReads) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer a {
  learn s per tensor = 1
  levels {-1, 1}
  prox abs(x - s)
  final sign(x)
}
quantizer b {
  learn s per tensor = 1
  penalty (x - s) ^ 2
}
)breg"),
      R"text(t.breg:2:9: error: Q14: neither a projection nor a penalty reads 's', which therefore is not trained
   2 |   learn s per tensor = 1
     |         ^
)text");
}

TEST(SemaErrors, TokensAndChannelsOfOneActivation) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer a {
  let n = mean(x per group(8))
  let m = max(abs(x) per token)
  levels m * {-1, 1}
  project w = m * ste(sign(x - n), x)
  update chain
}
)breg"),
      R"text(t.breg:2:22: error: Q3: channels and tokens cross each other; quantize in two 'activations', one after the other
   2 |   let n = mean(x per group(8))
     |                      ^~~~~~~~
t.breg:3:26: note: here are tokens
   3 |   let m = max(abs(x) per token)
     |                          ^~~~~
)text");
}

TEST(SemaErrors, GradientAndRateInTheirPlace) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer q {
  levels {-1, 1}
  let k = lr * 2
  schedule s = k
  project w = tanh(s * x) + g
  update gradient g + grad(x)
  every step x' = x - g + w
  final sign(x) + w0
}
)breg"),
      R"text(t.breg:3:11: error: Q16: 'lr' may not enter 'project': the learning rate of the step after is not known when it is published
   3 |   let k = lr * 2
     |           ^~
t.breg:5:3: note: it is read here
   5 |   project w = tanh(s * x) + g
     |   ^~~~~~~~~~~~~~~~~~~~~~~~~~~
t.breg:5:29: error: Q16: 'g' and 'grad' belong to 'update gradient'
   5 |   project w = tanh(s * x) + g
     |                             ^
t.breg:6:28: error: Q16: 'grad' takes the name of the target of 'project', of a learned value, or w
   6 |   update gradient g + grad(x)
     |                            ^
t.breg:7:27: error: Q16: 'every' speaks of x, not of g or the projected weight
   7 |   every step x' = x - g + w
     |                           ^
t.breg:8:19: error: 'w0' is known at attach only; keep it in 'latent'
   8 |   final sign(x) + w0
     |                   ^~
)text");
}

TEST(SemaErrors, StatesOfAnOptimizer) {
  EXPECT_EQ(semaMessages(R"breg(optimizer o(lr = 0.1) {
  state m = 0
  state v = 0
  n' = m
  m' = m' + g
  m' = 2
  descend lr * q'
}
optimizer p {
  state m = 0
  descend g
}
optimizer r {
  let a = g
}
)breg"),
            R"text(t.breg:4:3: error: Q2: 'n' is no state
   4 |   n' = m
     |   ^~
t.breg:5:8: error: Q2: 'm'' is read before it is written
   5 |   m' = m' + g
     |        ^~
t.breg:6:3: error: Q2: 'm'' is written twice
   6 |   m' = 2
     |   ^~
t.breg:7:16: error: Q2: 'q'' is read before it is written
   7 |   descend lr * q'
     |                ^~
t.breg:3:9: warning: Q15: the state 'v' is never written
   3 |   state v = 0
     |         ^
t.breg:10:9: warning: Q15: the state 'm' is never written
  10 |   state m = 0
     |         ^
t.breg:13:11: error: an optimizer ends with 'descend'
  13 | optimizer r {
     |           ^
)text");
}

TEST(SemaErrors, ParametersAndRanges) {
  EXPECT_EQ(semaMessages(
                R"breg(quantizer q(a in [1, 2] = 3, b in [2, 1] = 1, c = d, e = 2 * 3, f = step) {
  levels [0 .. e + 0.5]
  let u = [e .. 0]
  let v = [0 .. step]
  let z = [0 .. 1000]
  final u + v + z + a + b + c + f
}
)breg"),
            R"text(t.breg:1:27: error: the default of 'a' lies outside of its range
   1 | quantizer q(a in [1, 2] = 3, b in [2, 1] = 1, c = d, e = 2 * 3, f = step) {
     |                           ^
t.breg:1:18: note: declared here
   1 | quantizer q(a in [1, 2] = 3, b in [2, 1] = 1, c = d, e = 2 * 3, f = step) {
     |                  ^~~~~~
t.breg:1:35: error: this range is empty
   1 | quantizer q(a in [1, 2] = 3, b in [2, 1] = 1, c = d, e = 2 * 3, f = step) {
     |                                   ^~~~~~
t.breg:1:51: error: Q2: 'd' is not declared
   1 | quantizer q(a in [1, 2] = 3, b in [2, 1] = 1, c = d, e = 2 * 3, f = step) {
     |                                                   ^
t.breg:1:69: error: a default is made of numbers alone
   1 | quantizer q(a in [1, 2] = 3, b in [2, 1] = 1, c = d, e = 2 * 3, f = step) {
     |                                                                     ^~~~
t.breg:2:16: error: Q1: a bound of '[ .. ]' is an integer; this is 6.5
   2 |   levels [0 .. e + 0.5]
     |                ^~~~~~~
t.breg:3:11: error: Q1: this range is empty
   3 |   let u = [e .. 0]
     |           ^~~~~~~~
t.breg:4:17: error: Q3: a bound of '[ .. ]' is made of numbers and parameters alone
   4 |   let v = [0 .. step]
     |                 ^~~~
t.breg:5:11: error: Q1: a level axis has at most 256 levels
   5 |   let z = [0 .. 1000]
     |           ^~~~~~~~~~~
)text");
}

TEST(SemaErrors, PeriodsAndAssumptions) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q(n = 2.5) {
  every 0 steps x' = x
  every n steps x' = x
  every step y' = x
  every step { }
  every step { x' = x x' = x' }
  assume Q2 because "no"
}
)breg"),
            R"text(t.breg:2:9: error: a period is a positive integer
   2 |   every 0 steps x' = x
     |         ^
t.breg:3:9: error: a period is a positive integer
   3 |   every n steps x' = x
     |         ^
t.breg:4:14: error: Q2: 'y' is no state; 'every' changes x and states
   4 |   every step y' = x
     |              ^~
t.breg:5:3: error: this 'every' changes nothing
   5 |   every step { }
     |   ^~~~~
t.breg:6:23: error: Q2: 'x'' is written twice
   6 |   every step { x' = x x' = x' }
     |                       ^~
t.breg:7:10: error: 'Q2' is no rule that can be assumed; those are Q4 to Q9, Q13 and Q14
   7 |   assume Q2 because "no"
     |          ^~
)text");
}

TEST(SemaErrors, StructuralParametersAreIntegers) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q(bits = 1.5) {
  let n = 2 * bits
  levels [-n .. n]
  final nearest(x)
}
)breg"),
            R"text(t.breg:1:13: error: 'bits' is compiled in and therefore an integer
   1 | quantizer q(bits = 1.5) {
     |             ^~~~
t.breg:3:11: note: since it is read here
   3 |   levels [-n .. n]
     |           ^~
)text");
}
