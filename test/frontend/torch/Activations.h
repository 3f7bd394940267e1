// Networks with activations, for tests.
#pragma once

#include "frontend/torch/Activation.h"
#include "test/frontend/torch/HandMethods.h"

#include <ATen/ATen.h>
#include <torch/nn/modules/linear.h>
#include <torch/utils.h>

namespace bregman::testing {

/// Quantizers that tests use beside the library's.
inline const char *const activationSpecs = R"(
quantizer lsq_channel {
  learn   s per channel in [1e-8, inf] = 2 * mean(abs(x) per channel)
          scaled 1 / sqrt(sum(1 per channel))
  let     z = clamp(x / s, -2, 1)
  levels  s * [-2 .. 1]
  project w = s * ste(round(z), z)
  update  chain
}
quantizer token_max {
  let     s = max(abs(x) per token) / 7
  levels  s * [-7 .. 7]
  project w = s * ste(round(x / s), x / s)
  update  chain
}
quantizer channel_mean {
  levels  {-1, 1}
  project w = tanh(x / mean(abs(x) per channel))
  update  chain
}
)";

/// A plan in which the module `act` is quantized by `use` and everything else is left alone.
inline std::string planOf(const std::string &use) {
  return std::string(activationSpecs) + "plan {\n  activations \"act\" : " + use +
         "\n  else : float by sgd(lr = 0.1)\n}\n";
}

inline std::shared_ptr<const Program> parse(const std::string &text) {
  return std::make_shared<const Program>(unwrap(Program::parse("net.breg", text)));
}

/// A layer and an activation.
struct OneImpl : torch::nn::Module {
  torch::nn::Linear fc{3, 3};
  Activation act;
  OneImpl() {
    register_module("fc", fc);
    register_module("act", act);
  }
};
struct One : std::shared_ptr<OneImpl> {
  One() : std::shared_ptr<OneImpl>(std::make_shared<OneImpl>()) {}
};

inline double largestDifference(const at::Tensor &a, const at::Tensor &b) {
  return a.numel() ? (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>() : 0;
}

} // namespace bregman::testing
