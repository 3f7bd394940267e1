// Every method that the project ships is sound, and each proof is quick.
#include "Verdict.h"

#include "gmock/gmock.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace bregman::test;
using testing::HasSubstr;

namespace {

std::vector<std::string> shippedSpecs() {
  std::vector<std::string> all;
  for (const auto &entry :
       std::filesystem::directory_iterator(std::string(BREGMAN_SOURCE_DIR) + "/examples/specs"))
    if (entry.path().extension() == ".breg")
      all.push_back(entry.path().string());
  std::sort(all.begin(), all.end());
  return all;
}

std::string contents(const std::string &path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class ShippedSpecTest : public testing::TestWithParam<std::string> {};

TEST_P(ShippedSpecTest, isSound) {
  auto begin = std::chrono::steady_clock::now();
  // A published method may be one that never hardens by itself, which Q9 warns of, or divide by
  // what is 0 in a tensor of zeros, which Q12 does; FieldTest says which.
  std::istringstream verdict(verdictOf(contents(GetParam())));
  for (std::string line; std::getline(verdict, line);)
    EXPECT_THAT(line, testing::ContainsRegex("^warning: Q(9|12): "));
  std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(seconds.count(), 2) << "a check takes a fraction of this even under sanitizers";
}

INSTANTIATE_TEST_SUITE_P(All, ShippedSpecTest, testing::ValuesIn(shippedSpecs()),
                         [](const testing::TestParamInfo<std::string> &info) {
                           return std::filesystem::path(info.param).stem().string();
                         });

TEST(ProofsTest, ofMirrorDescentByTanh) {
  std::string proofs =
      proofsOf(contents(std::string(BREGMAN_SOURCE_DIR) + "/examples/specs/md_tanh.breg"));
  for (const char *rule : {"Q1: ", "Q4: structure", "Q5: structure", "Q6: structure",
                           "Q7: ", "Q9: ", "Q13: structure"})
    EXPECT_THAT(proofs, HasSubstr(rule));
}

/// The scale that agile mirror descent stores its dual by, where it stands apart from x.
TEST(ProofsTest, nameTheGatheredScale) {
  auto scaleOf = [](const std::string &clauses) {
    std::string proofs = proofsOf("quantizer q(p in [1, 4] = 2) { levels {-1, 1} " + clauses +
                                  " update agile mirror final sign(w) }");
    size_t at = proofs.find("Q13: ");
    return proofs.substr(at, proofs.find('\n', at) - at);
  };
  EXPECT_EQ(scaleOf("schedule T = 1 / (1 + step) project w = x / (T + abs(x))"),
            "Q13: structure: P(x) = R(c x) with c = 1 / T");
  EXPECT_EQ(scaleOf("schedule b = 1 + step project w = tanh(b * x ^ 3)"),
            "Q13: structure: P(x) = R(c x) with c = b^0.333333333");
  EXPECT_EQ(scaleOf("schedule T = 1 / (1 + step) schedule b = 1 + step / 2 "
                    "project w = b * x / (T ^ 2 + b * abs(x))"),
            "Q13: structure: P(x) = R(c x) with c = b / T^2");
  EXPECT_EQ(scaleOf("project w = x / sqrt((1 + step) ^ -2 + x ^ 2)"),
            "Q13: structure: P(x) = R(c x) with c = 1 + step");
  EXPECT_EQ(scaleOf("schedule b = 1 + step project w = b * x / (b + b * abs(x))"),
            "Q13: structure: P(x) = R(c x) with c = 1");
  EXPECT_EQ(scaleOf("schedule T = 1 / (1 + step) "
                    "project w = x / (T ^ p + abs(x) ^ p) ^ (1 / p)"),
            "Q13: structure: P(x) = R(c x) with c = 1 / T");
  EXPECT_EQ(scaleOf("schedule b = 1 + step project w = sgn(x) * tanh(b * abs(x) ^ p)"),
            "Q13: structure: P(x) = R(c x) with c = b^(1 / p)");
}

/// Exponents are compared exactly, however they are written, and by numbers of all their digits.
TEST(ProofsTest, compareExponentsExactly) {
  auto specOf = [](const std::string &projection) {
    return "quantizer q(p in [1, 4] = 2, q in [1, 2] = 1) { levels {-1, 1} schedule T = 1 / "
           "(1 + step) project w = " +
           projection + " update agile mirror final sign(w) }";
  };
  auto verdict = [&](const std::string &projection) {
    std::string proofs = proofsOf(specOf(projection));
    size_t at = proofs.find("Q13: ");
    return at == std::string::npos ? "none" : proofs.substr(at, proofs.find('\n', at) - at);
  };
  const std::string found = "Q13: structure: P(x) = R(c x) with c = ";
  EXPECT_EQ(verdict("x / (T ^ (p + 1) + abs(x) ^ (1 + p)) ^ (1 / (p + 1))"), found + "1 / T");
  EXPECT_EQ(verdict("x / (T ^ (p + q) + abs(x) ^ (q + p)) ^ (2 / (2 * p + 2 * q))"),
            found + "1 / T");
  EXPECT_EQ(verdict("x / (T ^ sqrt(p) + abs(x) ^ sqrt(p)) ^ (1 / sqrt(p))"), found + "1 / T");
  EXPECT_EQ(verdict("x / (T ^ (p / 3) + abs(x) ^ p) ^ (1 / p)"), found + "1 / T^0.333333333");
  EXPECT_EQ(verdict("sgn(x) * tanh(abs(x) ^ p / T ^ q)"), found + "T^(-1 * q / p)");
  EXPECT_EQ(verdict("sgn(x) * tanh(abs(x) ^ (p + q) / T ^ 3)"), found + "T^(-3 / (p + q))");
  for (const char *projection :
       {"x / (T ^ p + abs(x) ^ p) ^ (1 / (1.0000000001 * p))",
        "x / (T ^ p + abs(x) ^ p) ^ (1 / (p + 1e-10))", "x / (T ^ p + abs(x) ^ p) ^ (1 / sqrt(q))"})
    EXPECT_THAT(verdictOf(specOf(projection)),
                HasSubstr("error: Q13: agile mirror descent needs P(x) = R(c * x), c > 0 a host "
                          "scalar and R free of schedules, states and learned values: `T^p + "
                          "abs(x)^p` does not fit"));
}

} // namespace
