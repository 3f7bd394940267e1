// An array is one allocation, in which the tensors lie one behind the other.
#include "frontend/bench/cuda/DeviceModel.h"

#include <algorithm>
#include <numeric>

using namespace bregman;
using namespace bregman::bench;

size_t DeviceModel::bytesOf(const Method &method, int64_t weights) {
  int64_t planes = 2; // the weights and their gradients
  for (const StoredInfo &info : method.stored)
    planes += info.planes;
  return size_t(planes * weights) * sizeof(float);
}

/// Values spread evenly over [-scale, scale), the same in every piece.
Result<char *> DeviceModel::spread(int64_t count, float scale) {
  size_t bytes = size_t(count) * sizeof(float);
  Result<Buffer> made = Buffer::create(method->memory, bytes);
  if (!made)
    return made.error();
  std::vector<float> piece(size_t(std::min<int64_t>(count, 1 << 20)));
  uint32_t bits = 1;
  for (float &value : piece) {
    bits = bits * 1664525u + 1013904223u;
    value = scale * (float(bits >> 8) / float(1 << 23) - 1);
  }
  auto *data = static_cast<char *>(made->data());
  for (size_t at = 0; at < bytes; at += piece.size() * sizeof(float))
    if (Status bad = method->memory->copyIn(
            data + at, piece.data(), std::min(piece.size() * sizeof(float), bytes - at), nullptr))
      return *bad;
  arrays.push_back(std::move(*made));
  // What is copied has to stay until it was.
  if (Status bad = wait())
    return *bad;
  return data;
}

Result<DeviceModel> DeviceModel::create(std::shared_ptr<const Method> method,
                                        const std::vector<int64_t> &sizes) {
  Timing timing{/*stepsPerEpoch=*/500, /*steps=*/100000, /*epochs=*/200};
  Result<Stepper> stepper = Stepper::create(method, timing);
  if (!stepper)
    return stepper.error();
  DeviceModel model(method, std::move(*stepper));
  int64_t weights = std::accumulate(sizes.begin(), sizes.end(), int64_t(0));
  Result<char *> weight = model.spread(weights, 0.1f), gradient = model.spread(weights, 1e-3f);
  if (!weight || !gradient)
    return weight ? gradient.error() : weight.error();
  std::vector<char *> stored;
  for (const StoredInfo &info : method->stored) {
    Result<char *> made = model.spread(weights * info.planes, 0);
    if (!made)
      return made.error();
    stored.push_back(*made);
  }
  int64_t from = 0;
  for (int64_t size : sizes) {
    TensorRef &tensor = model.tensors.emplace_back();
    tensor.size = size;
    tensor.weight = *weight + from * int64_t(sizeof(float));
    tensor.gradient = *gradient + from * int64_t(sizeof(float));
    for (size_t i = 0; i < stored.size(); ++i)
      tensor.stored.push_back(reinterpret_cast<float *>(stored[i]) +
                              from * method->stored[i].planes);
    from += size;
  }
  Status bad = model.stepper.attach(model.tensors);
  if (!bad)
    bad = model.step();
  if (!bad)
    bad = model.wait();
  if (bad)
    return *bad;
  return model;
}

Status DeviceModel::wait() const {
  float value = 0;
  return method->memory->copyOut(&value, arrays.front().data(), sizeof value, nullptr);
}
