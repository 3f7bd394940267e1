// Ranges contain, slopes are right, limits are approached.
#include "Samples.h"

#include "gmock/gmock.h"

using namespace bregman;
using namespace bregman::test;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

class EveryFunctionTest : public testing::TestWithParam<Sample> {
protected:
  EveryFunctionTest()
      : sample(GetParam()), function(sample.types, sample.op), sizes(function.sizes()) {}

  /// A random box of operands, and points within it.
  std::vector<Interval> box(std::mt19937 &random) {
    std::vector<Interval> all;
    Point a = draw(function, sample, random), b = draw(function, sample, random);
    size_t first = 0;
    bool narrow = random() & 1;
    for (size_t size : sizes) {
      Interval operand = Interval::empty();
      for (size_t i = 0; i < size; ++i, ++first) {
        double other =
            narrow && sample.types.size() < 4 ? a[first] + (b[first] - a[first]) / 16 : b[first];
        if (a[first] == 0 || a[first] == 1)
          other = b[first];
        operand = {std::min({operand.lo, a[first], other}),
                   std::max({operand.hi, a[first], other})};
      }
      all.push_back(operand);
    }
    return all;
  }
  Point within(llvm::ArrayRef<Interval> box, std::mt19937 &random) {
    Point point;
    for (auto [type, size, operand] : llvm::zip(sample.types, sizes, box))
      for (size_t i = 0; i < size; ++i) {
        bool condition = type.contains("i1");
        double part = condition ? double(random() & 1) : std::uniform_real_distribution<>()(random);
        if (random() % 8 == 0)
          part = double(random() & 1); // the ends
        point.push_back(
            std::clamp(operand.lo + part * (operand.hi - operand.lo), operand.lo, operand.hi));
      }
    return point;
  }

  Sample sample;
  Function function;
  std::vector<size_t> sizes;
};

TEST_P(EveryFunctionTest, rangeContainsEveryValue) {
  std::mt19937 random(4);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<Interval> operands = box(random);
    Interval range = function.range(operands);
    for (int i = 0; i < 30; ++i) {
      Point at = within(operands, random);
      for (double value : function.evaluate(at))
        ASSERT_TRUE(range.contains(value)) << value << " not in " << range.lo << ", " << range.hi;
    }
  }
}

TEST_P(EveryFunctionTest, slopeHasTheDirectionItSays) {
  std::mt19937 random(5);
  if (function.operation()->getNumOperands() != sizes.size())
    return; // a slope moves one operand, and here both are one value
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<Interval> operands = box(random);
    for (unsigned operand = 0, first = 0; operand < sizes.size(); first += sizes[operand++]) {
      Slope slope = function.calculus().slope(operand, operands);
      if (slope.direction == Direction::Unknown)
        continue;
      for (int i = 0; i < 10; ++i) {
        Point low = within(operands, random), high = low;
        Point other = within(operands, random);
        for (size_t j = first; j < first + sizes[operand]; ++j) {
          low[j] = std::min(low[j], other[j]);
          high[j] = std::max(high[j], other[j]);
        }
        Point below = function.evaluate(low), above = function.evaluate(high);
        for (size_t j = 0; j < below.size(); ++j) {
          double change = above[j] - below[j];
          if (slope.direction == Direction::Constant)
            ASSERT_EQ(change, 0);
          else
            ASSERT_GE(slope.direction == Direction::Increasing ? change : -change, 0);
        }
        bool apart = sizes[operand] == 1 && high[first] - low[first] > 1e-3;
        if (slope.strict && apart && std::isfinite(below[0]))
          ASSERT_NE(below[0], above[0]) << low[first] << " and " << high[first];
      }
    }
  }
}

TEST_P(EveryFunctionTest, limitsHoldWhatFarAwayValuesTendTo) {
  std::mt19937 random(6);
  if (sample.low > -3 || llvm::StringRef(sample.op).contains("i1"))
    return; // conditions have no ends, and these functions no left half
  if (function.operation()->getNumOperands() != sizes.size())
    return;
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<Interval> operands = box(random);
    for (unsigned operand = 0, first = 0; operand < sizes.size(); first += sizes[operand++])
      for (End end : {End::Minus, End::Plus}) {
        if (sizes[operand] > 1 || sample.types[operand] == "i1")
          continue;
        // exp(c (e - max e)) overflows for a c far below 0; a mirror map's c is positive.
        if (end == End::Minus && llvm::StringRef(sample.name) == "softmaxScaled")
          continue;
        Interval limit = function.calculus().limit(operand, end, operands);
        Point at = within(operands, random);
        at[first] = end == End::Plus ? 1e13 : -1e13;
        for (double value : function.evaluate(at)) {
          double slack = 1e-9 * (1 + std::abs(value));
          bool far = (limit.lo == inf && value > 1e3) || (limit.hi == -inf && value < -1e3);
          ASSERT_TRUE(far || (limit.lo - slack <= value && value <= limit.hi + slack))
              << value << " tends to " << limit.lo << ", " << limit.hi;
        }
      }
  }
}

auto nameOf = [](const testing::TestParamInfo<Sample> &info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Smooth, EveryFunctionTest, testing::ValuesIn(smooth), nameOf);
INSTANTIATE_TEST_SUITE_P(Staircases, EveryFunctionTest, testing::ValuesIn(staircases), nameOf);
INSTANTIATE_TEST_SUITE_P(Logic, EveryFunctionTest, testing::ValuesIn(logic), nameOf);

TEST(RangeTest, isOutwardRounded) {
  Function add({"f64", "f64"}, "arith.addf %a, %b : f64");
  Interval third = add.range({Interval::point(0.1), Interval::point(0.2)});
  EXPECT_LT(third.lo, third.hi);
  // What is exact stays a point.
  EXPECT_TRUE(add.range({Interval::point(0.25), Interval::point(2)}).isPoint());
}
TEST(RangeTest, overflowStaysOpenBelowInfinity) {
  Function mul({"f64", "f64"}, "arith.mulf %a, %b : f64");
  Interval huge = mul.range({Interval::point(1e300), Interval::point(1e300)});
  EXPECT_TRUE(std::isfinite(huge.lo));
  EXPECT_EQ(huge.hi, inf);
}
TEST(RangeTest, aPoleGivesAllReals) {
  Function div({"f64", "f64"}, "arith.divf %a, %b : f64");
  EXPECT_TRUE(div.range({{1, 1}, {-1, 1}}).contains(Interval::all()));
  EXPECT_EQ(div.range({{1, 1}, {0, 2}}).lo, 0.5);
  EXPECT_EQ(div.range({{1, 1}, {0, 2}}).hi, inf);
}
TEST(RangeTest, powers) {
  Function pow({"f64", "f64"}, "math.powf %a, %b : f64");
  Interval even = pow.range({{-2, 1}, Interval::point(2)});
  EXPECT_EQ(even.lo, 0);
  EXPECT_EQ(even.hi, 4);
  Interval growth = pow.range({{1, 2}, {0, 1e7}});
  EXPECT_EQ(growth.lo, 1);
  EXPECT_EQ(growth.hi, inf);
  EXPECT_TRUE(pow.range({{-1, 1}, {0, 0.5}}).contains(Interval::all()));
}

} // namespace
