// The base optimizers against LibTorch's own, each that it has, on a network.
#include "test/frontend/torch/Task.h"

#include <torch/optim/adagrad.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/rmsprop.h>
#include <torch/optim/schedulers/step_lr.h>
#include <torch/optim/sgd.h>

using namespace bregman;
using namespace bregman::testing;

namespace {

/// Trains by ours and by LibTorch's and compares the weights.
void compare(const std::string &use,
             std::unique_ptr<torch::optim::Optimizer> theirs(std::vector<at::Tensor>)) {
  Task a, b;
  Optimizer ours(*a.net, use);
  auto reference = theirs(b.net->parameters());
  torch::optim::StepLR ourSchedule(ours, 50, 0.5), theirSchedule(*reference, 50, 0.5);
  a.steps(ours, 200, &ourSchedule);
  b.steps(*reference, 200, &theirSchedule);
  std::vector<float> left = a.weights(), right = b.weights();
  for (size_t i = 0; i < left.size(); ++i)
    ASSERT_NEAR(left[i], right[i], 2e-5 * (1 + std::fabs(right[i]))) << use << ", weight " << i;
}

} // namespace

TEST(AgainstLibTorch, Sgd) {
  compare("float by sgd(lr = 0.05, weight_decay = 0.01)", [](std::vector<at::Tensor> p) {
    return std::unique_ptr<torch::optim::Optimizer>(
        new torch::optim::SGD(p, torch::optim::SGDOptions(0.05).weight_decay(0.01)));
  });
}

TEST(AgainstLibTorch, Momentum) {
  compare("float by momentum(lr = 0.02, mu = 0.9, weight_decay = 0.01)",
          [](std::vector<at::Tensor> p) {
            return std::unique_ptr<torch::optim::Optimizer>(new torch::optim::SGD(
                p, torch::optim::SGDOptions(0.02).momentum(0.9).weight_decay(0.01)));
          });
}

TEST(AgainstLibTorch, Nesterov) {
  compare("float by nesterov(lr = 0.02, mu = 0.8)", [](std::vector<at::Tensor> p) {
    return std::unique_ptr<torch::optim::Optimizer>(
        new torch::optim::SGD(p, torch::optim::SGDOptions(0.02).momentum(0.8).nesterov(true)));
  });
}

TEST(AgainstLibTorch, Adam) {
  compare("float by adam(lr = 0.01, beta1 = 0.8, weight_decay = 0.01)",
          [](std::vector<at::Tensor> p) {
            return std::unique_ptr<torch::optim::Optimizer>(new torch::optim::Adam(
                p, torch::optim::AdamOptions(0.01).betas({0.8, 0.999}).weight_decay(0.01)));
          });
}

TEST(AgainstLibTorch, AdamW) {
  compare("float by adamw(lr = 0.01, weight_decay = 0.1)", [](std::vector<at::Tensor> p) {
    return std::unique_ptr<torch::optim::Optimizer>(
        new torch::optim::AdamW(p, torch::optim::AdamWOptions(0.01).weight_decay(0.1)));
  });
}

TEST(AgainstLibTorch, RmsProp) {
  compare("float by rmsprop(lr = 0.003, alpha = 0.9, weight_decay = 0.01)",
          [](std::vector<at::Tensor> p) {
            return std::unique_ptr<torch::optim::Optimizer>(new torch::optim::RMSprop(
                p, torch::optim::RMSpropOptions(0.003).alpha(0.9).weight_decay(0.01)));
          });
}

TEST(AgainstLibTorch, Adagrad) {
  compare("float by adagrad(lr = 0.05, lr_decay = 0.01, weight_decay = 0.01)",
          [](std::vector<at::Tensor> p) {
            return std::unique_ptr<torch::optim::Optimizer>(new torch::optim::Adagrad(
                p, torch::optim::AdagradOptions(0.05).lr_decay(0.01).weight_decay(0.01)));
          });
}
