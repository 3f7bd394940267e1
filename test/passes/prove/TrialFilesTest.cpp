// Specs of `trials/`, each under the messages that are right for it: what a rule says of a sound
// spec and of its broken twin, with the counterexample.
#include "Verdict.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

using namespace bregman::test;

namespace {

struct Written {
  std::string file, name, messages, spec;
};
void PrintTo(const Written &written, std::ostream *out) { *out << written.spec; }

/// A file is quantizers, each after the lines of its messages, `// sound` where there are none.
std::vector<Written> read(const std::filesystem::path &path) {
  std::vector<Written> all;
  std::ifstream file(path);
  Written written{path.stem().string(), "", "", ""};
  for (std::string line; std::getline(file, line);) {
    bool isInside = !written.spec.empty();
    if (!isInside && line.starts_with("// ")) {
      written.messages += line.substr(3) + "\n";
    } else if (!isInside && line.empty()) {
      written.messages = ""; // the file's own comment
    } else {
      std::smatch name;
      if (std::regex_search(line, name, std::regex("^quantizer (\\w+)")))
        written.name = name[1];
      written.spec += line + "\n";
      if (line == "}") {
        all.push_back(written);
        written = {written.file, "", "", ""};
      }
    }
  }
  return all;
}

std::vector<Written> everything() {
  std::vector<std::filesystem::path> paths;
  std::filesystem::path folder = std::string(BREGMAN_SOURCE_DIR) + "/test/passes/prove/trials";
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".breg")
      paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Written> all;
  for (const auto &path : paths)
    for (Written &written : read(path))
      all.push_back(written);
  return all;
}

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

class TrialFileTest : public testing::TestWithParam<Written> {};

TEST_P(TrialFileTest, hasTheRightVerdict) {
  EXPECT_EQ(messagesOf(verdictOf(GetParam().spec)), GetParam().messages);
}

TEST(TrialFiles, areMany) { EXPECT_GE(everything().size(), 500u); }

INSTANTIATE_TEST_SUITE_P(All, TrialFileTest, testing::ValuesIn(everything()),
                         [](const testing::TestParamInfo<Written> &info) {
                           return info.param.file + "_" + info.param.name;
                         });

} // namespace
