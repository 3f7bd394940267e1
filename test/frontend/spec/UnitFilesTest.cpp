// Files of the library and others: found, wrong, unreadable, refused.
#include "UnitMessages.h"

using namespace bregman::spec;

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
