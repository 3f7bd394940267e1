// What semantic analysis says of names: whole messages.
#include "SemaTestBase.h"

#include "frontend/spec/Suggest.h"

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

TEST(SemaErrors, UnusedArguments) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q {
  let f(a, b) = b
  let h(n) = mean(abs(x) where x > f(0, 1) per group(n))
  levels(v) {-c, c} where c = f(1, 2), d = 3
  final h(2) * nearest(x)
}
quantizer r {
  levels(v) {-c, c} where a = mean(abs(v) per tensor), c = fit(v per tensor) from a rounds 2
  final nearest(x)
}
optimizer o {
  let f(a) = 1
  descend f(x) * g
}
)breg"),
            R"text(t.breg:2:9: warning: Q2: 'a' is never used
   2 |   let f(a, b) = b
     |         ^
t.breg:4:10: warning: Q2: 'v' is never used
   4 |   levels(v) {-c, c} where c = f(1, 2), d = 3
     |          ^
t.breg:4:40: warning: Q2: 'd' is never used
   4 |   levels(v) {-c, c} where c = f(1, 2), d = 3
     |                                        ^
t.breg:12:9: warning: Q2: 'a' is never used
  12 |   let f(a) = 1
     |         ^
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

// What other languages call a function is answered by what the language writes, which it takes.
TEST(SemaErrors, FunctionsOfOtherLanguages) {
  auto messages = [](const std::string &expression) {
    return semaMessages("quantizer q(y = 0.5, low = -1, high = 1, a = -1, b = 1) {\n"
                        "  levels {-1, 1}\n"
                        "  project w = x + 0 * y * low * high * a * b * (" +
                        expression +
                        ")\n"
                        "  update chain\n"
                        "  final sign(x)\n"
                        "}\n");
  };
  for (const std::string &name : foreignNames()) {
    EXPECT_EQ(messages(writtenHere(name)), "") << name;
    std::string whole = messages(name + "(x)");
    std::string first = whole.substr(0, whole.find('\n'));
    EXPECT_EQ(first, "t.breg:3:49: error: Q2: there is no function '" + name + "'; it is written " +
                         writtenHere(name));
  }
}
