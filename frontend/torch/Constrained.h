// bregman::Constrained: a plan with `minimize` and `subject to`, trained in two branches.
//
//   auto low = std::make_shared<Net>(), high = std::make_shared<Net>();
//   bregman::Constrained training(*high, *low, program, bregman::OptimizerOptions()...);
//   for each batch:
//     training.zero_grad();
//     auto h = high->forward(x), l = low->forward(x);
//     auto objective = cross_entropy(training.branch(h, l), y);
//     training.loss(objective, h, l).backward();
//     training.step();
//     if (training.due()) {
//       bregman::DualAscent pass(training);              // evaluation mode, no gradients
//       for each batch of the training set:
//         pass.add(high->forward(x), low->forward(x));
//       pass.finish();                                   // l <- max(0, l + rate (mean D - e))
//     }
//
// `low` is the network that is deployed: w and quantized activations. `high` is the float branch,
// an instance of the same network, whose weights are the latents or what `high` says. All
// parameters are shared but those of BatchNorm, of which each branch has its own.
#pragma once

#include "frontend/torch/Optimizer.h"

namespace bregman {

class Watched;

/// A multiplier: of a module that a constraint names, or of the output.
struct Multiplier {
  std::string name; ///< of the module, or "output"; numbered where several have one: "conv1#2"
  double value = 0;
  double bound = 0;     ///< of the mean distance, in force at the last period
  double distance = 0;  ///< its mean over the last evaluation pass; NaN before the first
  int constraint = 0;   ///< which of the plan's
  std::string location; ///< of the constraint
};

class BREGMAN_API Constrained {
public:
  /// The plan that `options` choose. Both networks begin with low's parameters.
  Constrained(torch::nn::Module &high, torch::nn::Module &low,
              std::shared_ptr<const Program> program, OptimizerOptions options = {});
  /// The plan and the compilers given; `activations` are of `low`.
  Constrained(torch::nn::Module &high, torch::nn::Module &low, Plan plan, MethodSource source,
              OptimizerOptions options = {}, Activations activations = {});
  Constrained(Constrained &&);
  ~Constrained();
  Constrained(const Constrained &) = delete;
  Constrained &operator=(const Constrained &) = delete;

  Optimizer &optimizer();
  void zero_grad();
  void step();

  bool minimizesHigh() const;
  /// What the objective is computed of: the output of the branch that the plan minimizes.
  at::Tensor branch(const at::Tensor &high, const at::Tensor &low) const;
  /// objective + sum l (D - e), of the outputs of both networks on one batch. The modules' part is
  /// of the last forward of `low`, hence call this before another one.
  at::Tensor loss(const at::Tensor &objective, const at::Tensor &high, const at::Tensor &low);

  /// Whether the last step has ended the period of a constraint, and its multiplier has not moved
  /// since.
  bool due() const;
  /// In the order of the plan, then of the modules.
  const std::vector<Multiplier> &multipliers() const;

  /// The optimizer's, and the multipliers. Save both modules too.
  void save(torch::serialize::OutputArchive &archive) const;
  void load(torch::serialize::InputArchive &archive);

private:
  friend class DualAscent;
  struct Impl;
  std::unique_ptr<Impl> impl;
};

/// One pass over the training set that moves the multipliers that are due. While it lives both
/// networks are in evaluation mode and nothing has gradients. Without `finish` nothing moves.
class BREGMAN_API DualAscent {
public:
  explicit DualAscent(Constrained &training);
  ~DualAscent();
  DualAscent(const DualAscent &) = delete;
  DualAscent &operator=(const DualAscent &) = delete;

  /// The outputs of both networks on one batch; batches count by their length.
  void add(const at::Tensor &high, const at::Tensor &low);
  void finish();

private:
  Constrained::Impl &impl;
  bool highTrains, lowTrains, gradients;
  std::vector<double> sums;
  double count = 0;
};

} // namespace bregman
