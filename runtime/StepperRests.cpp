// What a stepper does between two steps: it attaches, sets optimizers anew, publishes, finalizes.
#include "runtime/StepperState.h"

#include <algorithm>
#include <numeric>

namespace bregman {

Status Stepper::State::refuseCapture(std::span<const TensorRef> tensors, const char *what) const {
  Result<bool> captured = captures(tensors);
  if (!captured)
    return captured.error();
  if (!*captured)
    return std::nullopt;
  return refuse(std::string(": ") + what + " cannot be captured in a graph; only a step can");
}

Status Stepper::attach(std::span<const TensorRef> tensors) {
  if (Status bad = prepareAttach(tensors))
    return bad;
  return runAttach();
}

Status Stepper::prepareAttach(std::span<const TensorRef> tensors) {
  if (Status bad = state->refuseCapture(tensors, "attaching"))
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
    return state->refuse(": " + bad->message, bad->kind);
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

Status Stepper::resetStates(std::span<const TensorRef> tensors) {
  std::vector<size_t> all(t().size());
  std::iota(all.begin(), all.end(), 0);
  return resetStates(tensors, all);
}

Status Stepper::resetStates(std::span<const TensorRef> tensors,
                            std::span<const size_t> optimizers) {
  if (Status bad = state->refuseCapture(tensors, "a reset"))
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

Status Stepper::State::publishAt(Moment now, std::span<const TensorRef> tensors) {
  Sequence &sequence = frozen && final.exists() ? final : publish;
  if (!sequence.exists())
    return std::nullopt;
  if (Status bad = sequence.bind(clock, now))
    return bad;
  return sequence.launch(tensors, stream);
}

Status Stepper::publish(std::span<const TensorRef> tensors) {
  if (Status bad = state->refuseCapture(tensors, "publishing"))
    return bad;
  return state->publishAt(Moment::atRest(state->k), tensors);
}

Status Stepper::finalize(std::span<const TensorRef> tensors) {
  if (!state->final.exists())
    return std::nullopt;
  if (Status bad = state->refuseCapture(tensors, "finalizing"))
    return bad;
  if (Status bad = state->final.bind(state->clock, Moment::atRest(state->k)))
    return bad;
  return state->final.launch(tensors, state->stream);
}

} // namespace bregman
