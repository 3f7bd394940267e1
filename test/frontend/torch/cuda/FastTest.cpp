// OptimizerOptions::fast: weights, activations and branches whose arithmetic a GPU approximates, on
// a stand-in whose approximations are as far off as a GPU's may be.
#include "test/frontend/torch/Activations.h"
#include "test/frontend/torch/HandMethods.h"
#include "test/frontend/torch/cuda/Driver.h"
#include "test/frontend/torch/cuda/Moved.h"
#include "test/frontend/torch/cuda/PlacedBranches.h"

#include <torch/serialize.h>

#include <sstream>

using namespace bregman;
using namespace bregman::testing;

namespace {

const c10::Device first = firstDevice, second = lastDevice();

const char *const refusedByStandin = "gives CUDA_ERROR_INVALID_PTX (218)";

class CudaFastOptimizer : public ::testing::Test {
protected:
  void SetUp() override {
    if (isStandin())
      standinApproximate(true);
  }
  void TearDown() override {
    if (isStandin())
      standinApproximate(false);
  }
};

/// A tanh is off by 2^-11 of itself, all else by a few ulp of what it is computed from. Says how
/// many bits differ.
int expectNear(const std::vector<uint32_t> &actual, const std::vector<uint32_t> &wanted) {
  EXPECT_EQ(actual.size(), wanted.size());
  int different = 0;
  for (size_t i = 0; i < std::min(actual.size(), wanted.size()); ++i) {
    auto x = std::bit_cast<float>(actual[i]), w = std::bit_cast<float>(wanted[i]);
    different += x != w;
    EXPECT_NEAR(x, w, 0x1p-11 * std::fabs(w) + 1e-5) << i;
  }
  return different;
}

TEST_F(CudaFastOptimizer, WeightsAreNearTheHosts) {
  for (const char *use : {"md_tanh_s by adam(lr = 1e-3)", "md_softmax_s by adam(lr = 1e-3)"})
    for (c10::Device device : {first, second}) {
      Moved host(torch::kCPU), moved(device);
      Optimizer a(*host.net, use, run()), b(*moved.net, use, run().fast(true));
      for (int k = 0; k < 3; ++k) {
        host.step(a, k);
        moved.step(b, k);
      }
      EXPECT_GT(expectNear(moved.weights(), host.weights()), 0) << use << ": nothing approximate";
      expectNear(moved.stored(b), host.stored(a));
    }
}

// What is saved says nothing of how it was computed.
TEST_F(CudaFastOptimizer, AnExactRunGoesOnWithWhatAFastOneSaved) {
  const std::string use = "md_tanh_s by adam(lr = 1e-3)";
  Moved moved(first), exact(second), host(torch::kCPU);
  Optimizer a(*moved.net, use, run().fast(true)), b(*exact.net, use, run()),
      c(*host.net, use, run());
  for (int k = 0; k < 2; ++k)
    moved.step(a, k);
  std::stringstream saved;
  torch::save(a, saved);
  for (auto [to, optimizer] : {std::pair(&exact, &b), std::pair(&host, &c)}) {
    std::stringstream again(saved.str());
    torch::load(*optimizer, again);
    EXPECT_EQ(to->stored(*optimizer), moved.stored(a));
    to->step(*optimizer, 2);
  }
  EXPECT_EQ(exact.weights(), host.weights());
  EXPECT_EQ(exact.stored(b), host.stored(c));
}

TEST_F(CudaFastOptimizer, ActivationsAreNearTheHosts) {
  auto pass = [](c10::Device device, bool fast) {
    torch::manual_seed(1);
    One net;
    net->to(device);
    Optimizer optimizer(*net, parse(planOf("channel_mean")), run().fast(fast));
    at::Tensor x = (at::randn({5, 3, 7, 3}) * 2).to(device).set_requires_grad(true);
    at::Tensor w = net->act(x);
    w.sum().backward();
    return std::pair(w.detach().cpu(), x.grad().cpu());
  };
  auto [w, gradient] = pass(torch::kCPU, false);
  auto [ofDevice, gradientOfDevice] = pass(second, true);
  EXPECT_FALSE(ofDevice.equal(w)) << "nothing was approximate";
  EXPECT_TRUE(at::allclose(ofDevice, w, 0x1p-11, 1e-5));
  // 1 - w^2, and what comes through the mean.
  EXPECT_TRUE(at::allclose(gradientOfDevice, gradient, 0x1p-10, 2e-3));
}

struct FastBranches : PlacedBranches {
  explicit FastBranches(c10::Device device) : PlacedBranches(outputsAreNear, device) {}
  Constrained attachFast() { return Constrained(*high, *low, program, options().fast(true)); }
};

TEST_F(CudaFastOptimizer, BranchesTrain) {
  if (!isStandin())
    GTEST_SKIP() << "the driver is a real one";
  FastBranches host(torch::kCPU), device(second);
  Constrained onHost = host.attach(), onDevice = device.attachFast();
  double objective = host.trainStep(onHost), ofDevice = device.trainStep(onDevice);
  EXPECT_NEAR(ofDevice, objective, 1e-5) << "that of the float branch";
  host.trainStep(onHost);
  device.trainStep(onDevice);
  at::Tensor weight = host.high->fc1->weight.detach();
  at::Tensor weightOfDevice = device.high->fc1->weight.detach().cpu();
  EXPECT_FALSE(weightOfDevice.equal(weight)) << "nothing was approximate";
  EXPECT_TRUE(at::allclose(weightOfDevice, weight, 1e-2, 1e-2));
}

// Where nothing but IEEE's operations is taken each of them has to fail: so all are approximate.
TEST_F(CudaFastOptimizer, ReachesEverythingThatIsCompiled) {
  if (!isStandin())
    GTEST_SKIP() << "the driver is a real one";
  standinApproximate(false);
  Moved moved(first);
  EXPECT_THAT(messageOf([&] { Optimizer(*moved.net, "md_tanh_s by adam", run().fast(true)); }),
              ::testing::HasSubstr(refusedByStandin));
  One net;
  net->to(first);
  Optimizer optimizer(*net, parse(planOf("channel_mean")), run().fast(true));
  EXPECT_THAT(messageOf([&] { net->act(at::rand({4, 16}).to(first)); }),
              ::testing::HasSubstr(refusedByStandin));
  FastBranches branches(first);
  EXPECT_THAT(messageOf([&] { branches.attachFast(); }), ::testing::HasSubstr(refusedByStandin));
  standinLog();
}

TEST_F(CudaFastOptimizer, WhatLiesOnTheCpuIsRefused) {
  auto refusal = [](const std::string &what) {
    return what + " is on cpu, and OptimizerOptions().fast(true) is for CUDA devices; move the "
                  "model to one first, or leave `fast` out";
  };
  const std::string use = "md_tanh_s by adam(lr = 1e-2)";
  Moved mixed(first);
  at::Tensor bias = mixed.net->parameters()[3];
  bias.set_data(bias.data().cpu());
  std::vector<uint32_t> before = mixed.weights();
  EXPECT_EQ(messageOf([&] { Optimizer(*mixed.net, use, run().fast(true)); }),
            refusal("parameter '1.bias'"));
  EXPECT_EQ(mixed.weights(), before);

  Moved moved(first);
  Optimizer optimizer(*moved.net, use, run().fast(true));
  optimizer.add_param_group(torch::optim::OptimizerParamGroup({at::rand({3})}));
  before = moved.weights();
  moved.giveGradients(0);
  EXPECT_EQ(messageOf([&] { optimizer.step(); }), refusal("parameter 'param_groups[1][0]'"));
  EXPECT_EQ(moved.weights(), before);

  One net;
  net->to(first);
  Optimizer withActivation(*net, parse(planOf("channel_mean")), run().fast(true));
  EXPECT_EQ(messageOf([&] { net->act(at::rand({4, 16})); }), refusal("activation 'act': x"));

  FastBranches branches(torch::kCPU);
  EXPECT_EQ(messageOf([&] { branches.attachFast(); }), refusal("parameter 'fc1.weight'"));
}

} // namespace
