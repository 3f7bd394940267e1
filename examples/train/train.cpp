// A LibTorch program whose network gets 1-bit weights, or 4-bit weights and activations: the plan
// says it. The four lines that Bregman adds are marked, besides the places where activations may be
// quantized.
//   train-example PLAN
// The task: of points in the plane, which lie on the inner and which on the outer of two rings.
#include "frontend/torch/Optimizer.h"

#include <torch/torch.h>

#include <cstdio>

struct Net : torch::nn::Module {
  Net() {
    using namespace torch::nn;
    // BatchNorm behind 1-bit weights has no scale of its own to learn.
    auto norm = [] { return BatchNorm1d(BatchNorm1dOptions(64).affine(false)); };
    hidden->push_back(Linear(LinearOptions(2, 64).bias(true)));
    hidden->push_back(norm());
    hidden->push_back(ReLU());
    hidden->push_back(bregman::Activation());
    hidden->push_back(Linear(LinearOptions(64, 64).bias(false)));
    hidden->push_back(norm());
    hidden->push_back(ReLU());
    hidden->push_back(bregman::Activation());
    register_module("hidden", hidden);
    register_module("out", out);
  }
  torch::Tensor forward(torch::Tensor x) { return out(hidden->forward(x)); }
  torch::nn::Sequential hidden;
  torch::nn::Linear out{64, 2};
};

/// n points with noise, and the ring of each.
static std::pair<torch::Tensor, torch::Tensor> rings(int64_t n) {
  torch::Tensor label = torch::randint(2, {n}, torch::kLong);
  torch::Tensor radius = 1 + label + 0.15 * torch::randn(n);
  torch::Tensor angle = 2 * M_PI * torch::rand(n);
  return {torch::stack({radius * angle.cos(), radius * angle.sin()}, 1), label};
}

static double accuracy(Net &net) {
  torch::NoGradGuard noGrad;
  torch::manual_seed(2);
  auto [points, label] = rings(2000);
  net.eval();
  double right = net.forward(points).argmax(1).eq(label).to(torch::kDouble).mean().item<double>();
  net.train();
  return 100 * right;
}

int main(int argc, char **argv) try {
  if (argc != 2) {
    std::fprintf(stderr, "usage: train-example PLAN\n");
    return 2;
  }
  torch::manual_seed(1);
  auto net = std::make_shared<Net>();
  const int64_t steps = 600;
  auto program = bregman::load(argv[1]);                                                 // 1
  bregman::Optimizer optimizer(*net, program, bregman::OptimizerOptions().steps(steps)); // 2
  for (int64_t step = 0; step < steps; ++step) {
    auto [points, label] = rings(128);
    optimizer.zero_grad();
    torch::nn::functional::cross_entropy(net->forward(points), label).backward();
    optimizer.step(); // 3
  }
  std::printf("soft      %.1f %%\n", accuracy(*net));
  optimizer.finalize(); // 4
  std::printf("hardened  %.1f %%\n", accuracy(*net));
  for (const bregman::NamedParameter &quantized : optimizer.quantized())
    std::printf("%s has levels from %g to %g\n", quantized.name.c_str(),
                quantized.tensor.min().item<double>(), quantized.tensor.max().item<double>());
  for (const bregman::NamedParameter &learned : optimizer.learned())
    std::printf("%s is %g\n", learned.name.c_str(), learned.tensor.item<double>());
} catch (const bregman::Exception &error) {
  std::fprintf(stderr, "%s\n", error.what());
  return int(error.kind());
}
