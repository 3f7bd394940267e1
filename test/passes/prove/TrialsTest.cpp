// Each trial has its verdict; what was accepted is scanned, and each counterexample is computed, by
// the projection written again in C++.
#include "TrialSpecs.h"
#include "Verdict.h"

#include "gmock/gmock.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>
#include <sstream>

using namespace bregman::test;

namespace {

std::vector<std::string> linesOf(const std::string &text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::vector<Trial> allTrials() {
  std::vector<Trial> all;
  for (auto make : {sigmoids, piecewise, families, agile, broken})
    for (Trial &trial : make())
      all.push_back(trial);
  return all;
}

bool isSaid(const Trial &trial, const std::string &start) {
  return std::any_of(trial.messages.begin(), trial.messages.end(),
                     [&](const std::string &message) { return message.starts_with(start); });
}

/// The codebook of a trial: `{..}`, times a or a / 2.
std::vector<double> levelsOf(const Trial &trial, double a) {
  size_t open = trial.levels.find('{');
  std::string before = trial.levels.substr(0, open), entry;
  double factor = before.starts_with("a / 2") ? a / 2 : before.starts_with("a") ? a : 1;
  std::stringstream entries(trial.levels.substr(open + 1));
  std::vector<double> levels;
  while (std::getline(entries, entry, ','))
    levels.push_back(factor * (entry.find('a') != std::string::npos ? a : std::stod(entry)));
  return levels;
}

class TrialTest : public testing::TestWithParam<Trial> {};

TEST_P(TrialTest, hasTheRightVerdict) {
  const Trial &trial = GetParam();
  std::string verdict = verdictOf(trial.spec());
  std::vector<std::string> lines = linesOf(verdict);
  ASSERT_EQ(lines.size(), trial.messages.size()) << verdict;
  for (size_t i = 0; i < lines.size(); ++i)
    EXPECT_THAT(lines[i], testing::StartsWith(trial.messages[i])) << verdict;
}

/// A dense scan finds nothing against what is expected to be accepted.
TEST_P(TrialTest, isWhatItIsExpectedToBe) {
  const Trial &trial = GetParam();
  std::vector<double> xs;
  for (double x = -12; x <= 12; x += 0x1p-9)
    xs.push_back(x);
  for (double x = 12; x < 1e6; x *= 1.01)
    xs.insert(xs.end(), {x, -x});
  std::sort(xs.begin(), xs.end());
  for (double a : trial.others)
    for (double b : {1.0, 3.0, 50.0}) {
      std::vector<double> levels = levelsOf(trial, a);
      auto [low, high] = std::minmax_element(levels.begin(), levels.end());
      double slack = 1e-6 * (*high - *low), highest = -INFINITY;
      for (double x : xs) {
        double value = trial.value(x, b, a);
        if (!std::isfinite(value)) // doubles that overflow say nothing
          continue;
        if (!isSaid(trial, "error: Q4")) {
          ASSERT_GE(value, highest - 1e-9) << "at x = " << x << ", b = " << b << ", a = " << a;
        }
        highest = std::max(highest, value);
        if (!isSaid(trial, "error: Q5") && !isSaid(trial, "error: Q4")) {
          ASSERT_LE(value, *high + slack) << "at x = " << x << ", b = " << b << ", a = " << a;
          ASSERT_GE(value, *low - slack) << "at x = " << x << ", b = " << b << ", a = " << a;
        }
      }
    }
}

/// The numbers that a message gives the host: `... at beta = 1, t = 0.25`.
struct Setting {
  double b = 1, a = 1;
};
Setting settingOf(const std::string &text) {
  Setting setting;
  std::regex pair(R"((\w+) = ([-+.\w]+))");
  for (std::sregex_iterator at(text.begin(), text.end(), pair), end; at != end; ++at)
    ((*at)[1] == "beta" ? setting.b : setting.a) = std::stod((*at)[2]);
  return setting;
}

/// Each counterexample is one: the values it names are those of the projection, and break the rule.
TEST_P(TrialTest, hasCounterexamplesThatHold) {
  const Trial &trial = GetParam();
  auto near = [](double a, double b) {
    return std::abs(a - b) <= 2e-5 * std::max(1.0, std::abs(b));
  };
  const std::string number = R"(([-+.\w]*[\w]))";
  const std::regex falls("not monotone: P\\(" + number + "\\) = " + number + " > P\\(" + number +
                         "\\) = " + number + "(.*)");
  const std::regex leaves("leaves the hull \\[" + number + ", " + number +
                          "\\] of the levels: P\\(" + number + "\\) = " + number + "(.*)");
  const std::regex jumps("jumps at x = " + number + " from " + number + " to " + number);
  const std::regex flat("strictly increasing projection: P\\(" + number + "\\) = P\\(" + number +
                        "\\) = " + number + "(.*)");
  const std::regex constant("the projection is constant at (.*)");
  for (const std::string &line : linesOf(verdictOf(trial.spec()))) {
    std::smatch found;
    auto at = [&](int i) { return std::stod(found[i]); };
    if (std::regex_search(line, found, falls)) {
      auto [b, a] = settingOf(found[5]);
      EXPECT_LT(at(1), at(3)) << line;
      EXPECT_GT(trial.value(at(1), b, a), trial.value(at(3), b, a)) << line;
      EXPECT_TRUE(near(trial.value(at(1), b, a), at(2))) << line;
      EXPECT_TRUE(near(trial.value(at(3), b, a), at(4))) << line;
    } else if (std::regex_search(line, found, leaves)) {
      auto [b, a] = settingOf(found[5]);
      double value = trial.value(at(3), b, a);
      EXPECT_TRUE(value < at(1) || value > at(2)) << line;
      EXPECT_TRUE(near(value, at(4))) << line;
    } else if (std::regex_search(line, found, jumps)) {
      double step = 1e-7 * std::max(1.0, std::abs(at(1)));
      EXPECT_TRUE(near(trial.value(at(1) - step, 1, 1), at(2))) << line;
      EXPECT_TRUE(near(trial.value(at(1) + step, 1, 1), at(3))) << line;
      EXPECT_FALSE(near(at(2), at(3))) << line;
    } else if (std::regex_search(line, found, flat)) {
      auto [b, a] = settingOf(found[4]);
      EXPECT_NE(at(1), at(2)) << line;
      EXPECT_TRUE(near(trial.value(at(1), b, a), at(3))) << line;
      EXPECT_TRUE(near(trial.value(at(2), b, a), at(3))) << line;
    } else if (std::regex_search(line, found, constant)) {
      auto [b, a] = settingOf(found[1]);
      for (double x : {-3.0, -0.5, 0.25, 2.0})
        EXPECT_TRUE(near(trial.value(x, b, a), trial.value(1, b, a))) << line;
    } else if (line.starts_with("error: Q4") || line.starts_with("error: Q5")) {
      EXPECT_TRUE(line == "error: Q4: the projection is constant") << "without numbers: " << line;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, TrialTest, testing::ValuesIn(allTrials()),
                         [](const testing::TestParamInfo<Trial> &info) { return info.param.name; });

} // namespace
