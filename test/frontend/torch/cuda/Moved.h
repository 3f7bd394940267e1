// A small network on any device, whose gradients are given and not computed: what two devices make
// of the same gradients is compared bit by bit.
#pragma once

#include "frontend/torch/Optimizer.h"

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>
#include <torch/utils.h>

#include <bit>
#include <gtest/gtest.h>

namespace bregman::testing {

inline OptimizerOptions run() { return OptimizerOptions().stepsPerEpoch(2).steps(20).seed(3); }

struct Moved {
  torch::nn::Sequential net;

  explicit Moved(c10::Device device) {
    at::set_num_threads(1);
    torch::manual_seed(1);
    net = torch::nn::Sequential(torch::nn::Linear(5, 19), torch::nn::Linear(19, 3));
    c10::AutoGradMode noGrad(false);
    for (at::Tensor &parameter : net->parameters())
      parameter.mul_(3);
    net->to(device);
  }
  /// Each parameter elsewhere: the first stays, the others are on the two devices in turn.
  void moveSome(c10::Device a, c10::Device b) {
    std::vector<at::Tensor> parameters = net->parameters();
    for (size_t i = 1; i < parameters.size(); ++i)
      parameters[i].set_data(parameters[i].data().to(i % 2 ? a : b));
  }
  /// The gradients of step `k`, the same on every device, and a step.
  void step(torch::optim::Optimizer &optimizer, int k) {
    giveGradients(k);
    optimizer.step();
  }
  void giveGradients(int k) {
    torch::manual_seed(uint64_t(k) + 100);
    for (at::Tensor &parameter : net->parameters())
      parameter.mutable_grad() = at::randn(parameter.sizes()).to(parameter.options());
  }
  std::vector<uint32_t> weights() const { return bitsOf(net->parameters()); }
  /// All that the optimizer keeps, in the order of the parameters.
  std::vector<uint32_t> stored(const Optimizer &optimizer) const {
    std::vector<at::Tensor> all;
    for (const at::Tensor &parameter : net->parameters()) {
      const auto &state = *optimizer.state().at(parameter.unsafeGetTensorImpl());
      for (const at::Tensor &tensor : static_cast<const ParameterState &>(state).stored) {
        EXPECT_EQ(tensor.device(), parameter.device());
        all.push_back(tensor);
      }
    }
    return bitsOf(all);
  }

private:
  static std::vector<uint32_t> bitsOf(const std::vector<at::Tensor> &tensors) {
    std::vector<uint32_t> bits;
    for (const at::Tensor &tensor : tensors) {
      at::Tensor host = tensor.detach().cpu().to(at::kFloat).contiguous();
      const float *values = host.const_data_ptr<float>();
      for (int64_t i = 0; i < host.numel(); ++i)
        bits.push_back(std::bit_cast<uint32_t>(values[i]));
    }
    return bits;
  }
};

} // namespace bregman::testing
