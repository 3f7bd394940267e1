// One line of a plan at work on its parameters: what is stored for them, and one Stepper for each
// device, each element type and each choice of optimizers for the learned values.
#pragma once

#include "frontend/torch/Optimizer.h"

#include <c10/core/Device.h>

namespace bregman {

/// One parameter: what is stored for it, and a dense stand-in where its own memory has gaps.
struct Slot {
  NamedParameter parameter;
  int64_t size;                   ///< elements, when the optimizer was made
  uint32_t id;                    ///< of its random numbers
  std::vector<at::Tensor> stored; ///< one per Method::stored, f32, [planes, values], where it lies
  at::Tensor dense;               ///< undefined where the parameter is contiguous
  size_t place = 0;               ///< among the group's parameters
};

/// A learned value that has a line of the plan to itself.
struct LearnedLine {
  std::string value;
  int index; ///< of the line in the plan
  PlanLine line;
};

/// A parameter of a group, and the learned values of it that the group's line does not train.
struct Member {
  NamedParameter parameter;
  std::vector<LearnedLine> learned;
};

class ParameterGroup {
public:
  /// Has all that attaching can be short of, and touches no parameter.
  ParameterGroup(PlanLine line, std::vector<Member> members, MethodSource source,
                 OptimizerOptions options);
  /// The parameters' values are w0; afterwards they hold w_0.
  void attach();

  /// Takes notice of parameters that were empty and no longer are: the learned values of
  /// activations, which start from a batch. Whether there were any.
  bool fill();
  uint64_t seed() const;

  /// The learning rate that the line begins with; 0 for an optimizer that has none.
  double learningRate() const;
  /// Throws what a step would: called for every group first, so that none is half done.
  void check(const GroupOptions &options) const;
  /// The sum of the squares of all gradients that a step would read.
  double squaredGradients() const;
  /// One step on `factor` times the gradients: prepareStep() of every group has all that it can be
  /// short of, and touches no parameter; then comes step(). Where one throws, the next ones go on
  /// with what has not moved yet, until endStep() ends it. `options.lr` is taken before and told
  /// after.
  void prepareStep(const GroupOptions &options, double factor);
  void step(GroupOptions &options);
  void endStep();
  /// Whether a step that failed has moved something: a part is a step ahead of the rest.
  bool isBetweenSteps() const;

  /// The devices of the parameters, and whether LibTorch captures a graph on them.
  std::vector<std::pair<c10::Device, bool>> devices() const;
  /// Leaves the step's kernels in the graph. A replay stands between prepareReplay() and
  /// replayed(), and step() does the rest.
  void capture(const GroupOptions &options);
  void prepareReplay(const GroupOptions &options);
  void replayed();

  void finalize();

  int64_t steps() const { return buckets.empty() ? 0 : buckets.front().stepper.step(); }
  size_t size() const;
  /// Calls f(slot, method) for every parameter.
  void each(const std::function<void(const Slot &, const Method &)> &f) const;
  void schedules(std::vector<std::pair<std::string, double>> &values) const;

  void save(torch::serialize::OutputArchive &archive) const;
  /// Reads and checks the archive, and returns what takes it over.
  std::function<void()> load(torch::serialize::InputArchive &archive);

private:
  struct Bucket {
    c10::Device device;
    ElementType element;
    std::vector<LearnedLine> learned;
    std::shared_ptr<const Method> method;
    Stepper stepper;
    std::vector<Slot> slots;
    enum { Waits, Replayed, Moved, Shown, Done } progress = Waits; ///< of the present step
    std::vector<at::Tensor> gradients = {};                        ///< that had to be made for it
  };

  /// The buckets that differ in their devices alone. An archive knows nothing of devices.
  std::vector<std::vector<Bucket *>> kinds();
  std::vector<std::vector<const Bucket *>> kinds() const;
  Bucket &bucketFor(const Member &member);
  void set(Bucket &bucket, const std::string &parameter, double value);
  void setArguments(Bucket &bucket, bool all);
  void publish(Bucket &bucket);
  void takeNumbers(Bucket &bucket, const GroupOptions &options);
  void resetIfDue(Bucket &bucket);
  void tellLearningRate(GroupOptions &options);
  /// The bucket's tensors, or their dense stand-ins, with `factor` times their gradients, or
  /// without where that is 0.
  std::vector<TensorRef> tensorsOf(Bucket &bucket, double factor);
  /// What follows kernels that have moved them.
  void showMoved(Bucket &bucket);
  /// Runs `f`, which gives a Status, between the two.
  template <typename F> void onTensors(Bucket &bucket, double factor, F f);

  void place(Bucket &bucket, Slot &slot);

  PlanLine line;
  MethodSource source;
  OptimizerOptions options;
  Timing timing;
  std::vector<Bucket> buckets;
  double told = 0; ///< the learning rate that the options were last given
  bool hasLearningRate = false, computesLearningRate = false;
};

} // namespace bregman
