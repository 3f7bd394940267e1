// A file with the library behind it: names, arguments, uses.
#include "UnitMessages.h"

using namespace bregman::spec;

TEST(Unit, NamesAreLookedUpHereThenInTheLibrary) {
  EXPECT_EQ(
      checkMessages(R"breg(plan {
  "*" : md_tahn_s by adm
}
)breg"),
      R"text(t.breg:2:9: error: Q2: 'md_tahn_s' is neither in this file nor in the library; did you mean 'md_tanh_s'?
   2 |   "*" : md_tahn_s by adm
     |         ^~~~~~~~~
t.breg:2:22: error: Q2: 'adm' is neither in this file nor in the library; did you mean 'adam'?
   2 |   "*" : md_tahn_s by adm
     |                      ^~~
)text");
}

TEST(Unit, QuantizerAndOptimizerAreNotConfused) {
  EXPECT_EQ(checkMessages(R"breg(plan {
  "*" : adam by md_tanh_s
}
)breg"),
            R"text(t.breg:2:9: error: Q2: 'adam' is an optimizer, here stands a quantizer
   2 |   "*" : adam by md_tanh_s
     |         ^~~~
LIBRARY/adam.breg:2:11: note: declared here
   2 | optimizer adam(lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0) {
     |           ^~~~
t.breg:2:17: error: Q2: 'md_tanh_s' is a quantizer, here stands an optimizer
   2 |   "*" : adam by md_tanh_s
     |                 ^~~~~~~~~
LIBRARY/md_tanh_s.breg:3:11: note: declared here
   3 | quantizer md_tanh_s(growth in [1, 2] = 1.02, period = 200) {
     |           ^~~~~~~~~
)text");
}

TEST(Unit, ArgumentsOfAUse) {
  EXPECT_EQ(
      checkMessages(R"breg(plan {
  "a" : md_tanh_s(grwth = 1.1) by adam(lr = 1e-3, lr = 2e-3)
  "b" : md_tanh_s(growth = 3) by adam(lr = x)
  "c" : float reset every epoch
  "d" : float by sgd(lr = step) reset every 0 epochs
  "e" : float by sgd(lr = step > 2)
  "f" : md_tanh_s(growth = 1 + step / 1000) by sgd
}
)breg"),
      R"text(t.breg:2:19: error: Q2: 'md_tanh_s' has no parameter 'grwth'; did you mean 'growth'?
   2 |   "a" : md_tanh_s(grwth = 1.1) by adam(lr = 1e-3, lr = 2e-3)
     |                   ^~~~~
LIBRARY/md_tanh_s.breg:3:11: note: declared here
   3 | quantizer md_tanh_s(growth in [1, 2] = 1.02, period = 200) {
     |           ^~~~~~~~~
t.breg:2:51: error: Q2: 'lr' is given twice
   2 |   "a" : md_tanh_s(grwth = 1.1) by adam(lr = 1e-3, lr = 2e-3)
     |                                                   ^~
t.breg:2:40: note: first here
   2 |   "a" : md_tanh_s(grwth = 1.1) by adam(lr = 1e-3, lr = 2e-3)
     |                                        ^~
t.breg:3:28: error: 'growth' lies outside of its range
   3 |   "b" : md_tanh_s(growth = 3) by adam(lr = x)
     |                            ^
LIBRARY/md_tanh_s.breg:3:21: note: declared here
   3 | quantizer md_tanh_s(growth in [1, 2] = 1.02, period = 200) {
     |                     ^~~~~~
t.breg:3:44: error: Q2: 'x' is not declared
   3 |   "b" : md_tanh_s(growth = 3) by adam(lr = x)
     |                                            ^
t.breg:4:27: error: 'reset' needs an optimizer, whose states it sets anew
   4 |   "c" : float reset every epoch
     |                           ^~~~~
t.breg:5:45: error: a period is a positive integer
   5 |   "d" : float by sgd(lr = step) reset every 0 epochs
     |                                             ^
t.breg:6:27: error: Q3: the argument 'lr' is a number of the host, known once per step; this is a condition of the host
   6 |   "e" : float by sgd(lr = step > 2)
     |                           ^~~~~~~~
)text");
}

TEST(Unit, DeclaredTwice) {
  EXPECT_EQ(checkMessages(R"breg(quantizer a {}
quantizer a {}
optimizer a { descend g }
plan a { }
plan { "*" : a }
plan { "*" : a }
)breg"),
            R"text(t.breg:2:11: error: Q2: 'a' is declared twice
   2 | quantizer a {}
     |           ^
t.breg:1:11: note: first here
   1 | quantizer a {}
     |           ^
t.breg:3:11: error: Q2: 'a' is declared twice
   3 | optimizer a { descend g }
     |           ^
t.breg:1:11: note: first here
   1 | quantizer a {}
     |           ^
t.breg:4:6: error: Q2: 'a' is declared twice
   4 | plan a { }
     |      ^
t.breg:1:11: note: first here
   1 | quantizer a {}
     |           ^
t.breg:6:1: error: Q2: a file has one plan without a name
   6 | plan { "*" : a }
     | ^~~~
)text");
}

TEST(Unit, RedefinedLibraryNameIsNoted) {
  EXPECT_EQ(checkMessages(R"breg(optimizer sgd(lr = 0.1) {
  descend lr * g
}
)breg"),
            R"text(t.breg:1:11: note: Q2: 'sgd' is in the library too; this file's is taken
   1 | optimizer sgd(lr = 0.1) {
     |           ^~~
)text");
}

TEST(Unit, ACopyOfTheLibrarysIsNotNoted) {
  Diagnostics ignored;
  auto copy = readSource(Library::standard().fileOf("sgd"), ignored);
  ASSERT_TRUE(copy);
  EXPECT_EQ(checkMessages(std::string(copy->text())), "");
}

TEST(Unit, UsesThatAreNone) {
  EXPECT_EQ(
      useMessages(R"breg(q by)breg"),
      R"text(<use>:1:5: error: expected the name of a quantizer or optimizer, got the end of the file
   1 | q by
     |     ^
)text");
}

TEST(Unit, UsesOfUnknownNames) {
  EXPECT_EQ(
      useMessages(R"breg(qq by adam)breg"),
      R"text(<use>:1:1: error: Q2: 'qq' is neither in this file nor in the library; did you mean 'q'?
   1 | qq by adam
     | ^~
)text");
}

TEST(Unit, UsesWithArguments) {
  EXPECT_EQ(useMessages(R"breg(q by adam(lr = 1e-3 * 0.5 ^ epoch) reset every 3 epochs)breg"),
            R"text()text");
}
