// What a user tells the optimizer: the run (OptimizerOptions) and a group's learning rate
// (GroupOptions, which LibTorch's schedulers see).
#pragma once

#include "runtime/Stepper.h"

#include <torch/arg.h>
#include <torch/optim/optimizer.h>

namespace bregman {

/// The run as far as a spec may ask for it, and how to compute. All have defaults; a spec that
/// needs what is not given is refused with a message that says what to give.
class BREGMAN_API OptimizerOptions {
public:
  /// Optimizer steps in an epoch. Needed by specs and plans that mention `epoch`.
  TORCH_ARG(int64_t, stepsPerEpoch) = 0;
  /// The run's length in epochs, or in steps. One follows from the other.
  TORCH_ARG(double, epochs) = 0;
  TORCH_ARG(int64_t, steps) = 0;
  /// The plan to follow, by name; needed where the file has several.
  TORCH_ARG(std::string, plan);
  /// What every parameter gets instead of a plan: `md_tanh_s by adam(lr = 1e-3)`.
  TORCH_ARG(std::string, use);
  /// What the loss was multiplied by before `backward`: gradients are divided by it again, and a
  /// step with a gradient that is not finite is left out. 0: the loss is not scaled.
  TORCH_ARG(double, lossScale) = 0;
  /// All gradients, taken as one vector after that division, are shortened to this length. 0: not.
  TORCH_ARG(double, clipNorm) = 0;
  /// Of the numbers that a spec draws by `random()`. A run that goes on keeps its own.
  TORCH_ARG(uint64_t, seed) = 0;
  /// Threads of a step; 0: as many as LibTorch uses.
  TORCH_ARG(int, threads) = 0;
  /// Lets GPUs approximate f32 arithmetic, weights' and activations': sums of products are rounded
  /// once, quotients, exp, sigmoid and tanh are off by the bounds of docs/cuda.md, and the bits are
  /// no longer the CPU's. All that is trained lies on CUDA devices then; what does not is refused.
  TORCH_ARG(bool, fast) = false;

public:
  /// The same with what follows filled in.
  Timing timing() const;
};

/// The options of one param group, which is one line of a plan. The learning rate is the line's
/// `lr`; a scheduler may change it unless the line computes it from the counters.
class BREGMAN_API GroupOptions : public torch::optim::OptimizerCloneableOptions<GroupOptions> {
public:
  // LibTorch makes empty options from a number when it reads an archive.
  explicit GroupOptions(double lr = 0) : lr_(lr) {}
  TORCH_ARG(double, lr);

public:
  void serialize(torch::serialize::InputArchive &archive) override;
  void serialize(torch::serialize::OutputArchive &archive) const override;
  double get_lr() const override { return lr(); }
  void set_lr(const double lr) override { this->lr(lr); }
};

} // namespace bregman
