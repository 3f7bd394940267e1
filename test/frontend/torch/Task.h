// A small network and the data that it is trained on.
#pragma once

#include "test/frontend/torch/HandMethods.h"

#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/schedulers/lr_scheduler.h>
#include <torch/utils.h>

namespace bregman::testing {

/// The same each time.
struct Task {
  torch::nn::Sequential net;
  at::Tensor x, y;
  Task() {
    at::set_num_threads(1);
    torch::manual_seed(1);
    // One after the other: compilers differ in the order in which they evaluate arguments.
    torch::nn::Linear first(5, 19), second(19, 3);
    net = torch::nn::Sequential(first, torch::nn::Tanh(), second);
    x = torch::randn({64, 5});
    y = torch::randn({64, 3});
    // Wide enough for every level to be somebody's.
    for (at::Tensor &p : net->parameters())
      p.detach().mul_(3);
  }
  void steps(torch::optim::Optimizer &optimizer, int n,
             torch::optim::LRScheduler *scheduler = nullptr) {
    for (int k = 0; k < n; ++k) {
      optimizer.zero_grad();
      torch::nn::functional::mse_loss(net->forward(x), y).backward();
      optimizer.step();
      if (scheduler)
        scheduler->step();
    }
  }
  std::vector<float> weights() const {
    std::vector<float> all;
    for (const at::Tensor &p : net->parameters())
      for (float value : values(p))
        all.push_back(value);
    return all;
  }
};

} // namespace bregman::testing
