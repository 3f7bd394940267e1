// Rendering of messages, positions, and suggestions.
#include "SpecTest.h"

#include "frontend/spec/Suggest.h"

#include <gtest/gtest.h>

using namespace bregman::spec;

TEST(Diagnostics, NotesStandBelowTheirMessage) {
  auto source = sourceOf("one\ntwo three\n");
  Diagnostics diagnostics;
  diagnostics.warning(source, {8, 13}, "w").note(source, {0, 3}, "here").note("and so");
  diagnostics.error(nullptr, {}, "no place");
  EXPECT_EQ(diagnostics.render(), "t.breg:2:5: warning: w\n"
                                  "   2 | two three\n"
                                  "     |     ^~~~~\n"
                                  "t.breg:1:1: note: here\n"
                                  "   1 | one\n"
                                  "     | ^~~\n"
                                  "note: and so\n"
                                  "error: no place\n");
  EXPECT_EQ(diagnostics.render(Severity::Error), "error: no place\n");
  EXPECT_EQ(diagnostics.errorCount(), 1);
}

TEST(Diagnostics, CaretStandsUnderTabsAndWideCharacters) {
  auto source = sourceOf("\tβ = x\r\n");
  Diagnostics diagnostics;
  diagnostics.error(source, {6, 7}, "here");
  EXPECT_EQ(diagnostics.render(), "t.breg:1:7: error: here\n"
                                  "   1 | \tβ = x\n"
                                  "     | \t    ^\n");
}

TEST(Diagnostics, RangeOfSeveralLinesIsMarkedOnItsFirst) {
  auto source = sourceOf("abc\ndef");
  Diagnostics diagnostics;
  diagnostics.error(source, {1, 6}, "long");
  EXPECT_EQ(diagnostics.render(), "t.breg:1:2: error: long\n"
                                  "   1 | abc\n"
                                  "     |  ^~\n");
}

TEST(Diagnostics, ColourOnlyWhenAsked) {
  auto source = sourceOf("a");
  Diagnostics diagnostics;
  diagnostics.error(source, {0, 1}, "m");
  EXPECT_EQ(diagnostics.render().find('\033'), std::string::npos);
  EXPECT_EQ(diagnostics.render(/*colour=*/true),
            "\033[1mt.breg:1:1:\033[0m \033[1;31merror:\033[0m \033[1mm\033[0m\n"
            "   1 | a\n"
            "     | \033[1;32m^\033[0m\n");
}

TEST(Source, PositionsAndOffsetsAreInverse) {
  Source source("s", "ab\n\ncd");
  for (uint32_t offset = 0; offset <= 6; ++offset)
    EXPECT_EQ(source.offset(source.position(offset)), offset);
  EXPECT_EQ(source.position(99).line, 3);
  EXPECT_EQ(source.line(2), "");
  EXPECT_EQ(source.line(4), "");
  EXPECT_EQ(source.offset({9, 1}), 6u);
}

TEST(Suggest, DistanceCountsSwapsAsOne) {
  EXPECT_EQ(editDistance("", "abc"), 3);
  EXPECT_EQ(editDistance("tanh", "tahn"), 1);
  EXPECT_EQ(editDistance("project", "projct"), 1);
  EXPECT_EQ(editDistance("kitten", "sitting"), 3);
}

TEST(Suggest, OnlyWhatMayHaveBeenMeant) {
  EXPECT_EQ(closest("bta", {"alpha", "beta"}), "beta");
  EXPECT_EQ(closest("softmx", {"softmax", "sparsemax"}), "softmax");
  EXPECT_EQ(closest("q", {"x", "w"}), "");
  EXPECT_EQ(closest("gamma", {"beta"}), "");
  EXPECT_EQ(didYouMean("bta", {"beta"}), "; did you mean 'beta'?");
  EXPECT_EQ(didYouMean("zz", {"beta"}), "");
}
