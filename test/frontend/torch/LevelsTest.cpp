// Statistics of levels.
#include "HandMethods.h"

#include "frontend/torch/Levels.h"

using namespace bregman;

TEST(Levels, FlippedAndSaturated) {
  LevelTracker tracker;
  at::Tensor hard = at::tensor({1.f, -1.f, 1.f, -1.f});
  LevelStatistics first = tracker.observe({at::tensor({0.995f, -0.2f, 0.98f, -1.f})}, {hard});
  EXPECT_EQ(first.weights, 4);
  EXPECT_EQ(first.flipped, 0) << "nothing to compare with";
  EXPECT_EQ(first.saturated, 0.5);

  LevelStatistics second =
      tracker.observe({at::tensor({1.f, 1.f, 1.f, 1.f})}, {at::tensor({1.f, 1.f, 1.f, -1.f})});
  EXPECT_EQ(second.flipped, 0.25);
  EXPECT_EQ(second.saturated, 0.75);
}

TEST(Levels, RememberedIsACopy) {
  LevelTracker tracker, other;
  at::Tensor hard = at::tensor({1.f, -1.f});
  tracker.observe({hard}, {hard});
  other.remember(tracker.remembered());
  hard.mul_(-1);
  EXPECT_EQ(other.observe({hard}, {hard}).flipped, 1);
}

TEST(Levels, NothingQuantized) {
  LevelTracker tracker;
  EXPECT_EQ(tracker.observe({}, {}).weights, 0);
}
