// The order of the images.
#include "frontend/train/Shuffle.h"

#include <algorithm>
#include <gmock/gmock.h>

using bregman::train::permutation;

TEST(Shuffle, IsAPermutation) {
  for (int64_t n : {0, 1, 2, 7, 1000}) {
    std::vector<int64_t> order = permutation(n, 1, 0);
    ASSERT_EQ(int64_t(order.size()), n);
    std::sort(order.begin(), order.end());
    for (int64_t i = 0; i < n; ++i)
      ASSERT_EQ(order[i], i);
  }
}

TEST(Shuffle, IsAFunctionOfSeedAndEpoch) {
  EXPECT_EQ(permutation(100, 1, 2), permutation(100, 1, 2));
  EXPECT_NE(permutation(100, 1, 2), permutation(100, 1, 3));
  EXPECT_NE(permutation(100, 1, 2), permutation(100, 2, 2));
  EXPECT_NE(permutation(100, 1, 2), permutation(100, 2, 1));
}

TEST(Shuffle, IsUniform) {
  // Every image is equally often in every place: chi-squared over 10 x 10 cells, 81 degrees of
  // freedom, whose 99.99 % quantile is 137.
  const int n = 10, draws = 20000;
  std::vector<int> count(n * n);
  for (int draw = 0; draw < draws; ++draw) {
    std::vector<int64_t> order = permutation(n, 7, draw);
    for (int i = 0; i < n; ++i)
      ++count[i * n + order[i]];
  }
  double expected = double(draws) / n, chi = 0;
  for (int c : count)
    chi += (c - expected) * (c - expected) / expected;
  EXPECT_LT(chi, 137);
  EXPECT_GT(chi, 40);
}
