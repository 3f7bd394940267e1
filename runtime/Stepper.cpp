// The clock of a method. Host scalars are evaluated in double once per step and rounded to f32 once
// per scalar; the kernels see nothing else of time.
#include "runtime/Stepper.h"

#include "runtime/Clock.h"
#include "runtime/Launcher.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace bregman {

namespace {

Error refuse(ErrorKind kind, std::string message) { return {kind, std::move(message)}; }

std::string titleOf(const Method &method) {
  return "method `" + method.quantizer + "` by `" + method.optimizer + "`";
}

} // namespace

struct Stepper::State {
  State(std::shared_ptr<const Method> owned, Timing timing, int threads)
      : method(std::move(owned)), clock(*method, timing),
        attach(*method, method->attach.get(), threads), step(*method, method->step.get(), threads),
        publish(*method, method->publish.get(), threads),
        final(*method, method->final.get(), threads) {}

  /// Each of the kernels that there are.
  std::vector<Launcher *> launchers() {
    std::vector<Launcher *> all;
    for (Launcher *launcher : {&attach, &step, &publish, &final})
      if (launcher->exists())
        all.push_back(launcher);
    return all;
  }

  /// Every tensor's `w` from what is stored, at the moment `now`.
  Status publishAt(Moment now, std::span<const TensorRef> tensors) {
    Launcher &launcher = frozen && final.exists() ? final : publish;
    if (!launcher.exists())
      return std::nullopt;
    if (Status bad = launcher.bind(clock, now))
      return bad;
    launcher.launch(tensors);
    return std::nullopt;
  }

  std::shared_ptr<const Method> method;
  Clock clock;
  Launcher attach, step, publish, final;
  int64_t k = 0, t = 1;
  int freeze = -1;
  bool frozen = false;
  std::vector<TensorRef> withGradient, withoutGradient;
};

Stepper::Stepper() = default;
Stepper::Stepper(Stepper &&) = default;
Stepper &Stepper::operator=(Stepper &&) = default;
Stepper::~Stepper() = default;

Result<Stepper> Stepper::create(std::shared_ptr<const Method> method, Timing timing, int threads) {
  assert(method && "a stepper without a method");
  Stepper stepper;
  stepper.state = std::make_unique<State>(method, timing, threads);
  State &state = *stepper.state;
  std::string title = titleOf(*method);

  if (!state.step.exists())
    return refuse(ErrorKind::Internal, title + " has no step kernel");
  for (Launcher *launcher : state.launchers())
    if (Status bad = launcher->check())
      return refuse(bad->kind, title + ": " + bad->message);
  for (const StoredInfo &stored : method->stored)
    if (!state.attach.exists() || !state.attach.writes(stored.name))
      return refuse(ErrorKind::Internal,
                    title + ": the attach kernel does not write `" + stored.name + "`");
  if (Status bad = state.clock.check())
    return refuse(bad->kind, title + " " + bad->message);
  for (const ParameterInfo &parameter : method->parameters)
    if (Status bad = stepper.set(parameter.name, parameter.value))
      return *bad;
  state.freeze = method->host.indexOf("freeze");
  if (state.freeze >= 0 && !state.final.exists())
    return refuse(ErrorKind::Internal, title + " freezes but has no final kernel");
  return stepper;
}

const Method &Stepper::method() const { return *state->method; }

Status Stepper::set(const std::string &name, double value) {
  for (const ParameterInfo &parameter : state->method->parameters) {
    if (parameter.name != name)
      continue;
    if (Status bad = parameter.check(value, titleOf(*state->method)))
      return bad;
    state->clock.set(name, value);
    return std::nullopt;
  }
  std::string known;
  for (const ParameterInfo &parameter : state->method->parameters)
    known += (known.empty() ? "`" : ", `") + parameter.name + "`";
  return refuse(ErrorKind::Usage, titleOf(*state->method) + " has no parameter `" + name + "`; " +
                                      (known.empty() ? "it has none" : "it has " + known));
}

double Stepper::get(const std::string &name) const { return state->clock.get(name); }
int64_t Stepper::step() const { return state->k; }
int64_t Stepper::t() const { return state->t; }
bool Stepper::frozen() const { return state->frozen; }

void Stepper::restore(int64_t step, int64_t t, std::optional<bool> frozen) {
  state->k = step;
  state->t = t;
  state->frozen = frozen.value_or(false);
  if (frozen || state->freeze < 0)
    return;
  for (int64_t k = 0; k < step && !state->frozen; ++k)
    state->frozen = state->clock.evaluate(Moment::ofStep(k, k + 1))[state->freeze] != 0;
}

Status Stepper::attach(std::span<const TensorRef> tensors) {
  state->k = 0;
  state->t = 1;
  state->frozen = false;
  std::vector<Clock::Watch> watched;
  for (Launcher *launcher : state->launchers())
    launcher->watch(watched, /*everyStep=*/launcher == &state->step);
  if (Status bad = state->clock.checkRun(watched))
    return refuse(bad->kind, titleOf(*state->method) + ": " + bad->message);
  if (state->attach.exists()) {
    if (Status bad = state->attach.bind(state->clock, Moment::atRest(0, 1)))
      return bad;
    state->attach.launch(tensors);
  }
  return publish(tensors);
}

Status Stepper::advance(std::span<const TensorRef> tensors) {
  State &s = *state;
  if (s.frozen) {
    ++s.k, ++s.t;
    return std::nullopt;
  }
  // Almost always every tensor has a gradient, and nothing is copied.
  std::span<const TensorRef> moved = tensors, still;
  if (!std::all_of(tensors.begin(), tensors.end(), [](auto &tensor) { return tensor.gradient; })) {
    s.withGradient.clear();
    s.withoutGradient.clear();
    for (const TensorRef &tensor : tensors)
      (tensor.gradient ? s.withGradient : s.withoutGradient).push_back(tensor);
    moved = s.withGradient;
    still = s.publish.exists() ? std::span<const TensorRef>(s.withoutGradient) : still;
  }

  // All that can fail comes before all that writes.
  Moment next = Moment::atRest(s.k + 1, s.t + 1);
  if (!still.empty())
    if (Status bad = s.publish.bind(s.clock, next))
      return bad;
  if (Status bad = s.step.bind(s.clock, Moment::ofStep(s.k, s.t)))
    return bad;
  bool freezes = s.freeze >= 0 && s.clock.evaluate(Moment::ofStep(s.k, s.t))[s.freeze] != 0;
  if (freezes)
    if (Status bad = s.final.bind(s.clock, next))
      return bad;

  s.step.launch(moved);
  if (!still.empty())
    s.publish.launch(still);
  if (freezes)
    s.final.launch(tensors);
  s.frozen = freezes;
  ++s.k, ++s.t;
  return std::nullopt;
}

Status Stepper::resetStates(std::span<const TensorRef> tensors) {
  state->t = 1;
  if (!state->attach.exists())
    return std::nullopt;
  if (Status bad = state->attach.bind(state->clock, Moment::atRest(0, 1)))
    return bad;
  state->attach.launchOnlyOptimizer(tensors);
  return std::nullopt;
}

Status Stepper::publish(std::span<const TensorRef> tensors) {
  return state->publishAt(Moment::atRest(state->k, state->t), tensors);
}

Status Stepper::finalize(std::span<const TensorRef> tensors) {
  if (!state->final.exists())
    return std::nullopt;
  if (Status bad = state->final.bind(state->clock, Moment::atRest(state->k, state->t)))
    return bad;
  state->final.launch(tensors);
  return std::nullopt;
}

std::vector<double> Stepper::scheduleValues() const {
  const HostProgram &host = state->method->host;
  std::span<const double> values = state->clock.evaluate(Moment::ofStep(state->k, state->t));
  std::vector<double> result;
  for (const std::string &name : state->method->schedules) {
    int index = host.indexOf(name);
    assert(index >= 0 && "a schedule that is no output of the host program");
    result.push_back(values[index]);
  }
  return result;
}

} // namespace bregman
