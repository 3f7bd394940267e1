// Tensors of plausible weights and gradients; schedules stay where a run begins.
#include "frontend/bench/KernelContender.h"

#include "runtime/Stepper.h"

#include <cstdlib>
#include <numeric>
#include <optional>

using namespace bregman;
using namespace bregman::bench;

namespace {

class KernelContender final : public Contender {
public:
  KernelContender(std::shared_ptr<const Method> method, bool flat)
      : method(std::move(method)), flat(flat) {}

  std::string name() const override { return flat ? "bregman, one flat tensor" : "bregman"; }

  double bytesPerWeight() const override {
    double bytes = 0;
    for (const StreamInfo &stream : method->step->streams())
      bytes += stream.planes * sizeOf(stream.type) * (stream.access == Access::InOut ? 2 : 1);
    return bytes;
  }

  void prepare(const std::vector<int64_t> &sizes, int threads) override {
    release();
    Timing timing{/*stepsPerEpoch=*/500, /*steps=*/100000, /*epochs=*/200};
    Result<Stepper> made = Stepper::create(method, timing, threads);
    if (!made)
      throw std::runtime_error(made.error().message);
    stepper.emplace(std::move(*made));
    std::vector<int64_t> tensorSizes = sizes;
    if (flat)
      tensorSizes = {std::accumulate(sizes.begin(), sizes.end(), int64_t(0))};
    for (int64_t size : tensorSizes) {
      TensorRef tensor;
      tensor.size = size;
      tensor.weight = allocate(size, 0.1f);
      tensor.gradient = allocate(size, 1e-3f);
      for (const StoredInfo &info : method->stored)
        tensor.stored.push_back(allocate(size * info.planes, 0));
      tensors.push_back(tensor);
    }
    if (Status failed = stepper->attach(tensors))
      throw std::runtime_error(failed->message);
  }

  void step() override {
    if (Status failed = stepper->advance(tensors))
      throw std::runtime_error(failed->message);
  }

  void release() override {
    tensors.clear();
    stepper.reset();
    for (float *memory : allocated)
      std::free(memory);
    allocated.clear();
  }

  ~KernelContender() override { release(); }

private:
  /// Values spread evenly over [-scale, scale), aligned as LibTorch aligns.
  float *allocate(int64_t size, float scale) {
    auto *memory = static_cast<float *>(std::aligned_alloc(64, (size * 4 + 63) / 64 * 64));
    uint32_t bits = 1;
    for (int64_t i = 0; i < size; ++i) {
      bits = bits * 1664525u + 1013904223u;
      memory[i] = scale * (float(bits >> 8) / float(1 << 23) - 1);
    }
    allocated.push_back(memory);
    return memory;
  }

  std::shared_ptr<const Method> method;
  bool flat;
  std::optional<Stepper> stepper;
  std::vector<TensorRef> tensors;
  std::vector<float *> allocated;
};

} // namespace

std::unique_ptr<Contender>
bregman::bench::makeKernelContender(std::shared_ptr<const Method> method) {
  return std::make_unique<KernelContender>(std::move(method), /*flat=*/false);
}

std::unique_ptr<Contender> bregman::bench::makeFlatContender(std::shared_ptr<const Method> method) {
  return std::make_unique<KernelContender>(std::move(method), /*flat=*/true);
}
