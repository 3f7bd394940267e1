// A run by compiled kernels: owns the memory of one tensor and shows the spec's variables.
#include "frontend/KernelRun.h"

#include "frontend/NarrowFloat.h"

using namespace bregman;

Run::~Run() = default;

namespace {

class KernelRun final : public Run {
public:
  KernelRun(std::shared_ptr<const Method> method, Stepper stepper)
      : method(std::move(method)), stepper(std::move(stepper)) {}

  Status set(const std::string &parameter, double value) override {
    return stepper.set(parameter, value);
  }

  Status attach(const std::vector<float> &w0, const TensorTraits &given) override {
    parameter = encode(w0, method->element);
    size = w0.size();
    traits = given;
    stepper.setSeed(traits.seed);
    memory.clear();
    for (const StoredInfo &info : method->stored)
      memory.emplace_back(info.planes * info.count(int64_t(w0.size()), traits.channels));
    TensorRef one[] = {tensor(nullptr)};
    return stepper.attach(one);
  }

  Status advance(const std::vector<float> &gradient) override {
    std::vector<std::byte> given = encode(gradient, method->element);
    TensorRef one[] = {tensor(given.data())};
    return stepper.advance(one);
  }

  Status resetStates() override {
    TensorRef one[] = {tensor(nullptr)};
    return stepper.resetStates(one);
  }

  std::vector<std::pair<std::string, double>> schedules() override {
    std::vector<std::pair<std::string, double>> result;
    std::vector<double> values = stepper.scheduleValues();
    for (size_t i = 0; i < values.size(); ++i)
      result.emplace_back(method->schedules[i], values[i]);
    for (size_t i = 0; i < method->hostStates.size(); ++i)
      result.emplace_back(method->hostStates[i], stepper.hostStates()[i]);
    return result;
  }

  std::vector<std::pair<std::string, Planes>> stored() override {
    std::vector<std::pair<std::string, Planes>> result;
    if (method->latentIsWeight) {
      result.emplace_back("x", Planes());
      for (double value : weights())
        result.back().second.push_back({value});
    }
    for (size_t s = 0; s < memory.size(); ++s) {
      const StoredInfo &info = method->stored[s];
      Planes planes;
      for (size_t i = 0, n = memory[s].size() / size_t(info.planes); i < n; ++i) {
        std::vector<double> levels;
        if (info.parity)
          levels = {info.parity * double(memory[s][i]), memory[s][i]};
        else
          for (int plane = 0; plane < info.planes; ++plane)
            levels.push_back(memory[s][plane * n + i]);
        planes.push_back(levels);
      }
      result.emplace_back(info.name, std::move(planes));
    }
    return result;
  }

  std::vector<double> weights() override {
    std::vector<float> values = decode(parameter, method->element);
    return {values.begin(), values.end()};
  }

private:
  TensorRef tensor(const void *gradient) {
    TensorRef ref;
    ref.size = size;
    ref.weight = parameter.data();
    ref.gradient = gradient;
    for (auto &buffer : memory)
      ref.stored.push_back(buffer.data());
    ref.channels = traits.channels;
    ref.parameter = traits.parameter;
    return ref;
  }

  std::shared_ptr<const Method> method;
  Stepper stepper;
  TensorTraits traits;
  int64_t size = 0;
  std::vector<std::byte> parameter; ///< as its element type
  std::vector<std::vector<float>> memory;
};

} // namespace

Result<std::unique_ptr<Run>> bregman::makeKernelRun(std::shared_ptr<const Method> method,
                                                    const Timing &timing) {
  Result<Stepper> stepper = Stepper::create(method, timing);
  if (!stepper)
    return stepper.error();
  return std::unique_ptr<Run>(new KernelRun(std::move(method), std::move(*stepper)));
}
