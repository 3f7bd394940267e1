// What a stepper is made of. Private to it: Stepper.cpp makes and asks it, StepperSteps.cpp takes
// steps, StepperRests.cpp does what stands between steps.
#pragma once

#include "runtime/Clock.h"
#include "runtime/Sequence.h"
#include "runtime/Stepper.h"

namespace bregman {

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
  Status publishAt(Moment now, std::span<const TensorRef> tensors);

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
  std::string title() const {
    return "method `" + method->quantizer + "` by `" + method->optimizer + "`";
  }
  /// An error after the title.
  Error refuse(const std::string &message, ErrorKind kind = ErrorKind::Usage) const {
    return {kind, title() + message};
  }
  /// What is no step would leave its kernels in a graph, without their numbers.
  Status refuseCapture(std::span<const TensorRef> tensors, const char *what) const;
  Result<bool> captures(std::span<const TensorRef> tensors) const;
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

} // namespace bregman
