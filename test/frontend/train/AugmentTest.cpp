// Moved images: which pixel comes from where.
#include "frontend/train/Augment.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>

#include <gmock/gmock.h>
#include <set>

using namespace bregman::train;

/// Images whose pixels are all different, from 1 on.
static at::Tensor numbered(int64_t n, int64_t planes, int64_t height, int64_t width) {
  return at::arange(1, 1 + n * planes * height * width, at::kFloat)
      .reshape({n, planes, height, width});
}

TEST(Augment, WithoutShiftTheImagesAsTheyAre) {
  at::Tensor images = numbered(4, 1, 3, 3), indices = at::tensor({2, 0});
  at::Tensor batch = batchOf(images, indices.to(at::kLong), 0, -5, 1, 0);
  EXPECT_TRUE(batch.equal(images.index_select(0, indices.to(at::kLong))));
}

TEST(Augment, EveryImageIsMovedWhole) {
  const int64_t height = 5, width = 4, shift = 2;
  at::Tensor images = numbered(3, 2, height, width);
  std::set<std::pair<int64_t, int64_t>> seen;
  for (int64_t step = 0; step < 200; ++step) {
    at::Tensor indices = at::tensor({2, 0, 2}, at::kLong);
    at::Tensor batch = batchOf(images, indices, shift, -5, /*seed=*/7, step);
    ASSERT_EQ(batch.sizes(), (at::IntArrayRef{3, 2, height, width}));
    for (int64_t i = 0; i < 3; ++i) {
      // The one move that fits all the pixels of all planes.
      int fits = 0;
      for (int64_t down = -shift; down <= shift; ++down)
        for (int64_t right = -shift; right <= shift; ++right) {
          bool all = true;
          for (int64_t p = 0; p < 2; ++p)
            for (int64_t row = 0; row < height; ++row)
              for (int64_t column = 0; column < width; ++column) {
                int64_t r = row - down, c = column - right;
                bool inside = r >= 0 && r < height && c >= 0 && c < width;
                float expected =
                    inside ? images[indices[i].item<int64_t>()][p][r][c].item<float>() : -5;
                all = all && batch[i][p][row][column].item<float>() == expected;
              }
          if (all) {
            ++fits;
            seen.insert({down, right});
          }
        }
      ASSERT_EQ(fits, 1) << "step " << step << ", image " << i;
    }
    if (seen.size() == 25)
      return; // every direction has come
  }
  FAIL() << "only " << seen.size() << " of 25 moves in 200 steps";
}

TEST(Augment, IsAFunctionOfSeedAndStep) {
  at::Tensor images = numbered(50, 1, 6, 6), indices = at::arange(50, at::kLong);
  at::Tensor batch = batchOf(images, indices, 2, 0, 1, 9);
  EXPECT_TRUE(batch.equal(batchOf(images, indices, 2, 0, 1, 9)));
  EXPECT_FALSE(batch.equal(batchOf(images, indices, 2, 0, 1, 10)));
  EXPECT_FALSE(batch.equal(batchOf(images, indices, 2, 0, 2, 9)));
}
