// vjp against central differences, the conventions at kinks, and the inverses.
#include "Samples.h"

#include "gmock/gmock.h"

using namespace bregman;
using namespace bregman::test;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

namespace {

/// J^T c by central differences.
Point differences(Function &function, const Point &at, const Point &cotangent) {
  const double h = 1e-6;
  Point all;
  for (size_t i = 0; i < at.size(); ++i) {
    Point up = at, down = at;
    up[i] += h;
    down[i] -= h;
    Point high = function.evaluate(up), low = function.evaluate(down);
    double sum = 0;
    for (size_t j = 0; j < cotangent.size(); ++j)
      sum += cotangent[j] * (high[j] - low[j]) / (2 * h);
    all.push_back(sum);
  }
  return all;
}

class SmoothTest : public testing::TestWithParam<Sample> {};
class StaircaseTest : public testing::TestWithParam<Sample> {};

TEST_P(SmoothTest, vjpIsThatOfCentralDifferences) {
  const Sample &sample = GetParam();
  Function function(sample.types, sample.op);
  std::mt19937 random(1);
  for (int trial = 0; trial < 40; ++trial) {
    Point at = draw(function, sample, random), cotangent;
    for (size_t i = 0; i < function.results(); ++i)
      cotangent.push_back(std::normal_distribution<>()(random));
    Point expected = differences(function, at, cotangent);
    // A condition has no derivative; differences there would jump.
    size_t first = 0;
    for (auto [type, size] : llvm::zip(sample.types, function.sizes())) {
      if (type.contains("i1"))
        std::fill_n(expected.begin() + first, size, 0.0);
      first += size;
    }
    double size = 1;
    for (double value : expected)
      size = std::max(size, std::abs(value));
    EXPECT_THAT(function.transposed(at, cotangent), Pointwise(DoubleNear(1e-5 * size), expected));
  }
}

TEST_P(SmoothTest, inverseGivesTheOperandBack) {
  const Sample &sample = GetParam();
  Function function(sample.types, sample.op);
  std::mt19937 random(2);
  std::vector<size_t> sizes = function.sizes();
  for (int trial = 0; trial < 10; ++trial) {
    Point at = draw(function, sample, random), result = function.evaluate(at);
    size_t first = 0;
    for (unsigned i = 0; i < sizes.size(); first += sizes[i++]) {
      Point found = function.inverse(i, at, result);
      if (found.empty())
        continue;
      Point again = at;
      std::copy(found.begin(), found.end(), again.begin() + first);
      EXPECT_THAT(function.evaluate(again), Pointwise(DoubleNear(1e-5), result)) << i;
    }
  }
}

TEST_P(StaircaseTest, isFlatInItsArgumentAndGivesTheLevelsItsCotangent) {
  const Sample &sample = GetParam();
  Function function(sample.types, sample.op);
  std::mt19937 random(3);
  for (int trial = 0; trial < 20; ++trial) {
    Point at = draw(function, sample, random);
    Point cotangent(function.results(), 1.5);
    EXPECT_THAT(function.transposed(at, cotangent),
                Pointwise(DoubleNear(1e-6), differences(function, at, cotangent)));
  }
}

auto nameOf = [](const testing::TestParamInfo<Sample> &info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(All, SmoothTest, testing::ValuesIn(smooth), nameOf);
INSTANTIATE_TEST_SUITE_P(All, StaircaseTest, testing::ValuesIn(staircases), nameOf);

TEST(KinkTest, absIsZero) {
  EXPECT_THAT(Function({"f32"}, "math.absf %a : f32").transposed({0}, {1}), ElementsAre(0));
}
TEST(KinkTest, clampIsOneOnBothEnds) {
  Function clamp({"f32", "f32", "f32"}, "bregman.clamp %a, %b, %c : f32");
  EXPECT_THAT(clamp.transposed({-1, -1, 1}, {1}), ElementsAre(1, 0, 0));
  EXPECT_THAT(clamp.transposed({1, -1, 1}, {1}), ElementsAre(1, 0, 0));
}
TEST(KinkTest, equalMinAndMaxShare) {
  EXPECT_THAT(Function({"f32", "f32"}, "arith.minimumf %a, %b : f32").transposed({2, 2}, {1}),
              ElementsAre(0.5, 0.5));
  EXPECT_THAT(Function({"vector<3xf32>"}, "bregman.reduce max %a : vector<3xf32>")
                  .transposed({2, 1, 2}, {1}),
              ElementsAre(0.5, 0, 0.5));
}
TEST(KinkTest, steTakesTheSurrogatesOnly) {
  Function ste({"f32", "f32"}, "bregman.ste %a, %b : f32");
  EXPECT_THAT(ste.transposed({1, 0.5}, {3}), ElementsAre(0, 3));
}
TEST(KinkTest, mergedLevelsAreTakenOnce) {
  Function nearest({"f32", "vector<3xf32>"}, "bregman.nearest %a, %b : vector<3xf32>");
  EXPECT_THAT(nearest.transposed({1, 0, 1, 1}, {2}), ElementsAre(0, 0, 0, 2));
}
TEST(KinkTest, stdOfEqualLevelsIsFlat) {
  Function std({"vector<2xf32>"}, "bregman.reduce std %a : vector<2xf32>");
  EXPECT_THAT(std.transposed({1, 1}, {2}), ElementsAre(0, 0));
}
TEST(KinkTest, powerOfZeroIsFlatInItsExponent) {
  Function pow({"f32", "f32"}, "math.powf %a, %b : f32");
  EXPECT_THAT(pow.transposed({0, 2}, {1}), ElementsAre(0, 0));
  EXPECT_THAT(pow.transposed({0, 0}, {1}), ElementsAre(0, 0));
}

} // namespace
