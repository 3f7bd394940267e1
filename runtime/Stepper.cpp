// The clock of a method, and what a stepper is asked. Host scalars are evaluated in double once per
// step and rounded to f32 once per scalar; the kernels see nothing else of time.
#include "runtime/StepperState.h"

#include <cassert>

namespace bregman {

Stepper::Stepper() = default;
Stepper::Stepper(Stepper &&) = default;
Stepper &Stepper::operator=(Stepper &&) = default;
Stepper::~Stepper() = default;

Result<Stepper> Stepper::create(std::shared_ptr<const Method> method, Timing timing, int threads) {
  assert(method && "a stepper without a method");
  Stepper stepper;
  stepper.state = std::make_unique<State>(method, timing, threads);
  State &state = *stepper.state;

  if (!state.step.exists())
    return state.refuse(" has no step kernel", ErrorKind::Internal);
  for (Sequence *sequence : state.sequences())
    if (Status bad = sequence->check())
      return state.refuse(": " + bad->message, bad->kind);
  for (size_t i = 0; i < state.every.size(); ++i)
    if (state.every[i].due < 0)
      return state.refuse(" does not compute `" + method->every[i].due + "`", ErrorKind::Internal);
  for (const StoredInfo &stored : method->stored)
    if (!state.attach.exists() || !state.attach.writes(stored.name))
      return state.refuse(": the attach kernel does not write `" + stored.name + "`",
                          ErrorKind::Internal);
  if (Status bad = state.clock.check())
    return state.refuse(" " + bad->message, bad->kind);
  for (const ParameterInfo &parameter : method->parameters) {
    if (Status bad = parameter.check(parameter.value, state.title()))
      return *bad;
    state.clock.set(parameter.name, parameter.value);
  }
  state.clock.begin();
  state.freeze = method->host.indexOf("freeze");
  if (state.freeze >= 0 && !state.final.exists())
    return state.refuse(" freezes but has no final kernel", ErrorKind::Internal);
  return stepper;
}

const Method &Stepper::method() const { return *state->method; }

Status Stepper::set(const std::string &name, double value) {
  for (const ParameterInfo &parameter : state->method->parameters) {
    if (parameter.name != name)
      continue;
    if (Status bad = parameter.check(value, state->title()))
      return bad;
    state->set(name, value);
    return std::nullopt;
  }
  std::string known;
  for (const ParameterInfo &parameter : state->method->parameters)
    known += (known.empty() ? "`" : ", `") + parameter.name + "`";
  return state->refuse(" has no parameter `" + name + "`; " +
                       (known.empty() ? "it has none" : "it has " + known));
}

double Stepper::get(const std::string &name) const { return state->clock.get(name); }
int64_t Stepper::step() const { return state->k; }
const std::vector<int64_t> &Stepper::t() const { return state->clock.run.t; }
bool Stepper::frozen() const { return state->frozen; }

const std::vector<double> &Stepper::hostStates() const { return state->clock.run.states; }
void Stepper::setSeed(uint64_t seed) { state->clock.seed = seed; }
uint64_t Stepper::seed() const { return state->clock.seed; }
void Stepper::setStream(void *stream) { state->stream = stream; }

void Stepper::restore(int64_t step, std::vector<int64_t> t, std::optional<bool> frozen,
                      std::optional<std::vector<double>> hostStates) {
  Clock &clock = state->clock;
  assert((!hostStates || hostStates->size() == clock.run.states.size()) && "one value per state");
  assert(t.size() == clock.run.t.size() && "one t per optimizer");
  state->k = step;
  state->coming.reset();
  state->progress = {};
  state->replays = false;
  state->frozen = frozen.value_or(false);
  clock.begin();
  bool asks = !frozen && state->freeze >= 0, moves = !hostStates && !clock.run.states.empty();
  for (int64_t k = 0; k < step && (asks || moves) && !state->frozen; ++k) {
    if (asks)
      state->frozen = clock.evaluate(Moment::ofStep(k))[state->freeze] != 0;
    clock.run = clock.after(Moment::ofStep(k));
  }
  clock.run.t = std::move(t);
  if (hostStates)
    clock.run.states = std::move(*hostStates);
}

std::vector<double> Stepper::scheduleValues() const {
  const HostProgram &host = state->method->host;
  std::span<const double> values = state->clock.evaluate(Moment::ofStep(state->k));
  std::vector<double> result;
  for (const std::string &name : state->method->schedules) {
    int index = host.indexOf(name);
    assert(index >= 0 && "a schedule that is no output of the host program");
    result.push_back(values[index]);
  }
  return result;
}

} // namespace bregman
