// The oracle's parts against numbers that are known: how tensors are cut, what is narrowed, the
// published values of Philox, least squares.
#include "frontend/reference/Fit.h"
#include "frontend/reference/LevelFunctions.h"
#include "frontend/reference/Random.h"
#include "frontend/reference/Reductions.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace bregman;
using namespace bregman::reference;

namespace {

class PartsTest : public ::testing::Test {
protected:
  PartsTest() { context.loadDialect<BregmanDialect>(); }
  ExtentAttr per(Scope scope, int64_t size = 0) { return ExtentAttr::get(&context, scope, size); }

  /// Rows of 5 weights.
  static Tensor numbers() {
    Tensor all(10, 1);
    for (int64_t i = 0; i < 10; ++i)
      all(i) = {double(i), double(i * i)};
    return all;
  }

  mlir::MLIRContext context;
  Shape shape{10, 2};
};

TEST_F(PartsTest, SegmentsOfEveryExtent) {
  EXPECT_EQ(Segments(shape, {}).count(), 10);
  EXPECT_EQ(Segments(shape, per(Scope::Tensor)).count(), 1);
  EXPECT_EQ(Segments(shape, per(Scope::Channel)).count(), 2);
  // The last group of a row is shorter, and no group spans two rows.
  Segments groups(shape, per(Scope::Group, 3));
  EXPECT_EQ(groups.count(), 4);
  EXPECT_EQ(groups.of(4), 1);
  EXPECT_EQ(groups.of(5), 2);
  EXPECT_EQ(groups.position(4), 1);
  EXPECT_EQ(groups.longest(), 3);
  // A tensor of one axis has a weight per channel.
  EXPECT_EQ(Segments({10, 10}, per(Scope::Channel)).count(), 10);
}

TEST_F(PartsTest, WiderOfTwoExtents) {
  EXPECT_EQ(wider({}, per(Scope::Channel)), per(Scope::Channel));
  EXPECT_EQ(wider(per(Scope::Group, 3), per(Scope::Tensor)), per(Scope::Tensor));
  EXPECT_EQ(wider(per(Scope::Group, 3), per(Scope::Group, 3)), per(Scope::Group, 3));
  EXPECT_EQ(wider(per(Scope::Group, 3), per(Scope::Group, 4)), per(Scope::Channel));
}

TEST_F(PartsTest, ReductionsAndTheirDerivatives) {
  Segments rows(shape, per(Scope::Channel));
  Tensor all = numbers();
  EXPECT_EQ(narrowWeights(Reduction::Sum, rows, all, nullptr).at(7).value, 35);
  EXPECT_EQ(narrowWeights(Reduction::Mean, rows, all, nullptr).at(1).value, 2);
  EXPECT_EQ(narrowWeights(Reduction::Mean, rows, all, nullptr).at(1).tangent, 6);
  EXPECT_EQ(narrowWeights(Reduction::Max, rows, all, nullptr).at(2).tangent, 16);
  EXPECT_EQ(narrowWeights(Reduction::Min, rows, all, nullptr).at(9).value, 5);
  // d std = sum (e - mean) de / ((n - 1) std).
  Dual deviation = narrowWeights(Reduction::Std, rows, all, nullptr).at(0);
  EXPECT_NEAR(deviation.value, std::sqrt(2.5), 1e-15);
  EXPECT_NEAR(deviation.tangent, (-2 * 0 - 1 * 1 + 0 + 1 * 9 + 2 * 16) / (4 * std::sqrt(2.5)),
              1e-14);
}

TEST_F(PartsTest, ReductionsWhere) {
  Segments rows(shape, per(Scope::Channel));
  Tensor all = numbers(), condition(10, 1);
  for (int64_t i = 3; i < 5; ++i)
    condition(i).value = 1;
  EXPECT_EQ(narrowWeights(Reduction::Mean, rows, all, &condition).at(0).value, 3.5);
  // Of nothing.
  EXPECT_EQ(narrowWeights(Reduction::Mean, rows, all, &condition).at(9).value, 0);
  EXPECT_EQ(narrowWeights(Reduction::Sum, rows, all, &condition).at(9).value, 0);
  EXPECT_EQ(narrowWeights(Reduction::Max, rows, all, &condition).at(9).value, -INFINITY);
}

TEST_F(PartsTest, EqualExtremesShareTheDerivative) {
  Tensor all(10, 1, {2, 0});
  for (int64_t i = 0; i < 4; ++i)
    all(i).tangent = 1;
  EXPECT_EQ(narrowWeights(Reduction::Max, Segments(shape, per(Scope::Tensor)), all, nullptr)
                .at(0)
                .tangent,
            0.4);
}

TEST_F(PartsTest, NearestOfAnInfinityIsTheOutermostLevel) {
  Levels levels = {{1, 0}, {-1, 0}, {0, 0}};
  EXPECT_EQ(nearest({-INFINITY, 1}, levels).value, -1);
  EXPECT_EQ(nearest({INFINITY, 1}, levels).value, 1);
  EXPECT_EQ(nearest({-0.5, 1}, levels).value, 0);
  EXPECT_TRUE(std::isnan(nearest({NAN, 1}, levels).value));
}

TEST_F(PartsTest, NearestSeesWhatIsSmallBesideTheLevels) {
  Levels levels = {{-1, 0}, {1, 0}};
  EXPECT_EQ(nearest({-1e-45, 1}, levels).value, -1);
  EXPECT_EQ(nearest({0, 1}, levels).value, 1);
  EXPECT_EQ(nearest({1e-45, 1}, levels).value, 1);
}

TEST_F(PartsTest, SparsemaxOfLargeAndOfInfiniteNumbers) {
  Levels far = sparsemax(Levels{{-1e20, 0}, {1e20, 0}});
  EXPECT_EQ(far[0].value, 0);
  EXPECT_EQ(far[1].value, 1);
  Levels near = sparsemax(Levels{{1e9 + 0.5, 0}, {1e9, 0}});
  EXPECT_EQ(near[0].value, 0.75);
  EXPECT_EQ(near[1].value, 0.25);
  for (const Dual &entry : sparsemax(Levels{{INFINITY, 0}, {0, 0}}))
    EXPECT_TRUE(std::isnan(entry.value));
}

TEST_F(PartsTest, RoundingFallsToEitherSideAndTheSameForEqualNumbers) {
  Rounding rounding(1), opposite(1, /*opposite=*/true);
  int up = 0;
  for (int i = 0; i < 1000; ++i) {
    double value = 1 + i * 1e-10, low = value < 1 + 0x1p-23 ? 1 : 1 + 0x1p-23;
    double one = rounding(value), other = opposite(value);
    EXPECT_EQ(one, rounding(value));
    if (i) {
      EXPECT_EQ(one + other, 2 * low + 0x1p-23) << value;
    }
    EXPECT_LE(std::fabs(rounding.ofFunction(value) - value), 0x1p-22);
    up += one > value;
  }
  EXPECT_GT(up, 400);
  EXPECT_LT(up, 600);
  // What is exact, what is too large, and what is next to 0.
  EXPECT_EQ(rounding(0.75), 0.75);
  EXPECT_EQ(rounding.ofFunction(1), 1);
  EXPECT_EQ(rounding(1e39), INFINITY);
  for (double tiny = 1e-50; tiny < 1e-45; tiny *= 1.1)
    EXPECT_GE(rounding.ofFunction(tiny), 0);
}

// The known answers that Random123 is tested with.
TEST_F(PartsTest, PhiloxKnownAnswers) {
  using Four = std::array<uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Four{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  uint32_t all = 0xffffffff;
  EXPECT_EQ(philox({all, all, all, all}, {all, all}),
            (Four{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Four{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
  EXPECT_EQ(uniform(0, 0, 0, 0), (0x6627e8d5 >> 8) * 0x1p-24);
}

TEST_F(PartsTest, LeastSquaresAndWhatHasNone) {
  std::vector<double> solution;
  EXPECT_TRUE(solve({{2, 1}, {1, 3}}, {5, 10}, solution));
  EXPECT_NEAR(solution[0], 1, 1e-15);
  EXPECT_NEAR(solution[1], 3, 1e-15);
  EXPECT_FALSE(solve({{4, -4}, {-4, 4}}, {1, 2}, solution));
  EXPECT_FALSE(solve({{0}}, {0}, solution));
}

} // namespace
