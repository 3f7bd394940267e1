// Loss and accuracy of a network on a split.
#pragma once

#include "frontend/train/Dataset.h"
#include "frontend/train/Models.h"

namespace bregman::train {

struct Evaluation {
  double loss = 0;     ///< mean cross-entropy, natural logarithm
  double accuracy = 0; ///< fraction of images whose largest logit is the right one
};

/// In evaluation mode, without gradients; the network is left in the mode it was in.
Evaluation evaluate(Network &network, const Split &split);

/// A network's values at one moment: its weights and its BatchNorms' statistics, soft and hardened.
struct Snapshot {
  std::vector<at::Tensor> soft, hard, buffers, hardBuffers;
  bool empty() const { return soft.empty() && buffers.empty(); }
};

/// BatchNorm's mean and variance anew, as averages over `batches` batches of 500 training images.
/// Hardening changes the scale of what goes into a BatchNorm as long as the weights are not
/// saturated, so that the statistics of training are not the hardened network's.
void recalibrate(Network &network, const Split &train, int64_t batches);

/// Puts a snapshot's soft or hard half into the network. Throws an Exception of
/// kind Input where they are not of its shape.
void apply(const Snapshot &snapshot, bool hard, Network &network);

} // namespace bregman::train
