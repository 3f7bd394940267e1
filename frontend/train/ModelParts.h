// What the built-in networks are made of.
#pragma once

#include "frontend/torch/Layer.h"

#include <torch/nn/modules/batchnorm.h>

#include <cmath>

namespace bregman::train {

namespace nn = torch::nn;

// BatchNorm takes any constant away again, so that the layer before it needs no bias.
inline Linear linear(int64_t in, int64_t out) {
  return Linear(nn::LinearOptions(in, out).bias(false));
}
inline nn::BatchNorm1d norm(int64_t width) {
  return nn::BatchNorm1d(nn::BatchNorm1dOptions(width).affine(false));
}
inline nn::BatchNorm2d norm2d(int64_t width, bool affine = false) {
  return nn::BatchNorm2d(nn::BatchNorm2dOptions(width).affine(affine));
}
/// Padded, so that images keep their size but for the stride.
inline Conv2d conv(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  return Conv2d(nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}

/// The last layer: logits over the square root of their fan-in, and a bias.
class ScaledLinear : public nn::Module {
public:
  ScaledLinear(int64_t in, int64_t classes)
      : weight(register_parameter("weight", at::empty({classes, in}))),
        bias(register_parameter("bias", at::zeros({classes}))), scale(1 / std::sqrt(double(in))) {}
  at::Tensor forward(const at::Tensor &x) { return at::linear(x.mul(scale), weight, bias); }

private:
  at::Tensor weight, bias;
  double scale;
};
using LogitsImpl = Layer<ScaledLinear>;
TORCH_MODULE(Logits);

} // namespace bregman::train
