// Schedules stay where a run begins.
#include "frontend/bench/KernelContender.h"

#include "runtime/Stepper.h"

#include <algorithm>
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

  double bytesPerWeight() const override { return bytesOfStep(*memory->method); }

  void prepare(const std::vector<int64_t> &sizes, int threads) override {
    int64_t weights = std::accumulate(sizes.begin(), sizes.end(), int64_t(0));
    memory->prepare(weights);
    tensors = memory->cut(flat ? std::vector<int64_t>{weights} : sizes);
    stepper.emplace(makeStepper(threads));
    expect(stepper->attach(tensors));
  }

  void step() override { expect(stepper->advance(tensors)); }

  void release() override {
    tensors.clear();
    stepper.reset();
    memory->release();
  }

  std::vector<float> weightsAfter(const Trial &trial) override {
    std::vector<float> weights = trial.weights;
    TensorRef tensor{int64_t(weights.size()), weights.data(), nullptr, {}};
    std::vector<std::vector<float>> stored;
    for (const StoredInfo &info : memory->method->stored)
      tensor.stored.push_back(
          stored.emplace_back(info.planes * info.count(int64_t(weights.size()), /*channels=*/1))
              .data());
    Stepper own = makeStepper(/*threads=*/1);
    for (auto [name, value] : {std::pair("lr", numbers.lr), std::pair("mu", numbers.mu),
                               std::pair("beta1", numbers.beta1), std::pair("beta2", numbers.beta2),
                               std::pair("eps", numbers.eps)})
      if (std::string parameter = std::string("optimizer.") + name; has(parameter))
        expect(own.set(parameter, value));
    expect(own.attach({&tensor, 1}));
    for (const std::vector<float> &gradient : trial.gradients) {
      tensor.gradient = gradient.data();
      expect(own.advance({&tensor, 1}));
    }
    return weights;
  }

private:
  static void expect(const Status &status) {
    if (status)
      throw std::runtime_error(status->message);
  }

  Stepper makeStepper(int threads) const {
    Timing timing{/*stepsPerEpoch=*/500, /*steps=*/100000, /*epochs=*/200};
    Result<Stepper> made = Stepper::create(memory->method, timing, threads);
    if (!made)
      throw std::runtime_error(made.error().message);
    return std::move(*made);
  }

  bool has(const std::string &parameter) const {
    return std::ranges::any_of(memory->method->parameters,
                               [&](const ParameterInfo &info) { return info.name == parameter; });
  }

  static constexpr Numbers numbers{};
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
