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

/// A network's values at one moment: its weights soft and hardened, and its buffers.
struct Snapshot {
  std::vector<at::Tensor> soft, hard, buffers;
  bool empty() const { return soft.empty() && buffers.empty(); }
};

/// Puts a snapshot's buffers and its soft or hard weights into the network. Throws an Exception of
/// kind Input where they are not of its shape.
void apply(const Snapshot &snapshot, bool hard, Network &network);

} // namespace bregman::train
