// A small network in two branches, and the data that it is trained on, the same each time.
#pragma once

#include "frontend/torch/Constrained.h"
#include "frontend/torch/Layer.h"

#include <gmock/gmock.h>
#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/utils.h>

namespace bregman::testing {

struct NetImpl : torch::nn::Module {
  bregman::Linear fc1{torch::nn::LinearOptions(6, 8).bias(false)}, fc2{8, 3};
  torch::nn::BatchNorm1d bn{8};
  NetImpl() {
    register_module("fc1", fc1);
    register_module("bn", bn);
    register_module("fc2", fc2);
  }
  at::Tensor forward(const at::Tensor &x) { return fc2(bn(fc1(x)).relu_()); }
};
TORCH_MODULE(Net);

struct Branches {
  std::shared_ptr<const Program> program;
  Net low, high;
  at::Tensor x, y;
  double lastLoss = 0;

  explicit Branches(const std::string &plan)
      : program(std::make_shared<const Program>(unwrap(Program::parse("net.breg", plan)))),
        low(nullptr), high(nullptr) {
    at::set_num_threads(1);
    torch::manual_seed(3);
    low = Net();
    high = Net();
    x = torch::randn({32, 6});
    y = torch::randint(3, {32}, at::kLong);
  }

  OptimizerOptions options(int64_t stepsPerEpoch = 4) const {
    return OptimizerOptions().stepsPerEpoch(stepsPerEpoch).threads(1);
  }
  Constrained attach(int64_t stepsPerEpoch = 4) {
    return Constrained(*high, *low, program, options(stepsPerEpoch));
  }

  double objective(Constrained &training) {
    torch::NoGradGuard noGrad;
    at::Tensor h = high->forward(x), l = low->forward(x);
    return torch::nn::functional::cross_entropy(training.branch(h, l), y).item<double>();
  }

  /// One step on all the data; the objective before it.
  double trainStep(Constrained &training) {
    training.zero_grad();
    at::Tensor h = high->forward(x), l = low->forward(x);
    at::Tensor objective = torch::nn::functional::cross_entropy(training.branch(h, l), y);
    at::Tensor loss = training.loss(objective, h, l);
    loss.backward();
    training.step();
    lastLoss = loss.item<double>();
    return objective.item<double>();
  }

  void ascend(Constrained &training) {
    DualAscent pass(training);
    pass.add(high->forward(x), low->forward(x));
    pass.finish();
  }
};

} // namespace bregman::testing
