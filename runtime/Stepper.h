// Stepper: drives one method over a group of tensors through the five phases of a step. It owns
// the clock and the host scalars; the caller owns the memory. LibTorch's optimizer and `trace`
// are both thin layers over it.
#pragma once

#include "runtime/Method.h"

#include <optional>
#include <span>

namespace bregman {

/// What of the run a method may ask for. Zero means unknown. Of `steps` and `epochs` one follows
/// from the other, rounded up, where stepsPerEpoch is known.
struct Timing {
  int64_t stepsPerEpoch = 0;
  int64_t steps = 0;
  double epochs = 0;

  /// How each is given where it is missing, for messages: a program's flags, a library's options.
  struct Remedies {
    const char *stepsPerEpoch = "Timing::stepsPerEpoch";
    const char *steps = "Timing::steps";
    const char *epochs = "Timing::epochs";
  } remedies = {};

  /// The error that `what`, as "method `q` by `sgd` reads `epoch`", asks for what is not known.
  /// Nothing where `counter`, one of epoch, steps and epochs, is known.
  [[nodiscard]] BREGMAN_API Status missing(const std::string &counter,
                                           const std::string &what) const;
};

/// One tensor of the group. `stored` has one address per entry of Method::stored, each of
/// planes * count(size, channels) floats, plane by plane.
struct TensorRef {
  int64_t size = 0;
  void *weight = nullptr;         ///< the parameter: w between steps
  const void *gradient = nullptr; ///< dL/dw; null: the tensor is only published anew
  std::vector<float *> stored;
  /// The length of axis 0, where a tensor of one axis has one weight per channel.
  int64_t channels = 1;
  /// What tells its random numbers from another tensor's, such as a hash of its name.
  uint32_t parameter = 0;
  /// Of constrained training: the weight of the float branch and dL/d of it. `gradient` is then
  /// that of the low branch's weight; both are there or neither is.
  void *high = nullptr;
  const void *highGradient = nullptr;
};

class BREGMAN_API Stepper {
public:
  /// Fails where the method reads a counter (epoch, steps, epochs) that `timing` leaves unknown,
  /// where a parameter lies outside its declared range, and, as our bug, where the parts of the
  /// method do not fit together.
  static Result<Stepper> create(std::shared_ptr<const Method> method, Timing timing,
                                int threads = 1);

  Stepper(Stepper &&);
  Stepper &operator=(Stepper &&);
  ~Stepper();

  const Method &method() const;

  /// A parameter's value from now on. Fails outside its range or for an unknown name. One of the
  /// optimizer, `optimizer.lr`, goes to the learned values as well, except where theirs,
  /// `s.optimizer.lr`, has been made another.
  Status set(const std::string &parameter, double value);
  /// NaN for an unknown name.
  double get(const std::string &parameter) const;
  /// The number of completed steps, and the t of the coming one of each of Method::optimizers().
  int64_t step() const;
  const std::vector<int64_t> &t() const;
  /// Goes on where a checkpoint was taken; set the parameters first. Without `frozen` (what
  /// frozen() said then) it is found by asking `freeze` at every step up to there.
  /// Without `hostStates` those are what they are after as many steps without a reset.
  void restore(int64_t step, std::vector<int64_t> t, std::optional<bool> frozen = std::nullopt,
               std::optional<std::vector<double>> hostStates = std::nullopt);
  /// The states of the run at present, in the order of Method::hostStates.
  const std::vector<double> &hostStates() const;
  /// What the numbers of `random()` follow from, with the step, TensorRef::parameter and the index;
  /// 0 unless it is set before attach. A run that goes on has to be given the same.
  void setSeed(uint64_t seed);
  uint64_t seed() const;
  /// The stream of the device on which everything from now on is done; null, the default one, at
  /// first. On the host it means nothing.
  void setStream(void *stream);

  // Each of these fails, before it touches any tensor, where a host scalar is not finite in f32, or
  // one that the projection needs above 0 is not (Q11). The parameters decide that, hence not
  // create. On a device they may fail of that as well: first all is prepared that kernels can be
  // short of, which touches no tensor either, and then run. Who drives several steppers prepares
  // them all before it runs any.

  /// Latents and states from w0, which the parameters hold; then w_0 is published. Checks Q11 for
  /// the whole run: each of its steps where the totals are known (past 2^20 of them, samples), else
  /// samples of 10^7 steps. The message names the first bad step.
  [[nodiscard]] Status attach(std::span<const TensorRef> tensors);
  [[nodiscard]] Status prepareAttach(std::span<const TensorRef> tensors);
  [[nodiscard]] Status runAttach();
  /// One whole step; afterwards the parameters hold the next forward's w. Where it failed it is not
  /// counted, and asked again it goes on with the kernels that have not run.
  [[nodiscard]] Status advance(std::span<const TensorRef> tensors);
  [[nodiscard]] Status prepareAdvance(std::span<const TensorRef> tensors);
  [[nodiscard]] Status runAdvance();
  /// Whether a step has failed when it had moved something: the tensors are between two steps.
  bool isBetweenSteps() const;

  // A step in a captured graph. While the stream captures one, advance() leaves in it the kernels
  // that every step runs; nothing is done or counted yet. Each replay then stands between two
  // calls. The graph keeps the tensors' addresses, and the stepper has to outlive it.

  /// Gives the graph the numbers of the coming step. Fails where no step was captured and where the
  /// method has come to freeze.
  [[nodiscard]] Status prepareReplay(std::span<const TensorRef> tensors);
  /// Does what stands behind the kernels of a step, as blocks `every N steps` that are due, and
  /// counts the step. Where it failed it can be asked again.
  [[nodiscard]] Status finishReplay(std::span<const TensorRef> tensors);
  /// Whether the stream captures a graph.
  Result<bool> captures(std::span<const TensorRef> tensors) const;

  /// The states of these of Method::optimizers(), by index, to their initial values, and their t to
  /// 1 (`reset every`).
  [[nodiscard]] Status resetStates(std::span<const TensorRef> tensors,
                                   std::span<const size_t> optimizers);
  /// The same of all of them.
  [[nodiscard]] Status resetStates(std::span<const TensorRef> tensors);
  /// w from the latents at the present step, as after a load.
  [[nodiscard]] Status publish(std::span<const TensorRef> tensors);
  /// The final levels into the parameters; nothing where the method has no `final`.
  [[nodiscard]] Status finalize(std::span<const TensorRef> tensors);
  /// Whether `freeze` has come to hold.
  bool frozen() const;

  /// The schedules' values at the present step, in textual order.
  std::vector<double> scheduleValues() const;

private:
  Stepper();
  struct State;
  std::unique_ptr<State> state;
};

} // namespace bregman
