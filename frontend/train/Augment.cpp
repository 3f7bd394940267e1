// Images moved by whole pixels.
#include "frontend/train/Augment.h"

#include "frontend/train/Shuffle.h"

#include <algorithm>

namespace bregman::train {

/// One plane of height x width pixels, moved down and right.
static void move(const float *from, float *to, int64_t height, int64_t width, int64_t down,
                 int64_t right, float background) {
  for (int64_t row = 0; row < height; ++row, to += width) {
    int64_t source = row - down;
    if (source < 0 || source >= height) {
      std::fill_n(to, width, background);
      continue;
    }
    const float *line = from + source * width;
    int64_t begin = std::max<int64_t>(right, 0), end = std::min(width, width + right);
    std::fill(to, to + std::min(begin, width), background);
    std::copy(line + begin - right, line + end - right, to + begin);
    std::fill(to + end, to + width, background);
  }
}

at::Tensor batchOf(const at::Tensor &images, const at::Tensor &indices, int64_t shift,
                   float background, uint64_t seed, int64_t step) {
  if (!shift)
    return images.index_select(0, indices);
  // Apart from the streams of the epochs, which give the order.
  Draws draws(seed, (uint64_t(1) << 62) + uint64_t(step));
  std::vector<int64_t> size = images.sizes().vec();
  size[0] = indices.size(0);
  at::Tensor batch = at::empty(size, images.options());
  int64_t planes = size[1], height = size[2], width = size[3], plane = height * width;
  const float *from = images.const_data_ptr<float>();
  float *to = batch.mutable_data_ptr<float>();
  const int64_t *index = indices.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < size[0]; ++i) {
    int64_t down = int64_t(draws.below(uint64_t(2 * shift + 1))) - shift;
    int64_t right = int64_t(draws.below(uint64_t(2 * shift + 1))) - shift;
    for (int64_t p = 0; p < planes; ++p, to += plane)
      move(from + (index[i] * planes + p) * plane, to, height, width, down, right, background);
  }
  return batch;
}

} // namespace bregman::train
