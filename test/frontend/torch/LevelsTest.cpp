// Statistics of levels.
#include "HandMethods.h"

#include "frontend/torch/Levels.h"

#include <ATen/ops/empty.h>

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

TEST(Levels, DistinctValuesBySegment) {
  at::Tensor tensor = at::tensor({1.f, -1.f, 1.f, 2.f, 0.f, -2.f}).reshape({2, 3});
  using Sets = std::vector<std::vector<float>>;
  EXPECT_EQ(distinctValues(tensor, {ExtentKind::Tensor}), (Sets{{-2, -1, 0, 1, 2}}));
  EXPECT_EQ(distinctValues(tensor, {ExtentKind::Run}), (Sets{{-2, -1, 0, 1, 2}}));
  EXPECT_EQ(distinctValues(tensor, {ExtentKind::Channel}), (Sets{{-1, 1}, {-2, 0, 2}}));
  EXPECT_EQ(distinctValues(tensor, {ExtentKind::Group, 2}), (Sets{{-1, 1}, {1}, {0, 2}, {-2}}));
  EXPECT_TRUE(distinctValues(at::empty({0}), {ExtentKind::Channel}).empty());
}

TEST(Levels, MovingLevelsAreNoFlips) {
  std::vector<Extent> perChannel = {{ExtentKind::Channel}};
  at::Tensor before = at::tensor({1.f, -1.f, 1.f, 2.f, 0.f, -2.f}).reshape({2, 3});
  LevelTracker tracker;
  tracker.observe({before}, {before}, perChannel);
  at::Tensor moved = at::tensor({3.f, -3.f, 3.f, 2.1f, 0.f, -2.1f}).reshape({2, 3});
  EXPECT_EQ(tracker.observe({moved}, {moved}, perChannel).flipped, 0);
  // One sign, and one that leaves the level 0 to nobody.
  at::Tensor flipped = at::tensor({3.f, 3.f, -3.f, 2.f, 2.f, -2.f}).reshape({2, 3});
  EXPECT_EQ(tracker.observe({flipped}, {flipped}, perChannel).flipped, 0.5);
}
