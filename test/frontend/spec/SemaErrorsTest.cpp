// What semantic analysis says: whole messages.
#include "SemaTestBase.h"

#include <gtest/gtest.h>

using namespace bregman::spec;

TEST(SemaErrors, UnknownNameIsSuggested) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q(growth in [1, 2] = 1.02) {
  levels {-1, 1}
  schedule beta = growth ^ step
  project w = tanh(bta * x)
  update lazy mirror
  final sgin(x)
}
)breg"),
            R"text(t.breg:4:20: error: Q2: 'bta' is not declared; did you mean 'beta'?
   4 |   project w = tanh(bta * x)
     |                    ^~~
t.breg:6:9: error: Q2: there is no function 'sgin'; did you mean 'sgn'?
   6 |   final sgin(x)
     |         ^~~~
)text");
}

TEST(SemaErrors, DeclaredTwiceAndReserved) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q(a = 1, a = 2) {
  let x = 3
  let tanh = 4
  let b = a
  let b(c, c) = c
  let f(step) = step
}
)breg"),
            R"text(t.breg:1:20: error: Q2: 'a' is declared twice
   1 | quantizer q(a = 1, a = 2) {
     |                    ^
t.breg:1:13: note: first here
   1 | quantizer q(a = 1, a = 2) {
     |             ^
t.breg:2:7: error: Q2: 'x' is a name of the language and cannot be declared
   2 |   let x = 3
     |       ^
t.breg:3:7: error: Q2: 'tanh' is a function of the language and cannot be declared
   3 |   let tanh = 4
     |       ^~~~
t.breg:5:12: error: Q2: 'c' is declared twice
   5 |   let b(c, c) = c
     |            ^
t.breg:5:9: note: first here
   5 |   let b(c, c) = c
     |         ^
t.breg:5:7: error: Q2: 'b' is declared twice
   5 |   let b(c, c) = c
     |       ^
t.breg:4:7: note: first here
   4 |   let b = a
     |       ^
t.breg:6:9: error: Q2: 'step' is a name of the language and cannot be declared
   6 |   let f(step) = step
     |         ^~~~
)text");
}

TEST(SemaErrors, UseBeforeDeclaration) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  let a = nearest(x) + w + levels
  levels {-1, 1}
  latent x[level] = levels * w0
  project u = softmax(x)
  weight w = sum(levels * u)
  update lazy mirror
  final sum(levels * hardmax(x))
}
)breg"),
            R"text(t.breg:2:19: error: Q2: 'x' is used before its 'latent' clause
   2 |   let a = nearest(x) + w + levels
     |                   ^
t.breg:2:11: error: Q2: 'levels' are used before they are declared
   2 |   let a = nearest(x) + w + levels
     |           ^~~~~~~~~~
t.breg:2:24: error: Q2: 'w' is used before its 'project' or 'weight' clause
   2 |   let a = nearest(x) + w + levels
     |                        ^
t.breg:2:28: error: Q2: 'levels' are used before they are declared
   2 |   let a = nearest(x) + w + levels
     |                            ^~~~~~
)text");
}

TEST(SemaErrors, FunctionsSeeOnlyWhatWasDeclared) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  let f(a) = a + late
  let late = 2
  levels {-1, 1}
  project w = f(x) * late
  update lazy mirror
  final sign(x)
}
)breg"),
            R"text(t.breg:2:18: error: Q2: 'late' is not declared
   2 |   let f(a) = a + late
     |                  ^~~~
)text");
}

TEST(SemaErrors, FunctionWithoutParentheses) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  let f(a) = a
  let y = tanh + f + x(2) + f(1, 2)
}
)breg"),
            R"text(t.breg:3:11: error: Q2: 'tanh' is a function; its arguments stand in parentheses
   3 |   let y = tanh + f + x(2) + f(1, 2)
     |           ^~~~
t.breg:3:18: error: Q2: 'f' is a function; its arguments stand in parentheses
   3 |   let y = tanh + f + x(2) + f(1, 2)
     |                  ^
t.breg:3:22: error: Q2: 'x' is no function; a product is written with '*'
   3 |   let y = tanh + f + x(2) + f(1, 2)
     |                      ^
t.breg:3:29: error: Q3: 'f' takes 1 argument, got 2
   3 |   let y = tanh + f + x(2) + f(1, 2)
     |                             ^~~~~~~
t.breg:2:7: note: declared here
   2 |   let f(a) = a
     |       ^
)text");
}

TEST(SemaErrors, UnusedNames) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q(growth = 1.02) {
  let a = growth
  schedule beta = step
}
)breg"),
            R"text(t.breg:2:7: warning: Q2: 'a' is never used
   2 |   let a = growth
     |       ^
t.breg:3:12: warning: Q2: 'beta' is never used
   3 |   schedule beta = step
     |            ^~~~
)text");
}

TEST(SemaErrors, LevelAxesDoNotMix) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  levels {-1, 1}
  latent x[level] = levels * w0
  project u = softmax(x * {1, 2, 3})
  weight w = levels * u
  update lazy mirror
  final x
}
)breg"),
            R"text(t.breg:4:27: error: Q3: a level axis of 3 does not fit to one of 2
   4 |   project u = softmax(x * {1, 2, 3})
     |                           ^~~~~~~~~
t.breg:4:23: note: which is here
   4 |   project u = softmax(x * {1, 2, 3})
     |                       ^
t.breg:7:9: error: Q3: 'final' has no level axis; this is a number per weight with a level axis of 2
   7 |   final x
     |         ^
)text");
}

TEST(SemaErrors, PhasesAndConditions) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer q {
  levels {-1, 1}
  schedule beta = abs(x)
  let c = x > 0
  project w = tanh(c) + (if x then 1 else 2)
  update lazy mirror
  freeze when x > 1
  final if c then 1 else c
}
)breg"),
      R"text(t.breg:3:19: error: Q3: a schedule is a number of the host, known once per step; this is a number per weight
   3 |   schedule beta = abs(x)
     |                   ^~~~~~
t.breg:5:20: error: Q3: an argument of 'tanh' is a number, not a condition
   5 |   project w = tanh(c) + (if x then 1 else 2)
     |                    ^
t.breg:5:29: error: Q3: 'if' takes a condition; this is a number per weight
   5 |   project w = tanh(c) + (if x then 1 else 2)
     |                             ^
t.breg:7:15: error: Q3: 'freeze when' is a condition of the host, known once per step; this is a condition per weight
   7 |   freeze when x > 1
     |               ^~~~~
t.breg:8:26: error: Q3: the arms of 'if' are both numbers or both conditions; this is a condition per weight
   8 |   final if c then 1 else c
     |                          ^
t.breg:8:19: note: this is a number of the host
   8 |   final if c then 1 else c
     |                   ^
)text");
}

TEST(SemaErrors, ReductionWithoutALevelAxis) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer q {
  levels {-1, 1}
  let a = mean(abs(x))
  let b = softmax(x)
  let d = sum(abs(x) per tensor)
  final sign(x) * a * b * d
}
)breg"),
      R"text(t.breg:3:11: error: Q3: 'mean' of one value narrows the level axis, which this does not have
   3 |   let a = mean(abs(x))
     |           ^~~~~~~~~~~~
note: over weights it is 'mean(... per tensor)'
t.breg:4:19: error: Q3: 'softmax' takes a value with a level axis; this is a number per weight
   4 |   let b = softmax(x)
     |                   ^
)text");
}

TEST(SemaErrors, ErrorInsideOfAFunction) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer q {
  levels {-1, 1}
  let f(a) = sum(a)
  let g2(a) = f(a) + 1
  final g2(x)
}
)breg"),
      R"text(t.breg:3:14: error: Q3: 'sum' of one value narrows the level axis, which this does not have
   3 |   let f(a) = sum(a)
     |              ^~~~~~
t.breg:4:15: note: in this use of 'f'
   4 |   let g2(a) = f(a) + 1
     |               ^~~~
t.breg:5:9: note: in this use of 'g2'
   5 |   final g2(x)
     |         ^~~~~
note: over weights it is 'sum(... per tensor)'
)text");
}

TEST(SemaErrors, CodebookRules) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q(a in [0, 1] = 0.5) {
  levels {1, -1}
  final 1
}
quantizer r(a in [0, 1] = 0.5) {
  levels {a, 2 * a - a}
  final a
}
quantizer s {
  levels {1}
  final 1
}
quantizer t {
  levels {-1, inf}
  final 1
}
quantizer u {
  levels 3
  final 1
}
quantizer v {
  levels {1, 1 + 1e-12}
  final 1
}
)breg"),
            R"text(t.breg:2:14: error: Q1: levels increase as they are written
   2 |   levels {1, -1}
     |              ^~
t.breg:2:11: note: this one is not below it
   2 |   levels {1, -1}
     |           ^
t.breg:6:14: error: Q1: two levels are the same for all admissible values
   6 |   levels {a, 2 * a - a}
     |              ^~~~~~~~~
t.breg:6:11: note: the other one
   6 |   levels {a, 2 * a - a}
     |           ^
t.breg:10:10: error: Q1: a codebook has two or more levels
  10 |   levels {1}
     |          ^~~
t.breg:14:15: error: Q1: a level is finite in f32
  14 |   levels {-1, inf}
     |               ^~~
t.breg:18:10: error: Q3: 'levels' is a value with a level axis, such as {-1, 1}; this is a number of the host
  18 |   levels 3
     |          ^
t.breg:22:14: error: Q1: levels increase as they are written
  22 |   levels {1, 1 + 1e-12}
     |              ^~~~~~~~~
t.breg:22:11: note: this one is not below it
  22 |   levels {1, 1 + 1e-12}
     |           ^
)text");
}

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

TEST(SemaErrors, UnfoldingIsBounded) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  let f(a) = a + a
  let h(a) = f(a) * f(a)
  let h1(a) = h(h(h(h(a)))) + h(h(h(h(a))))
  let h2(a) = h1(h1(h1(h1(a)))) + h1(h1(h1(h1(a))))
  let h3(a) = h2(h2(h2(h2(a)))) + h2(h2(h2(h2(a))))
  let h4(a) = h3(h3(h3(h3(a)))) + h3(h3(h3(h3(a))))
  let h5(a) = h4(h4(h4(h4(a)))) + h4(h4(h4(h4(a))))
  levels {-1, 1}
  final h5(x)
}
)breg"),
            R"text(t.breg:4:19: error: this unfolds to more than 100000 operations
   4 |   let h1(a) = h(h(h(h(a)))) + h(h(h(h(a))))
     |                   ^~~~~~~
t.breg:5:21: note: in this use of 'h1'
   5 |   let h2(a) = h1(h1(h1(h1(a)))) + h1(h1(h1(h1(a))))
     |                     ^~~~~~~~~
t.breg:6:21: note: in this use of 'h2'
   6 |   let h3(a) = h2(h2(h2(h2(a)))) + h2(h2(h2(h2(a))))
     |                     ^~~~~~~~~
t.breg:7:38: note: in this use of 'h3'
   7 |   let h4(a) = h3(h3(h3(h3(a)))) + h3(h3(h3(h3(a))))
     |                                      ^~~~~~~~~~~~~
t.breg:8:35: note: in this use of 'h4'
   8 |   let h5(a) = h4(h4(h4(h4(a)))) + h4(h4(h4(h4(a))))
     |                                   ^~~~~~~~~~~~~~~~~
t.breg:10:9: note: in this use of 'h5'
  10 |   final h5(x)
     |         ^~~~~
)text");
}

TEST(SemaErrors, UnfoldingIsNotNestedTooDeep) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  let f(a) = a + 1
  let f1(a) = f(f(f(f(f(f(f(f(a))))))))
  let f2(a) = f1(f1(f1(f1(f1(f1(f1(f1(a))))))))
  let f3(a) = f2(f2(f2(f2(f2(f2(f2(f2(a))))))))
  let f4(a) = f3(f3(f3(f3(f3(f3(f3(f3(a))))))))
  levels {-1, 1}
  final f4(x)
}
)breg"),
            R"text(t.breg:2:14: error: this unfolds to more than 4000 nested operations
   2 |   let f(a) = a + 1
     |              ^~~~~
t.breg:3:15: note: in this use of 'f'
   3 |   let f1(a) = f(f(f(f(f(f(f(f(a))))))))
     |               ^~~~~~~~~~~~~~~~~~~~~~~~~
t.breg:4:27: note: in this use of 'f1'
   4 |   let f2(a) = f1(f1(f1(f1(f1(f1(f1(f1(a))))))))
     |                           ^~~~~~~~~~~~~~~~~
t.breg:5:18: note: in this use of 'f2'
   5 |   let f3(a) = f2(f2(f2(f2(f2(f2(f2(f2(a))))))))
     |                  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~
t.breg:6:15: note: in this use of 'f3'
   6 |   let f4(a) = f3(f3(f3(f3(f3(f3(f3(f3(a))))))))
     |               ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
t.breg:8:9: note: in this use of 'f4'
   8 |   final f4(x)
     |         ^~~~~
)text");
}

TEST(SemaErrors, ComputedCodebooks) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q(s = 0) {
  levels s * [-1 .. 1]
  final nearest(x)
}
quantizer r(s in [0, 1] = 0) {
  levels s * [-1 .. 1]
  final nearest(x)
}
quantizer t {
  levels -{-1, 1}
  final nearest(x)
}
quantizer u {
  levels 1e30 * {-1e30, 1e30}
  final nearest(x)
}
)breg"),
            R"text(t.breg:2:10: error: Q1: two levels are the same for all admissible values
   2 |   levels s * [-1 .. 1]
     |          ^~~~~~~~~~~~~
t.breg:10:10: error: Q1: levels increase as they are written
  10 |   levels -{-1, 1}
     |          ^~~~~~~~
t.breg:14:10: error: Q1: a level is finite in f32
  14 |   levels 1e30 * {-1e30, 1e30}
     |          ^~~~~~~~~~~~~~~~~~~~
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
