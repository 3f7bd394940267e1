// What semantic analysis says of values, their axes and their phases: whole messages.
#include "SemaTestBase.h"

#include <gtest/gtest.h>

using namespace bregman::spec;

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
