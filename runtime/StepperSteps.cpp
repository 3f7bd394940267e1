// Steps, by launches and by the replays of a graph. All that can fail comes before all that moves
// anything; what fails nevertheless is gone on with.
#include "runtime/StepperState.h"

#include <algorithm>
#include <cassert>

namespace bregman {

Error Stepper::State::refuseFrozen() const {
  return refuse(" is frozen at its final levels, and a graph's step would "
                "move it; take the steps that follow outside of the graph");
}

Error Stepper::State::refuseBetweenSteps() const {
  return refuse(
      std::string(": a step has failed when it had moved something; the rest of it, by ") +
      (replays ? "finishReplay" : "advance without a graph") + ", comes before another one");
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

Result<bool> Stepper::State::captures(std::span<const TensorRef> tensors) const {
  for (const TensorRef &tensor : tensors)
    if (tensor.size > 0)
      return method->memory->captures(stream, tensor.weight);
  return false;
}

Result<bool> Stepper::captures(std::span<const TensorRef> tensors) const {
  return state->captures(tensors);
}

Status Stepper::prepareReplay(std::span<const TensorRef> tensors) {
  State &s = *state;
  if (isBetweenSteps())
    return s.refuseBetweenSteps();
  s.coming.reset();
  if (Status bad = state->refuseCapture(tensors, "a replay"))
    return bad;
  if (s.frozen)
    return s.refuseFrozen();
  State::Parts parts = s.split(tensors);
  if (!parts.moved.empty() && !s.step.isCaptured())
    return s.refuse(" has no captured step to be replayed; take one while the "
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
    return s.refuse(": a replay begins with prepareReplay, which gives the "
                    "graph the numbers of its step");
  s.replays = true;
  s.progress.seen = 0;
  // Gradients may lie elsewhere by now.
  if (Status bad = s.placeRest(*s.coming, s.split(tensors), tensors))
    return bad;
  return s.complete();
}

} // namespace bregman
