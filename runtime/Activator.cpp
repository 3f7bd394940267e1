// The passes of an activation: streams are found by name at every call, since no call's memory is
// like another's.
#include "runtime/Activator.h"

#include "runtime/Clock.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <mutex>

namespace bregman {

static const char *const gradientSuffix = ".gradient";

struct Activator::State {
  State(std::shared_ptr<const ActivationMethod> owned, Timing timing, int threads)
      : method(std::move(owned)), clock(*method, timing), threads(threads) {}

  Status check(const KernelSequence &kernels) const;
  Status run(const KernelSequence &kernels, const ActivationRef &activation, int64_t step);
  float *learnedAddress(const std::string &stream, const ActivationRef &activation) const;

  std::shared_ptr<const ActivationMethod> method;
  Clock clock;
  std::mutex mutex; ///< of the clock
  int threads;
};

static std::string titleOf(const Method &method) { return "quantizer `" + method.quantizer + "`"; }

static bool isActivation(const std::string &stream) {
  return stream == "x" || stream == "w" || stream == "g" || stream == "x.gradient";
}

/// The learned value that a stream is, or is the gradient of; -1 for another stream.
static int indexOf(const Method &method, std::string stream) {
  if (stream.ends_with(gradientSuffix))
    stream.resize(stream.size() - std::string(gradientSuffix).size());
  for (size_t i = 0; i < method.stored.size(); ++i)
    if (method.stored[i].name == stream)
      return int(i);
  return -1;
}

/// What the kernels ask for is there.
Status Activator::State::check(const KernelSequence &kernels) const {
  for (const auto &kernel : kernels) {
    auto internal = [&](const std::string &message) -> Status {
      return Error{ErrorKind::Internal, "kernel `" + kernel->name() + "`: " + message};
    };
    for (const StreamInfo &stream : kernel->streams()) {
      bool temporary = stream.name.starts_with("$");
      if (!temporary && !isActivation(stream.name) && indexOf(*method, stream.name) < 0)
        return internal("stream `" + stream.name + "` is neither x, w, g nor a learned value");
      if (isActivation(stream.name) && (stream.planes != 1 || stream.type != method->element))
        return internal("stream `" + stream.name + "` is not what an activation is");
    }
    for (const std::string &scalar : kernel->scalars())
      if (method->host.indexOf(scalar) < 0)
        return internal("scalar `" + scalar + "` is no output of the host program");
  }
  return std::nullopt;
}

float *Activator::State::learnedAddress(const std::string &stream,
                                        const ActivationRef &activation) const {
  const auto &from =
      stream.ends_with(gradientSuffix) ? activation.learnedGradients : activation.learned;
  return from[size_t(indexOf(*method, stream))];
}

Status Activator::State::run(const KernelSequence &kernels, const ActivationRef &activation,
                             int64_t step) {
  // All that can fail comes before all that writes.
  std::vector<std::vector<float>> scalars;
  Draw draw;
  {
    std::lock_guard lock(mutex);
    std::span<const double> values = clock.evaluate(Moment::atRest(step));
    for (const auto &kernel : kernels) {
      scalars.emplace_back();
      for (const std::string &name : kernel->scalars()) {
        int output = method->host.indexOf(name);
        if (!clock.holds(output, values[output])) {
          Error error = clock.complain(output, values[output], step);
          error.message = titleOf(*method) + ": " + error.message;
          return error;
        }
        scalars.back().push_back(float(values[output]));
      }
    }
    draw = {clock.seed, uint64_t(step), uint64_t(step)};
  }
  std::map<std::string, Buffer> temporaries;
  for (size_t k = 0; k < kernels.size(); ++k) {
    Segment segment;
    segment.size = activation.size;
    segment.channels = activation.channels;
    segment.parameter = activation.parameter;
    for (const StreamInfo &stream : kernels[k]->streams()) {
      int64_t count = segmentsOf(stream.extent, segment.size, segment.channels);
      if (stream.name == "x")
        segment.streams.push_back(const_cast<void *>(activation.x));
      else if (stream.name == "g")
        segment.streams.push_back(const_cast<void *>(activation.gradient));
      else if (stream.name == "w")
        segment.streams.push_back(activation.w);
      else if (stream.name == "x.gradient")
        segment.streams.push_back(activation.xGradient);
      else {
        float *base;
        if (stream.name.starts_with("$")) {
          Buffer &buffer = temporaries[stream.name];
          size_t bytes = sizeof(float) * size_t(stream.planes) * size_t(count);
          if (buffer.size() < bytes) {
            Result<Buffer> made =
                Buffer::borrow(method->memory, bytes, activation.x, activation.stream);
            if (!made)
              return made.error();
            buffer = std::move(*made);
          }
          base = static_cast<float *>(buffer.data());
        } else {
          base = learnedAddress(stream.name, activation);
        }
        for (int plane = 0; plane < stream.planes; ++plane)
          segment.streams.push_back(base + plane * count);
      }
    }
    auto partition = kernels[k]->partition({&segment, 1}, threads);
    if (Status bad = kernels[k]->launch(*partition, scalars[k], draw, activation.stream))
      return bad;
  }
  return std::nullopt;
}

Activator::Activator() = default;
Activator::Activator(Activator &&) = default;
Activator &Activator::operator=(Activator &&) = default;
Activator::~Activator() = default;

Result<Activator> Activator::create(std::shared_ptr<const ActivationMethod> method, Timing timing,
                                    int threads) {
  assert(method && "an activator without a method");
  Activator made;
  made.state = std::make_unique<State>(method, timing, threads);
  State &state = *made.state;
  std::string title = titleOf(*method);
  if (method->publish.empty() || method->step.empty())
    return Error{ErrorKind::Internal, title + " has no forward or no backward pass"};
  if (method->bounds.size() != method->stored.size())
    return Error{ErrorKind::Internal, title + " does not say its learned values' ranges"};
  for (const KernelSequence *kernels : {&method->attach, &method->publish, &method->step})
    if (Status bad = state.check(*kernels))
      return Error{bad->kind, title + ": " + bad->message};
  if (Status bad = state.clock.check())
    return Error{bad->kind, title + " " + bad->message};
  for (const ParameterInfo &parameter : method->parameters) {
    if (Status bad = parameter.check(parameter.value, title))
      return *bad;
    state.clock.set(parameter.name, parameter.value);
  }
  return made;
}

const ActivationMethod &Activator::method() const { return *state->method; }

Status Activator::set(const std::string &name, double value) {
  const ActivationMethod &method = *state->method;
  for (const ParameterInfo &parameter : method.parameters) {
    if (parameter.name != name)
      continue;
    if (Status bad = parameter.check(value, titleOf(method)))
      return bad;
    state->clock.set(name, value);
    return std::nullopt;
  }
  return Error{ErrorKind::Usage, titleOf(method) + " has no parameter `" + name + "`"};
}

Status Activator::check() {
  const ActivationMethod &method = *state->method;
  std::vector<Clock::Watch> watched;
  for (const KernelSequence *kernels : {&method.attach, &method.publish, &method.step})
    for (const auto &kernel : *kernels)
      for (const std::string &scalar : kernel->scalars())
        watched.push_back({method.host.indexOf(scalar), /*everyStep=*/kernels != &method.attach});
  if (Status bad = state->clock.checkRun(watched))
    return Error{bad->kind, titleOf(method) + ": " + bad->message};
  return std::nullopt;
}

void Activator::setSeed(uint64_t seed) { state->clock.seed = seed; }

Status Activator::initialize(const ActivationRef &activation, int64_t step) const {
  if (Status bad = state->run(state->method->attach, activation, step))
    return bad;
  const std::vector<StoredInfo> &stored = state->method->stored;
  Memory &memory = *state->method->memory;
  for (size_t i = 0; i < stored.size(); ++i) {
    std::vector<float> values(
        size_t(stored[i].planes * stored[i].count(activation.size, activation.channels)));
    size_t bytes = sizeof(float) * values.size();
    if (Status bad = memory.copyOut(values.data(), activation.learned[i], bytes, activation.stream))
      return bad;
    clamp(i, values.data(), int64_t(values.size()));
    if (Status bad = memory.copyIn(activation.learned[i], values.data(), bytes, activation.stream))
      return bad;
  }
  return std::nullopt;
}

Status Activator::forward(const ActivationRef &activation, int64_t step) const {
  return state->run(state->method->publish, activation, step);
}

Status Activator::backward(const ActivationRef &activation, int64_t step) const {
  return state->run(state->method->step, activation, step);
}

void Activator::clamp(size_t index, float *values, int64_t count) const {
  auto [low, high] = state->method->bounds[index];
  float least = float(low), most = float(high);
  // A NaN fails both comparisons and passes.
  for (float *value = values; value != values + count; ++value)
    *value = *value < least ? least : *value > most ? most : *value;
}

std::vector<double> Activator::scheduleValues(int64_t step) const {
  std::lock_guard lock(state->mutex);
  std::span<const double> values = state->clock.evaluate(Moment::ofStep(step));
  std::vector<double> result;
  for (const std::string &name : state->method->schedules)
    result.push_back(values[size_t(state->method->host.indexOf(name))]);
  return result;
}

} // namespace bregman
