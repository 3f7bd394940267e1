// The tree above the calls of a reduction, and what comes out of it.
#include "runtime/Combine.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace bregman;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

float result(Access kind, std::vector<bregman::abi::Partial> partials) {
  float value = -77;
  combine({kind, 0, partials.size(), &value}, partials);
  return value;
}

TEST(Combine, GivesEachReduction) {
  // 1 2 3 | 4 | 5 6
  std::vector<bregman::abi::Partial> partials = {{6, 14, 3}, {4, 16, 1}, {11, 61, 2}};
  EXPECT_EQ(result(Access::Sum, partials), 21);
  EXPECT_EQ(result(Access::Mean, partials), 3.5f);
  EXPECT_FLOAT_EQ(result(Access::Std, partials), float(std::sqrt(3.5)));
  EXPECT_EQ(result(Access::Min, {{3, 0, 1}, {-1, 0, 2}, {2, 0, 5}}), -1);
  EXPECT_EQ(result(Access::Max, {{3, 0, 1}, {-1, 0, 2}, {2, 0, 5}}), 3);
}

TEST(Combine, NothingAndOne) {
  for (const std::vector<bregman::abi::Partial> &none :
       {std::vector<bregman::abi::Partial>(), {{0, 0, 0}, {0, 0, 0}}}) {
    EXPECT_EQ(result(Access::Sum, none), 0);
    EXPECT_EQ(result(Access::Mean, none), 0);
    EXPECT_TRUE(std::isnan(result(Access::Std, none)));
  }
  EXPECT_EQ(result(Access::Min, {}), infinity);
  EXPECT_EQ(result(Access::Max, {}), -infinity);
  EXPECT_EQ(result(Access::Mean, {{7, 49, 1}}), 7);
  EXPECT_TRUE(std::isnan(result(Access::Std, {{7, 49, 1}}))) << "of one there is no deviation";
}

TEST(Combine, NaNStaysAndRoundingGivesNoNaN) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  for (Access kind : {Access::Sum, Access::Mean, Access::Std, Access::Min, Access::Max})
    for (size_t at = 0; at < 5; ++at) {
      std::vector<bregman::abi::Partial> partials(5, {1, 1, 4});
      partials[at] = {nan, nan, 4};
      EXPECT_TRUE(std::isnan(result(kind, partials))) << int(kind) << " " << at;
    }
  // Equal numbers whose sum of squares was rounded down.
  EXPECT_EQ(result(Access::Std, {{3 * 0.1, 3 * 0.01 - 1e-17, 3}}), 0);
}

TEST(Combine, AddsNeighboursInPairs) {
  // Only (a + b) + (c + d) then + e leaves exactly this.
  double big = 0x1p60;
  EXPECT_EQ(result(Access::Sum, {{1, 0, 1}, {big, 0, 1}, {-big, 0, 1}, {1, 0, 1}, {8, 0, 1}}), 8);
  EXPECT_EQ(result(Access::Sum, {{big, 0, 1}, {-big, 0, 1}, {1, 0, 1}, {1, 0, 1}, {8, 0, 1}}), 10);
}

} // namespace
