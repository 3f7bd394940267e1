// The same task by constrained training: a float branch is trained, and a low-bit one is held close
// to it, at the hidden layer and at the output.
//   constrained-example PLAN
#include "frontend/torch/Constrained.h"
#include "frontend/torch/Layer.h"

#include <torch/torch.h>

#include <cstdio>

struct Net : torch::nn::Module {
  Net() {
    register_module("first", first);
    register_module("hidden", hidden);
    register_module("norm", norm);
    register_module("out", out);
  }
  torch::Tensor forward(torch::Tensor x) { return out(norm(hidden(first(x).relu())).relu()); }
  torch::nn::Linear first{2, 64};
  bregman::Linear hidden{torch::nn::LinearOptions(64, 64).bias(false)}; // a constraint names it
  torch::nn::BatchNorm1d norm{64};
  torch::nn::Linear out{64, 2};
};

/// Points on two rings with noise, and the ring of each.
static std::pair<torch::Tensor, torch::Tensor> rings(int64_t n) {
  torch::Tensor label = torch::randint(2, {n}, torch::kLong);
  torch::Tensor radius = 1 + label + 0.15 * torch::randn(n);
  torch::Tensor angle = 2 * M_PI * torch::rand(n);
  return {torch::stack({radius * angle.cos(), radius * angle.sin()}, 1), label};
}

int main(int argc, char **argv) try {
  if (argc != 2) {
    std::fprintf(stderr, "usage: constrained-example PLAN\n");
    return 2;
  }
  torch::manual_seed(1);
  auto [points, labels] = rings(2000);
  auto low = std::make_shared<Net>(), high = std::make_shared<Net>();
  auto program = bregman::load(argv[1]);
  bregman::OptimizerOptions options;
  bregman::Constrained training(*high, *low, program, options);
  for (int64_t step = 0; step < 600; ++step) {
    auto batch = torch::randint(2000, {128}, torch::kLong);
    torch::Tensor x = points.index_select(0, batch), y = labels.index_select(0, batch);
    training.zero_grad();
    torch::Tensor h = high->forward(x), l = low->forward(x);
    torch::Tensor objective = torch::nn::functional::cross_entropy(training.branch(h, l), y);
    training.loss(objective, h, l).backward();
    training.step();
    if (training.due()) {
      bregman::DualAscent pass(training);
      for (const torch::Tensor &images : points.split(500))
        pass.add(high->forward(images), low->forward(images));
      pass.finish();
    }
  }
  for (const bregman::Multiplier &multiplier : training.multipliers())
    std::printf("%s: multiplier %.3f, distance %.3f, bound %.3f\n", multiplier.name.c_str(),
                multiplier.value, multiplier.distance, multiplier.bound);
  training.optimizer().finalize();
  torch::NoGradGuard noGrad;
  low->eval();
  auto right = low->forward(points).argmax(1).eq(labels).to(torch::kDouble).mean();
  std::printf("hardened: %.1f %%\n", 100 * right.item<double>());
} catch (const bregman::Exception &error) {
  std::fprintf(stderr, "%s\n", error.what());
  return int(error.kind());
}
