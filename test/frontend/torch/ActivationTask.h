// A small net with activations, and a task that it learns.
#pragma once

#include "test/frontend/torch/Activations.h"

#include <torch/nn/functional/loss.h>

namespace bregman::testing {

/// Two layers with an activation each, learning a fixed task.
struct NetImpl : torch::nn::Module {
  torch::nn::Linear fc1{6, 24}, fc2{24, 16}, out{16, 2};
  Activation act1, act2;
  NetImpl() {
    register_module("fc1", fc1);
    register_module("act1", act1);
    register_module("fc2", fc2);
    register_module("act2", act2);
    register_module("out", out);
  }
  at::Tensor forward(const at::Tensor &x) { return out(act2(fc2(act1(fc1(x).relu())).relu())); }
};

struct Task {
  std::shared_ptr<NetImpl> net;
  at::Tensor x, y;
  Task() {
    at::set_num_threads(1);
    torch::manual_seed(5);
    net = std::make_shared<NetImpl>();
    x = at::randn({96, 6});
    y = at::stack({x.select(1, 0) * x.select(1, 1), x.select(1, 2).abs()}, 1);
  }
  /// The loss of the last of n steps.
  double steps(Optimizer &optimizer, int n) {
    double loss = 0;
    for (int k = 0; k < n; ++k) {
      optimizer.zero_grad();
      at::Tensor value = torch::nn::functional::mse_loss(net->forward(x), y);
      value.backward();
      optimizer.step();
      loss = value.item<double>();
    }
    return loss;
  }
  std::vector<float> everything() const {
    std::vector<float> all;
    for (const at::Tensor &p : net->parameters())
      for (float value : values(p))
        all.push_back(value);
    return all;
  }
};

inline std::shared_ptr<const Program> fourBits() {
  return parse("plan {\n  activations \"act*\" : lsq_act(bits = 4) by momentum(lr = 1e-3)\n"
               "  else : float by adam(lr = 5e-3)\n}\n");
}

/// What is asked of one activation by `use`.
struct Asked {
  One net;
  Optimizer optimizer;
  explicit Asked(const std::string &use) : optimizer(*net, parse(planOf(use))) {}
  at::Tensor operator()(const at::Tensor &x) { return net->act(x); }
};

} // namespace bregman::testing
