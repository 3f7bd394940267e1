// A file with the library behind it: names, plans, uses.
#include "SpecTest.h"

#include "frontend/spec/Unit.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

using namespace bregman::spec;

namespace {

Library shipped() { return Library(std::string(BREGMAN_SOURCE_DIR) + "/examples/specs"); }

std::string checkMessages(const std::string &text, const Library &library = shipped()) {
  Diagnostics diagnostics;
  auto unit = Unit::check(sourceOf(text), library, diagnostics);
  EXPECT_EQ(unit == nullptr, diagnostics.hasErrors());
  std::string out = diagnostics.render();
  // The library's folder differs from machine to machine.
  std::string folder = library.folder() + "/";
  for (size_t at; (at = out.find(folder)) != std::string::npos;)
    out.replace(at, folder.size(), "LIBRARY/");
  return out;
}

std::string useMessages(const std::string &text) {
  Diagnostics diagnostics;
  auto unit = Unit::check(sourceOf("quantizer q {}"), shipped(), diagnostics);
  EXPECT_EQ(unit->use(text, diagnostics) == nullptr, diagnostics.hasErrors());
  return diagnostics.render();
}

/// A folder that is gone after the test.
struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "bregman-unit-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  void write(const std::string &name, const std::string &text) const {
    std::ofstream(path / name) << text;
  }
};

} // namespace

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

TEST(Unit, ConstrainedTrainingAndActivations) {
  EXPECT_EQ(
      checkMessages(R"breg(quantizer q {}
quantizer signs {
  levels {-1, 1}
  project w = ste(sign(x), x)
  update chain
}
quantizer lazy {
  levels {-1, 1}
  project w = tanh(x)
  update lazy mirror
  final sign(x)
}
plan {
  "a" : signs by sgd
  activations "b" : lazy
  minimize high
  minimize low
  subject to "c" (high - low) ^ 2 <= high multiplier 1 rate 1 every epoch
  subject to output 1 <= 1 multiplier -1 rate step every 0 steps
  subject to output mean(high per tensor) + mean(low where low > 0) <= 1 multiplier 1 rate 1 every step
  subject to output high * {1, 2} + x <= 1 multiplier 1 rate 0 - 1 every step
  subject to output high * random() <= 1 multiplier 1 rate 1 every step
  subject to output optimizer.v + nearest(high, {-1, 1}) <= 1 multiplier 1 rate 1 every step
}
)breg"),
      R"text(t.breg:14:9: error: Q16: 'signs' has no 'final', so it is for lines that begin with 'activations'
  14 |   "a" : signs by sgd
     |         ^~~~~
t.breg:2:11: note: declared here
   2 | quantizer signs {
     |           ^~~~~
t.breg:15:21: error: Q17: 'lazy' does not quantize activations: those have 'let', 'schedule', 'learn', 'levels', 'project w' and 'update chain' only
  15 |   activations "b" : lazy
     |                     ^~~~
t.breg:10:3: note: this is another clause
  10 |   update lazy mirror
     |   ^~~~~~
t.breg:17:3: error: Q2: 'minimize' stands twice
  17 |   minimize low
     |   ^~~~~~~~~~~~
t.breg:16:3: note: first here
  16 |   minimize high
     |   ^~~~~~~~~~~~~
t.breg:18:38: error: Q3: the bound of a constraint is a number of the host, known once per step; this is a number per weight with a class axis
  18 |   subject to "c" (high - low) ^ 2 <= high multiplier 1 rate 1 every epoch
     |                                      ^~~~
t.breg:19:21: error: a constraint is one on 'high' and 'low'; this reads neither
  19 |   subject to output 1 <= 1 multiplier -1 rate step every 0 steps
     |                     ^
t.breg:19:39: error: a multiplier is 0 or more
  19 |   subject to output 1 <= 1 multiplier -1 rate step every 0 steps
     |                                       ^~
t.breg:19:58: error: a period is a positive integer
  19 |   subject to output 1 <= 1 multiplier -1 rate step every 0 steps
     |                                                          ^
t.breg:20:35: error: Q3: in a constraint 'mean' is over the class axis; what is left is averaged
  20 |   subject to output mean(high per tensor) + mean(low where low > 0) <= 1 multiplier 1 rate 1 every step
     |                                   ^~~~~~
t.breg:20:60: error: Q3: in a constraint 'mean' is over the class axis; what is left is averaged
  20 |   subject to output mean(high per tensor) + mean(low where low > 0) <= 1 multiplier 1 rate 1 every step
     |                                                            ^~~~~~~
t.breg:21:28: error: Q3: a level axis of 2 does not fit to a class axis
  21 |   subject to output high * {1, 2} + x <= 1 multiplier 1 rate 0 - 1 every step
     |                            ^~~~~~
t.breg:21:21: note: which is here
  21 |   subject to output high * {1, 2} + x <= 1 multiplier 1 rate 0 - 1 every step
     |                     ^~~~
t.breg:21:37: error: Q2: 'x' is not declared
  21 |   subject to output high * {1, 2} + x <= 1 multiplier 1 rate 0 - 1 every step
     |                                     ^
t.breg:21:62: error: the rate of a multiplier is 0 or more
  21 |   subject to output high * {1, 2} + x <= 1 multiplier 1 rate 0 - 1 every step
     |                                                              ^~~~~
t.breg:22:21: error: a constraint is of 'high' and 'low' alone; 'random' belongs to quantizers and optimizers
  22 |   subject to output high * random() <= 1 multiplier 1 rate 1 every step
     |                     ^~~~~~~~~~~~~~~
t.breg:23:21: error: Q2: 'optimizer.v' belongs to quantizers
  23 |   subject to output optimizer.v + nearest(high, {-1, 1}) <= 1 multiplier 1 rate 1 every step
     |                     ^~~~~~~~~~~
t.breg:23:43: error: Q3: an argument of 'nearest' has no level axis; this is a number per weight with a class axis
  23 |   subject to output optimizer.v + nearest(high, {-1, 1}) <= 1 multiplier 1 rate 1 every step
     |                                           ^~~~
)text");
}

TEST(Unit, ALineWithoutAnOptimizerTrainsNothing) {
  EXPECT_EQ(
      checkMessages(R"breg(plan {
  "a"             : md_tanh_s
  activations "b" : dorefa_act
  else            : float by sgd
}
)breg"),
      R"text(t.breg:2:21: warning: no optimizer is given by 'by', so that nothing trains the parameters of this line
   2 |   "a"             : md_tanh_s
     |                     ^~~~~~~~~
)text");
}

TEST(Unit, AProximalStepAsksForTheLearningRate) {
  EXPECT_EQ(
      checkMessages(R"breg(quantizer shrunk {
  levels {-1, 1}
  prox 0.1 * abs(x - nearest(x))
  final sign(x)
}
optimizer bare { descend 0.1 * g }
plan {
  "a" : shrunk by sgd
  else : shrunk by bare
}
)breg"),
      R"text(t.breg:9:20: error: Q10: 'shrunk' reads lr, but 'bare' has no parameter of that name
   9 |   else : shrunk by bare
     |                    ^~~~
t.breg:1:11: note: declared here
   1 | quantizer shrunk {
     |           ^~~~~~
)text");
}

TEST(Unit, TheOptimizerHasWhatTheQuantizerReads) {
  EXPECT_EQ(
      checkMessages(R"breg(quantizer curved {
  let d = sqrt(optimizer.v) + optimizer.m
  levels {-1, 1}
  project w = d * x
  update straight_through
  every step x' = x * (1 - lr)
  final sign(x)
}
optimizer bare { descend 0.1 * g }
plan {
  "a" : curved by bare
  "b" : curved
  "c" : curved by adam
  "d" : curved by rmsprop
}
)breg"),
      R"text(t.breg:11:19: error: Q10: 'curved' reads optimizer.m, but 'bare' has no state of that name
  11 |   "a" : curved by bare
     |                   ^~~~
t.breg:1:11: note: declared here
   1 | quantizer curved {
     |           ^~~~~~
t.breg:11:19: error: Q10: 'curved' reads optimizer.v, but 'bare' has no state of that name
  11 |   "a" : curved by bare
     |                   ^~~~
t.breg:1:11: note: declared here
   1 | quantizer curved {
     |           ^~~~~~
t.breg:11:19: error: Q10: 'curved' reads lr, but 'bare' has no parameter of that name
  11 |   "a" : curved by bare
     |                   ^~~~
t.breg:1:11: note: declared here
   1 | quantizer curved {
     |           ^~~~~~
t.breg:12:9: error: Q10: 'curved' reads optimizer.m, but no optimizer is given by 'by'
  12 |   "b" : curved
     |         ^~~~~~
t.breg:1:11: note: declared here
   1 | quantizer curved {
     |           ^~~~~~
t.breg:12:9: error: Q10: 'curved' reads optimizer.v, but no optimizer is given by 'by'
  12 |   "b" : curved
     |         ^~~~~~
t.breg:1:11: note: declared here
   1 | quantizer curved {
     |           ^~~~~~
t.breg:12:9: error: Q10: 'curved' reads lr, but no optimizer is given by 'by'
  12 |   "b" : curved
     |         ^~~~~~
t.breg:1:11: note: declared here
   1 | quantizer curved {
     |           ^~~~~~
t.breg:14:19: error: Q10: 'curved' reads optimizer.m, but 'rmsprop' has no state of that name
  14 |   "d" : curved by rmsprop
     |                   ^~~~~~~
t.breg:1:11: note: declared here
   1 | quantizer curved {
     |           ^~~~~~
)text");
}

TEST(Unit, PlansOfActivationsAndConstraints) {
  EXPECT_EQ(checkMessages(R"breg(quantizer signs {
  levels {-1, 1}
  project w = ste(sign(x), x)
  update chain
}
plan {
  else                : float by sgd
  activations "*"     : signs
  activations "a.b?"  : float
  minimize high
  subject to "*.conv" abs(high - low) <= 1 / (1 + epoch) multiplier 0 rate 0.01 every 2 epochs
  subject to output   -sum(softmax(high) * log(softmax(low))) <= 0.7 multiplier 1 rate 0.01 every epoch
}
)breg"),
            "");
}

TEST(Unit, StructuralArguments) {
  EXPECT_EQ(checkMessages(R"breg(quantizer q(n in [1, 4] = 1) {
  levels [-n .. n]
  project w = clamp(x, -n, n)
  update lazy mirror
  final nearest(x)
}
plan {
  "a" : q(n = epoch)
  "b" : q(n = 9)
  "c" : q(n = 1.5)
}
)breg"),
            R"text(t.breg:8:15: error: 'n' is compiled in and therefore is made of numbers alone
   8 |   "a" : q(n = epoch)
     |               ^~~~~
t.breg:9:15: error: 'n' lies outside of its range
   9 |   "b" : q(n = 9)
     |               ^
t.breg:1:13: note: declared here
   1 | quantizer q(n in [1, 4] = 1) {
     |             ^
t.breg:10:15: error: 'n' is compiled in and therefore an integer
  10 |   "c" : q(n = 1.5)
     |               ^~~
)text");
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

TEST(Unit, FindsWhatIsNotThereYet) {
  Diagnostics diagnostics;
  auto unit = Unit::check(sourceOf("quantizer q {}"), shipped(), diagnostics);
  EXPECT_EQ(unit->definitions().size(), 1u);
  EXPECT_TRUE(unit->find("momentum", /*optimizer=*/true, diagnostics));
  EXPECT_EQ(unit->definitions().size(), 2u);
  EXPECT_EQ(unit->find("momentum", /*optimizer=*/true, diagnostics), unit->definitions()[1]);
  EXPECT_EQ(unit->quantizers(), std::vector<std::string>{"q"});
  EXPECT_TRUE(unit->optimizers().empty());
  EXPECT_EQ(diagnostics.render(), "");
  EXPECT_FALSE(unit->find("q", /*optimizer=*/true, diagnostics));
  EXPECT_EQ(diagnostics.render(), "<optimizer>:1:1: error: Q2: 'q' is a quantizer, here stands an "
                                  "optimizer\n"
                                  "   1 | q\n"
                                  "     | ^\n"
                                  "t.breg:1:11: note: declared here\n"
                                  "   1 | quantizer q {}\n"
                                  "     |           ^\n");
}

TEST(Unit, FilesOfTheLibraryThatAreWrongAreSaid) {
  Folder folder;
  folder.write("broken.breg", "quantizer broken {\n  levels {\n}\n");
  folder.write("other.breg", "quantizer another {}\n");
  Library library(folder.path.string());
  EXPECT_EQ(library.names(), (std::vector<std::string>{"broken", "other"}));
  EXPECT_EQ(checkMessages("plan { \"*\" : broken }", library),
            "LIBRARY/broken.breg:3:1: error: expected an expression, got '}'\n"
            "   3 | }\n"
            "     | ^\n");
  EXPECT_EQ(checkMessages("plan { \"*\" : other }", library),
            "LIBRARY/other.breg:1:1: error: this file of the library does not declare 'other'\n"
            "   1 | quantizer another {}\n"
            "     | ^\n");
  EXPECT_EQ(checkMessages("plan { \"*\" : other }", Library("")),
            "t.breg:1:14: error: Q2: 'other' is neither in this file nor in the library\n"
            "   1 | plan { \"*\" : other }\n"
            "     |              ^~~~~\n"
            "note: there is no library; BREGMAN_SPECS names its folder\n");
}

TEST(Unit, FilesThatCannotBeRead) {
  Folder folder;
  Diagnostics diagnostics;
  EXPECT_FALSE(readSource((folder.path / "none.breg").string(), diagnostics));
  EXPECT_FALSE(readSource(folder.path.string(), diagnostics));
  EXPECT_EQ(diagnostics.render(), "error: cannot read " + (folder.path / "none.breg").string() +
                                      ": No such file or directory\nerror: " +
                                      folder.path.string() + " is a folder, not a spec\n");
}

TEST(Unit, EmptyFileIsAFile) {
  Folder folder;
  folder.write("empty.breg", "");
  Diagnostics diagnostics;
  auto source = readSource((folder.path / "empty.breg").string(), diagnostics);
  ASSERT_TRUE(source);
  EXPECT_TRUE(Unit::check(source, Library(""), diagnostics));
  EXPECT_EQ(diagnostics.render(), "");
}

TEST(Library, IsFoundBesideThePrograms) {
  unsetenv("BREGMAN_SPECS");
  EXPECT_FALSE(Library::standard().fileOf("md_tanh_s").empty());
  setenv("BREGMAN_SPECS", "/nowhere", 1);
  EXPECT_EQ(Library::standard().folder(), "/nowhere");
  EXPECT_TRUE(Library::standard().names().empty());
  unsetenv("BREGMAN_SPECS");
}

// One name is looked up by `find`, a line of a plan by `use`.
TEST(Unit, FindTakesOneName) {
  std::unique_ptr<Unit> unit;
  auto find = [&](const std::string &name, bool optimizer) {
    Diagnostics diagnostics;
    unit = Unit::check(sourceOf("quantizer q {}"), shipped(), diagnostics);
    EXPECT_EQ(unit->find(name, optimizer, diagnostics) == nullptr, diagnostics.hasErrors());
    return diagnostics.render();
  };
  EXPECT_EQ(find("md_tanh_s(growth = 1.1)", false), "");
  EXPECT_EQ(find("q by adam", false),
            R"text(<quantizer>:1:1: error: expected one name, with structural arguments at most
   1 | q by adam
     | ^~~~~~~~~
)text");
  EXPECT_EQ(find("sgd reset every epoch", true),
            R"text(<optimizer>:1:1: error: expected one name, with structural arguments at most
   1 | sgd reset every epoch
     | ^~~~~~~~~~~~~~~~~~~~~
)text");
}

// What is wrong with a definition of the library is said once; whoever asks again is told so.
TEST(Unit, RefusedBefore) {
  Folder folder;
  folder.write("bad.breg", "quantizer bad { let a = y }\n");
  folder.write("worse.breg", "optimizer worse { descend y }\n");
  Diagnostics diagnostics;
  auto unit = Unit::check(sourceOf("quantizer q {}"), Library(folder.path.string()), diagnostics);
  ASSERT_NE(unit, nullptr) << diagnostics.render();
  auto messages = [&](auto ask) {
    Diagnostics fresh;
    EXPECT_FALSE(ask(fresh));
    return fresh.render();
  };
  auto findBad = [&](Diagnostics &fresh) { return unit->find("bad", false, fresh); };
  auto useWorse = [&](Diagnostics &fresh) { return unit->use("q by worse", fresh); };
  EXPECT_EQ(messages(findBad), (folder.path / "bad.breg").string() +
                                   R"text(:1:25: error: Q2: 'y' is not declared
   1 | quantizer bad { let a = y }
     |                         ^
)text");
  EXPECT_EQ(messages(findBad), R"text(<quantizer>:1:1: error: 'bad' was refused before
   1 | bad
     | ^~~
)text");
  EXPECT_EQ(messages(useWorse), (folder.path / "worse.breg").string() +
                                    R"text(:1:27: error: Q2: 'y' is not declared
   1 | optimizer worse { descend y }
     |                           ^
)text");
  EXPECT_EQ(messages(useWorse), R"text(<use>:1:1: error: 'q by worse' was refused before
   1 | q by worse
     | ^~~~~~~~~~
)text");
}

TEST(Unit, WhatIsNoText) {
  Folder folder;
  folder.write("odd.breg", "quantizer q {\x01}\n");
  Diagnostics diagnostics;
  std::string path = (folder.path / "odd.breg").string();
  EXPECT_EQ(readSource(path, diagnostics), nullptr);
  EXPECT_EQ(diagnostics.render(), "error: " + path + " is not a text: byte 1 at 13\n");
}
