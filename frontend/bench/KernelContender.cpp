// Schedules stay where a run begins.
#include "frontend/bench/KernelContender.h"

#include "runtime/Stepper.h"

#include <numeric>
#include <optional>
#include <stdexcept>

using namespace bregman;
using namespace bregman::bench;

namespace {

class KernelContender final : public Contender {
public:
  KernelContender(std::shared_ptr<ModelMemory> memory, bool flat)
      : memory(std::move(memory)), flat(flat) {}

  std::string name() const override { return flat ? "bregman, one flat tensor" : "bregman"; }

  double bytesPerWeight() const override {
    double bytes = 0;
    for (const StreamInfo &stream : memory->method->step->streams())
      bytes += stream.planes * sizeOf(stream.type) * (stream.access == Access::InOut ? 2 : 1);
    return bytes;
  }

  void prepare(const std::vector<int64_t> &sizes, int threads) override {
    int64_t weights = std::accumulate(sizes.begin(), sizes.end(), int64_t(0));
    memory->prepare(weights);
    tensors = memory->cut(flat ? std::vector<int64_t>{weights} : sizes);
    Timing timing{/*stepsPerEpoch=*/500, /*steps=*/100000, /*epochs=*/200};
    Result<Stepper> made = Stepper::create(memory->method, timing, threads);
    if (!made)
      throw std::runtime_error(made.error().message);
    stepper.emplace(std::move(*made));
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
    memory->release();
  }

private:
  std::shared_ptr<ModelMemory> memory;
  bool flat;
  std::optional<Stepper> stepper;
  std::vector<TensorRef> tensors;
};

} // namespace

std::unique_ptr<Contender>
bregman::bench::makeKernelContender(std::shared_ptr<ModelMemory> memory) {
  return std::make_unique<KernelContender>(std::move(memory), /*flat=*/false);
}

std::unique_ptr<Contender> bregman::bench::makeFlatContender(std::shared_ptr<ModelMemory> memory) {
  return std::make_unique<KernelContender>(std::move(memory), /*flat=*/true);
}
