// The clock of a method. Host scalars are evaluated in double once per step and rounded to f32 once
// per scalar; the kernels see nothing else of time.
#include "runtime/Stepper.h"

#include "runtime/Clock.h"
#include "runtime/Sequence.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace bregman {

namespace {

Error refuse(ErrorKind kind, std::string message) { return {kind, std::move(message)}; }

std::string titleOf(const Method &method) {
  return "method `" + method.quantizer + "` by `" + method.optimizer + "`";
}

} // namespace

struct Stepper::State {
  State(std::shared_ptr<const Method> owned, Timing timing, int threads)
      : method(std::move(owned)), clock(*method, timing), attach(*method, method->attach, threads),
        step(*method, method->step, threads), publish(*method, method->publish, threads),
        final(*method, method->final, threads) {
    for (const EveryBlock &block : method->every)
      every.push_back({method->host.indexOf(block.due), Sequence(*method, block.kernels, threads)});
  }

  std::vector<Sequence *> sequences() {
    std::vector<Sequence *> all = {&attach, &step, &publish, &final};
    for (Every &block : every)
      all.push_back(&block.sequence);
    return all;
  }

  /// A parameter of the optimizer is also that of the learned values' instances of it, but for
  /// those that have been given another value.
  void set(const std::string &name, double value) {
    double before = clock.get(name);
    if (name.starts_with("optimizer."))
      for (const ParameterInfo &parameter : method->parameters)
        if (parameter.name.ends_with("." + name) && clock.get(parameter.name) == before)
          clock.set(parameter.name, value);
    clock.set(name, value);
  }

  /// Every tensor's `w` from what is stored, at the moment `now`.
  Status publishAt(Moment now, std::span<const TensorRef> tensors) {
    Sequence &sequence = frozen && final.exists() ? final : publish;
    if (!sequence.exists())
      return std::nullopt;
    if (Status bad = sequence.bind(clock, now))
      return bad;
    return sequence.launch(tensors, stream);
  }

  /// The tensors that a step moves, and those that it publishes anew.
  struct Parts {
    std::span<const TensorRef> moved, still;
  };
  Parts split(std::span<const TensorRef> tensors);

  /// The coming step, as far as it can fail without touching anything.
  struct Coming {
    bool captured = false; ///< it becomes part of a graph
    bool freezes = false;
    std::vector<Sequence *> due;
    bool publishes = false; ///< what its own kernels have not published
    RunState run = {};      ///< after it
  };
  Result<Coming> prepare(const Parts &parts);
  Error refuseFrozen() const;
  Error refuseBetweenSteps() const;
  Status attachStates(std::span<const TensorRef> tensors, std::span<const size_t> optimizers);
  Status placeRest(const Coming &coming, const Parts &parts, std::span<const TensorRef> tensors);
  Status complete();

  /// A block and the host output that says whether it is due.
  struct Every {
    int due;
    Sequence sequence;
  };

  std::shared_ptr<const Method> method;
  Clock clock;
  Sequence attach, step, publish, final;
  std::vector<Every> every;
  int64_t k = 0;
  int freeze = -1;
  bool frozen = false;
  void *stream = nullptr;
  std::vector<TensorRef> withGradient, withoutGradient;
  std::optional<Coming> coming; ///< prepared, and not done
  Progress progress;            ///< of it
  bool replays = false;         ///< a graph has its own kernels
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
  for (Sequence *sequence : state.sequences())
    if (Status bad = sequence->check())
      return refuse(bad->kind, title + ": " + bad->message);
  for (size_t i = 0; i < state.every.size(); ++i)
    if (state.every[i].due < 0)
      return refuse(ErrorKind::Internal,
                    title + " does not compute `" + method->every[i].due + "`");
  for (const StoredInfo &stored : method->stored)
    if (!state.attach.exists() || !state.attach.writes(stored.name))
      return refuse(ErrorKind::Internal,
                    title + ": the attach kernel does not write `" + stored.name + "`");
  if (Status bad = state.clock.check())
    return refuse(bad->kind, title + " " + bad->message);
  for (const ParameterInfo &parameter : method->parameters) {
    if (Status bad = parameter.check(parameter.value, title))
      return *bad;
    state.clock.set(parameter.name, parameter.value);
  }
  state.clock.begin();
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
    state->set(name, value);
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

/// What is no step would leave its kernels in a graph, without their numbers.
static Status refuseCapture(const Stepper &stepper, std::span<const TensorRef> tensors,
                            const char *what) {
  Result<bool> captures = stepper.captures(tensors);
  if (!captures)
    return captures.error();
  if (!*captures)
    return std::nullopt;
  return refuse(ErrorKind::Usage, titleOf(stepper.method()) + ": " + what +
                                      " cannot be captured in a graph; only a step can");
}

Status Stepper::attach(std::span<const TensorRef> tensors) {
  if (Status bad = prepareAttach(tensors))
    return bad;
  return runAttach();
}

Status Stepper::prepareAttach(std::span<const TensorRef> tensors) {
  if (Status bad = refuseCapture(*this, tensors, "attaching"))
    return bad;
  state->k = 0;
  state->frozen = false;
  state->coming.reset();
  state->progress = {};
  state->replays = false;
  state->clock.begin();
  std::vector<Clock::Watch> watched;
  for (Sequence *sequence : state->sequences())
    sequence->watch(watched, /*everyStep=*/sequence == &state->step);
  if (Status bad = state->clock.checkRun(watched))
    return refuse(bad->kind, titleOf(*state->method) + ": " + bad->message);
  for (Sequence *sequence : {&state->attach, &state->publish}) {
    if (Status bad = sequence->bind(state->clock, Moment::atRest(0)))
      return bad;
    if (Status bad = sequence->place(tensors, state->stream))
      return bad;
  }
  return std::nullopt;
}

Status Stepper::runAttach() {
  Progress progress;
  if (Status bad = state->attach.run(state->stream, progress))
    return bad;
  return state->publish.run(state->stream, progress);
}

Error Stepper::State::refuseFrozen() const {
  return refuse(ErrorKind::Usage, titleOf(*method) +
                                      " is frozen at its final levels, and a graph's step would "
                                      "move it; take the steps that follow outside of the graph");
}

Error Stepper::State::refuseBetweenSteps() const {
  return refuse(ErrorKind::Usage, titleOf(*method) + ": a step has failed when it had moved " +
                                      "something; the rest of it, by " +
                                      (replays ? "finishReplay" : "advance without a graph") +
                                      ", comes before another one");
}

/// Almost always every tensor has a gradient, and nothing is copied.
Stepper::State::Parts Stepper::State::split(std::span<const TensorRef> tensors) {
  if (std::all_of(tensors.begin(), tensors.end(), [](auto &tensor) { return tensor.gradient; }))
    return {tensors, {}};
  withGradient.clear();
  withoutGradient.clear();
  for (const TensorRef &tensor : tensors)
    (tensor.gradient ? withGradient : withoutGradient).push_back(tensor);
  return {withGradient, withoutGradient};
}

/// All that can fail comes before all that writes.
Result<Stepper::State::Coming> Stepper::State::prepare(const Parts &parts) {
  Moment now = Moment::ofStep(k);
  Coming coming;
  if (progress.hasMoved()) { // what has begun goes on
    coming.freezes = this->coming->freezes;
    coming.due = this->coming->due;
  } else {
    coming.freezes = freeze >= 0 && clock.evaluate(now)[freeze] != 0;
    for (Every &block : every)
      if (clock.evaluate(now)[block.due] != 0)
        coming.due.push_back(&block.sequence);
  }
  coming.publishes = !coming.due.empty() || !parts.still.empty();
  // The states of the run move with the step, before its weights are published.
  RunState before = clock.run;
  coming.run = clock.after(now);
  auto bind = [&]() -> Status {
    if (Status bad = step.bind(clock, now))
      return bad;
    for (Sequence *sequence : coming.due)
      if (Status bad = sequence->bind(clock, now))
        return bad;
    clock.run = coming.run;
    Moment next = Moment::atRest(k + 1);
    if (coming.publishes)
      if (Status bad = publish.bind(clock, next))
        return bad;
    return coming.freezes ? final.bind(clock, next) : std::nullopt;
  };
  Status bad = bind();
  clock.run = std::move(before);
  if (bad)
    return *bad;
  return coming;
}

/// Takes what the kernels that follow the step's own need. Where nothing is due these have
/// published what they moved.
Status Stepper::State::placeRest(const Coming &coming, const Parts &parts,
                                 std::span<const TensorRef> tensors) {
  for (Sequence *sequence : coming.due)
    if (Status bad = sequence->place(parts.moved, stream))
      return bad;
  if (coming.publishes)
    if (Status bad = publish.place(coming.due.empty() ? parts.still : tensors, stream))
      return bad;
  return coming.freezes ? final.place(tensors, stream) : std::nullopt;
}

/// What follows the step's own kernels, once it is placed.
Status Stepper::State::complete() {
  for (const Sequence *sequence : coming->due)
    if (Status bad = sequence->run(stream, progress))
      return bad;
  if (coming->publishes)
    if (Status bad = publish.run(stream, progress))
      return bad;
  if (coming->freezes)
    if (Status bad = final.run(stream, progress))
      return bad;
  clock.run = std::move(coming->run);
  frozen = coming->freezes;
  ++k;
  coming.reset();
  progress = {};
  replays = false;
  return std::nullopt;
}

Status Stepper::advance(std::span<const TensorRef> tensors) {
  if (Status bad = prepareAdvance(tensors))
    return bad;
  return runAdvance();
}

Status Stepper::prepareAdvance(std::span<const TensorRef> tensors) {
  State &s = *state;
  Result<bool> captured = captures(tensors);
  if (!captured)
    return captured.error();
  if (s.frozen)
    return *captured ? Status(s.refuseFrozen()) : std::nullopt;
  if (s.replays || (*captured && isBetweenSteps()))
    return s.refuseBetweenSteps();
  State::Parts parts = s.split(tensors);
  Result<State::Coming> coming = s.prepare(parts);
  if (!coming)
    return coming.error();
  coming->captured = *captured;
  if (Status bad = s.step.place(parts.moved, s.stream, *captured))
    return bad;
  if (!*captured)
    if (Status bad = s.placeRest(*coming, parts, tensors))
      return bad;
  s.coming = std::move(*coming);
  return std::nullopt;
}

Status Stepper::runAdvance() {
  State &s = *state;
  if (s.frozen) {
    ++s.k;
    for (int64_t &t : s.clock.run.t)
      ++t;
    return std::nullopt;
  }
  assert(s.coming && "prepareAdvance comes before");
  if (s.coming->captured) {
    s.coming.reset();
    Progress ofGraph;
    return s.step.run(s.stream, ofGraph);
  }
  s.progress.seen = 0;
  if (Status bad = s.step.run(s.stream, s.progress))
    return bad;
  return s.complete();
}

bool Stepper::isBetweenSteps() const { return state->replays || state->progress.hasMoved(); }

Result<bool> Stepper::captures(std::span<const TensorRef> tensors) const {
  for (const TensorRef &tensor : tensors)
    if (tensor.size > 0)
      return state->method->memory->captures(state->stream, tensor.weight);
  return false;
}

Status Stepper::prepareReplay(std::span<const TensorRef> tensors) {
  State &s = *state;
  if (isBetweenSteps())
    return s.refuseBetweenSteps();
  s.coming.reset();
  if (Status bad = refuseCapture(*this, tensors, "a replay"))
    return bad;
  if (s.frozen)
    return s.refuseFrozen();
  State::Parts parts = s.split(tensors);
  if (!parts.moved.empty() && !s.step.isCaptured())
    return refuse(ErrorKind::Usage, titleOf(*s.method) +
                                        " has no captured step to be replayed; take one while the "
                                        "stream captures the graph");
  Result<State::Coming> coming = s.prepare(parts);
  if (!coming)
    return coming.error();
  if (Status bad = s.placeRest(*coming, parts, tensors))
    return bad;
  if (Status bad = s.step.update(s.stream))
    return bad;
  s.coming = std::move(*coming);
  return std::nullopt;
}

Status Stepper::finishReplay(std::span<const TensorRef> tensors) {
  State &s = *state;
  if (!s.coming)
    return refuse(ErrorKind::Usage, titleOf(*s.method) +
                                        ": a replay begins with prepareReplay, which gives the "
                                        "graph the numbers of its step");
  s.replays = true;
  s.progress.seen = 0;
  // Gradients may lie elsewhere by now.
  if (Status bad = s.placeRest(*s.coming, s.split(tensors), tensors))
    return bad;
  return s.complete();
}

Status Stepper::resetStates(std::span<const TensorRef> tensors) {
  std::vector<size_t> all(t().size());
  std::iota(all.begin(), all.end(), 0);
  return resetStates(tensors, all);
}

Status Stepper::resetStates(std::span<const TensorRef> tensors,
                            std::span<const size_t> optimizers) {
  if (Status bad = refuseCapture(*this, tensors, "a reset"))
    return bad;
  RunState before = state->clock.run;
  for (size_t optimizer : optimizers)
    state->clock.reset(optimizer);
  Status bad = state->attachStates(tensors, optimizers);
  if (bad)
    state->clock.run = std::move(before);
  return bad;
}

/// What attach writes besides these optimizers' states goes into copies.
Status Stepper::State::attachStates(std::span<const TensorRef> tensors,
                                    std::span<const size_t> optimizers) {
  if (!attach.exists())
    return std::nullopt;
  if (Status bad = attach.bind(clock, Moment::atRest(0)))
    return bad;
  std::vector<std::string> names = method->optimizers();
  auto isSet = [&](const std::string &stored) {
    return std::any_of(optimizers.begin(), optimizers.end(),
                       [&](size_t i) { return stored.starts_with(names[i] + "."); });
  };
  const std::vector<StoredInfo> &stored = method->stored;
  std::vector<Buffer> copies;
  // A copy of `bytes` of an array; attach writes there instead.
  auto copied = [&](void *from, size_t bytes) -> Result<void *> {
    const std::shared_ptr<Memory> &memory = method->memory;
    Result<Buffer> made = Buffer::borrow(memory, bytes, from, stream);
    if (!made)
      return made.error();
    if (Status bad = memory->copy(made->data(), from, bytes, stream))
      return *bad;
    copies.push_back(std::move(*made));
    return copies.back().data();
  };
  for (TensorRef tensor : tensors) {
    copies.clear();
    for (size_t i = 0; i < stored.size(); ++i) {
      if (isSet(stored[i].name))
        continue;
      int64_t count = stored[i].planes * stored[i].count(tensor.size, tensor.channels);
      Result<void *> copy = copied(tensor.stored[i], size_t(count) * sizeof(float));
      if (!copy)
        return copy.error();
      tensor.stored[i] = static_cast<float *>(*copy);
    }
    if (attach.writes("w")) {
      Result<void *> copy = copied(tensor.weight, size_t(tensor.size * sizeOf(method->element)));
      if (!copy)
        return copy.error();
      tensor.weight = *copy;
    }
    if (Status bad = attach.launch({&tensor, 1}, stream))
      return bad;
  }
  return std::nullopt;
}

Status Stepper::publish(std::span<const TensorRef> tensors) {
  if (Status bad = refuseCapture(*this, tensors, "publishing"))
    return bad;
  return state->publishAt(Moment::atRest(state->k), tensors);
}

Status Stepper::finalize(std::span<const TensorRef> tensors) {
  if (!state->final.exists())
    return std::nullopt;
  if (Status bad = refuseCapture(*this, tensors, "finalizing"))
    return bad;
  if (Status bad = state->final.bind(state->clock, Moment::atRest(state->k)))
    return bad;
  return state->final.launch(tensors, state->stream);
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
