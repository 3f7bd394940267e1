// A run by compiled kernels: owns the memory of one tensor, wherever they run, and shows the spec's
// variables.
#include "frontend/KernelRun.h"

#include "frontend/NarrowFloat.h"

#include <cstring>

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
    size = int64_t(w0.size());
    traits = given;
    stepper.setSeed(traits.seed);
    arrays.clear();
    arrays.resize(method->stored.size());
    std::vector<std::byte> encoded = encode(w0, method->element);
    if (Status bad = parameter.create(*method, encoded.size()))
      return bad;
    if (Status bad = gradient.create(*method, encoded.size()))
      return bad;
    for (size_t i = 0; i < arrays.size(); ++i) {
      const StoredInfo &info = method->stored[i];
      int64_t count = info.planes * info.count(size, traits.channels);
      if (Status bad = arrays[i].create(*method, size_t(count) * sizeof(float)))
        return bad;
    }
    if (Status bad = parameter.fill(*method, std::move(encoded)))
      return bad;
    TensorRef one[] = {tensor(nullptr)};
    return finished(stepper.attach(one));
  }

  Status advance(const std::vector<float> &values) override {
    if (Status bad = gradient.fill(*method, encode(values, method->element)))
      return bad;
    TensorRef one[] = {tensor(gradient.data())};
    return finished(stepper.advance(one));
  }

  Status resetStates() override {
    TensorRef one[] = {tensor(nullptr)};
    return finished(stepper.resetStates(one));
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
    for (size_t s = 0; s < arrays.size(); ++s) {
      const StoredInfo &info = method->stored[s];
      Planes planes;
      std::vector<float> values(arrays[s].host.size() / sizeof(float));
      if (!values.empty())
        std::memcpy(values.data(), arrays[s].host.data(), arrays[s].host.size());
      for (size_t i = 0, n = values.size() / size_t(info.planes); i < n; ++i) {
        std::vector<double> levels;
        if (info.parity)
          levels = {info.parity * double(values[i]), values[i]};
        else
          for (int plane = 0; plane < info.planes; ++plane)
            levels.push_back(values[plane * n + i]);
        planes.push_back(levels);
      }
      result.emplace_back(info.name, std::move(planes));
    }
    return result;
  }

  std::vector<double> weights() override {
    std::vector<float> values = decode(parameter.host, method->element);
    return {values.begin(), values.end()};
  }

private:
  /// An array where the kernels run, and what it held when somebody last looked.
  struct Array {
    Buffer memory;
    std::vector<std::byte> host;

    void *data() const { return memory.data(); }
    Status create(const Method &method, size_t bytes) {
      Result<Buffer> made = Buffer::create(method.memory, bytes);
      if (!made)
        return made.error();
      memory = std::move(*made);
      host.assign(bytes, std::byte());
      return std::nullopt;
    }
    Status fill(const Method &method, std::vector<std::byte> bytes) {
      host = std::move(bytes);
      return method.memory->copyIn(data(), host.data(), host.size(), nullptr);
    }
    Status look(const Method &method) {
      return method.memory->copyOut(host.data(), data(), host.size(), nullptr);
    }
  };

  /// `status`, or what goes wrong where the results are looked at.
  Status finished(Status status) {
    if (!status)
      status = parameter.look(*method);
    for (Array &array : arrays)
      if (!status)
        status = array.look(*method);
    return status;
  }

  TensorRef tensor(const void *gradient) {
    TensorRef ref;
    ref.size = size;
    ref.weight = parameter.data();
    ref.gradient = gradient;
    for (Array &array : arrays)
      ref.stored.push_back(static_cast<float *>(array.data()));
    ref.channels = traits.channels;
    ref.parameter = traits.parameter;
    return ref;
  }

  std::shared_ptr<const Method> method;
  Stepper stepper;
  TensorTraits traits;
  int64_t size = 0;
  Array parameter, gradient; ///< as the parameter's element type
  std::vector<Array> arrays; ///< f32
};

} // namespace

Result<std::unique_ptr<Run>> bregman::makeKernelRun(std::shared_ptr<const Method> method,
                                                    const Timing &timing) {
  Result<Stepper> stepper = Stepper::create(method, timing);
  if (!stepper)
    return stepper.error();
  return std::unique_ptr<Run>(new KernelRun(std::move(method), std::move(*stepper)));
}
