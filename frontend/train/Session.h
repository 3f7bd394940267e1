// A network, its optimizer and the stream of batches: what makes one training step.
#pragma once

#include "frontend/torch/Levels.h"
#include "frontend/train/DeviceChoice.h"
#include "frontend/train/Evaluate.h"
#include "frontend/train/MethodChoice.h"

#include <span>

namespace bregman::train {

/// Where the time of training steps went, in seconds.
struct StepTimes {
  int64_t steps = 0;
  double all = 0, optimizer = 0;
};

/// The run's length and rhythm on this data.
OptimizerOptions optimizerOptions(const RunOptions &options, const Dataset &data);

class Session {
public:
  /// Fresh weights from the run's seed, attached.
  Session(const RunOptions &options, const Dataset &data,
          const std::function<MethodChoice(const Network &)> &choose);

  /// One step on the next batch; its loss. The order of the images follows from seed and epoch.
  double step();
  int64_t steps() const { return done; }
  int64_t totalSteps() const { return total; }
  int64_t stepsPerEpoch() const { return perEpoch; }
  bool finished() const { return done >= total; }

  Network &network() { return *net; }
  Optimizer &optimizer() { return training ? training->optimizer() : *opt; }
  /// Of constrained training, else none.
  std::span<const Multiplier> multipliers() const;
  const MethodChoice &method() const { return choice; }
  const StepTimes &times() const { return spent; }

  /// The values of this moment, hardened too; the network is left as it was.
  Snapshot snapshot();

  /// What a checkpoint needs beside the snapshot, and back. `restore` wants the snapshot too.
  void save(torch::serialize::OutputArchive &archive) const;
  void restore(torch::serialize::InputArchive &archive, const Snapshot &at, int64_t step);

private:
  at::Tensor backward(at::Tensor images, const at::Tensor &labels);
  void moveMultipliers();

  const Dataset &data;
  uint64_t seed;
  c10::Device device;
  int64_t recalibrateBatches;
  int64_t batch, shift, perEpoch = 0, total = 0, done = 0;
  std::shared_ptr<Network> net;
  MethodChoice choice;
  std::unique_ptr<Optimizer> opt;
  /// Constrained training: the float branch beside the network, and what trains both.
  std::shared_ptr<Network> high;
  std::unique_ptr<Constrained> training;
  at::Tensor order; ///< of the images in the present epoch
  int64_t orderEpoch = -1;
  StepTimes spent;
};

} // namespace bregman::train
