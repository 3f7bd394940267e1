// Specs of `trials/`, each under the messages that are right for it: what a rule says of a sound
// spec and of its broken twin, with the counterexample.
#include "TrialFiles.h"
#include "Verdict.h"

#include <regex>
#include <sstream>

using namespace bregman::test;

namespace {

/// The errors and warnings of a verdict, without places, lines of text and notes.
std::string messagesOf(const std::string &verdict) {
  std::string messages;
  std::istringstream lines(verdict);
  std::regex message("^(?:[^ ]*: )?((?:error|warning): .*)");
  std::smatch found;
  for (std::string line; std::getline(lines, line);)
    if (std::regex_match(line, found, message))
      messages += found[1].str() + "\n";
  return messages.empty() ? "sound\n" : messages;
}

class TrialFileTest : public testing::TestWithParam<FiledTrial> {};

TEST_P(TrialFileTest, hasTheRightVerdict) {
  EXPECT_EQ(messagesOf(verdictOf(GetParam().spec)), GetParam().messages);
}

TEST(TrialFiles, areMany) { EXPECT_GE(filedTrials().size(), 500u); }

INSTANTIATE_TEST_SUITE_P(All, TrialFileTest, testing::ValuesIn(filedTrials()),
                         [](const auto &info) { return info.param.id(); });

} // namespace
