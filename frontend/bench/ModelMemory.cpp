// Aligned as LibTorch aligns.
#include "frontend/bench/ModelMemory.h"

using namespace bregman;
using namespace bregman::bench;

double bregman::bench::bytesOfStep(const Method &method) {
  double bytes = 0;
  for (const auto &kernel : method.step)
    for (const StreamInfo &stream : kernel->streams())
      if (stream.extent == Extent())
        bytes += stream.planes * sizeOf(stream.type) * (stream.access == Access::InOut ? 2 : 1);
  return bytes;
}

/// Values spread evenly over [-scale, scale).
ModelMemory::Array ModelMemory::spread(int64_t size, float scale) {
  Array array(static_cast<float *>(std::aligned_alloc(64, size_t(size * 4 + 63) / 64 * 64)));
  uint32_t bits = 1;
  for (int64_t i = 0; i < size; ++i) {
    bits = bits * 1664525u + 1013904223u;
    array.get()[i] = scale * (float(bits >> 8) / float(1 << 23) - 1);
  }
  return array;
}

void ModelMemory::prepare(int64_t weights) {
  if (size == weights)
    return;
  release();
  size = weights;
  weight = spread(size, 0.1f);
  gradient = spread(size, 1e-3f);
  for (const StoredInfo &info : method->stored)
    stored.push_back(spread(size * info.planes, 0));
}

std::vector<TensorRef> ModelMemory::cut(const std::vector<int64_t> &sizes) const {
  std::vector<TensorRef> tensors;
  int64_t from = 0;
  for (int64_t length : sizes) {
    TensorRef &tensor = tensors.emplace_back();
    tensor.size = length;
    tensor.weight = weight.get() + from;
    tensor.gradient = gradient.get() + from;
    for (size_t i = 0; i < stored.size(); ++i)
      tensor.stored.push_back(stored[i].get() + from * method->stored[i].planes);
    from += length;
  }
  return tensors;
}

void ModelMemory::release() {
  size = 0;
  weight.reset();
  gradient.reset();
  stored.clear();
}
