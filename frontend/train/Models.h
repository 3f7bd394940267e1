// The networks that a run can train.
#pragma once

#include <torch/nn/module.h>

namespace bregman::train {

class Network : public torch::nn::Module {
public:
  /// [n, channels, height, width] to logits [n, classes].
  virtual at::Tensor forward(at::Tensor images) = 0;
};

/// mlp, lenet300, lenet5, resnet8, resnet10.
std::vector<std::string> modelNames();

/// A network with fresh weights from LibTorch's generator: Glorot's uniform distribution for
/// weights, 0 for biases. But in the residual networks BatchNorm has no scale and no shift of its
/// own, and logits are divided by the square root of their fan-in: with weights of +-1 both are
/// needed (the scale and shift would be weights of one bit themselves, and the logits would be far
/// too large for the loss). Throws an Exception of kind Usage for images that the network does not
/// take.
std::shared_ptr<Network> makeModel(const std::string &name, at::IntArrayRef imageSize,
                                   int64_t classes);

} // namespace bregman::train
