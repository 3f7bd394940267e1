// Activations on CUDA devices: w, its gradients and what is learned have the bits of the CPU.
#include "test/frontend/torch/Activations.h"
#include "test/frontend/torch/cuda/Driver.h"

#include <c10/core/StreamGuard.h>
#include <torch/serialize.h>

#include <sstream>

using namespace bregman;
using namespace bregman::testing;

namespace {

const c10::Device first = firstDevice, second = lastDevice();

OptimizerOptions run() { return OptimizerOptions().stepsPerEpoch(2).steps(20).seed(3).threads(1); }

/// A network with one activation behind its layer, and its optimizer.
struct Placed {
  One net;
  std::unique_ptr<Optimizer> optimizer;

  Placed(const std::string &use, c10::Device device) {
    at::set_num_threads(1);
    torch::manual_seed(1);
    net = One();
    net->to(device);
    optimizer = std::make_unique<Optimizer>(*net, parse(planOf(use)), run());
  }
  /// A step on the same data everywhere; w and dL/dx, on the CPU.
  std::pair<at::Tensor, at::Tensor> step(int k, at::ScalarType type = at::kFloat) {
    torch::manual_seed(uint64_t(k) + 10);
    c10::Device device = net->fc->weight.device();
    // Channels, tokens, tails; values beyond every level.
    at::Tensor x = (at::randn({5, 3, 7, 3}) * 2).to(type).to(device).set_requires_grad(true);
    at::Tensor g = at::randn({5, 3, 7, 3}).to(type).to(device);
    optimizer->zero_grad();
    at::Tensor w = net->act(x);
    w.backward(g);
    optimizer->step();
    EXPECT_EQ(w.device(), device);
    return {w.detach().cpu(), x.grad().cpu()};
  }
  std::vector<at::Tensor> values() const {
    std::vector<at::Tensor> all;
    for (const at::Tensor &parameter : net->parameters())
      all.push_back(parameter.detach().cpu());
    return all;
  }
};

void expectSame(const std::vector<at::Tensor> &a, const std::vector<at::Tensor> &b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_TRUE(a[i].equal(b[i])) << i;
}

const std::vector<std::string> uses = {"sign_act",
                                       "lsq_act(bits = 4) by adam(lr = 1e-2)",
                                       "lsq_channel by sgd(lr = 1e-2)",
                                       "token_max",
                                       "channel_mean",
                                       "dorefa_act(bits = 2)"};

class CudaActivation : public ::testing::TestWithParam<std::string> {};

TEST_P(CudaActivation, HasTheHostsBits) {
  for (at::ScalarType type : {at::kFloat, at::kBFloat16, at::kHalf}) {
    Placed host(GetParam(), torch::kCPU), device(GetParam(), second);
    for (int k = 0; k < 3; ++k) {
      auto [w, gradient] = host.step(k, type);
      auto [ofDevice, gradientOfDevice] = device.step(k, type);
      ASSERT_TRUE(ofDevice.equal(w)) << "step " << k << " in " << type;
      ASSERT_TRUE(gradientOfDevice.equal(gradient)) << "step " << k << " in " << type;
      expectSame(device.values(), host.values());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Uses, CudaActivation, ::testing::ValuesIn(uses), [](const auto &info) {
  return info.param.substr(0, info.param.find_first_of(" ("));
});

TEST(CudaActivation, LearnedValuesFollowTheFirstBatch) {
  if (first == second)
    GTEST_SKIP() << "there is one device";
  Placed host(uses[1], torch::kCPU), device(uses[1], second);
  // In a part of the network that lies elsewhere than the rest.
  auto run = [](Placed &placed, c10::Device at) {
    at::Tensor x = at::linspace(-3, 3, 64).reshape({4, 16}).to(at);
    for (int k = 0; k < 3; ++k) {
      placed.optimizer->zero_grad();
      placed.net->act(x).square().sum().backward();
      placed.optimizer->step();
    }
    return placed.net->act->learned("s");
  };
  at::Tensor s = run(host, torch::kCPU), ofDevice = run(device, first);
  EXPECT_EQ(ofDevice.device(), first);
  EXPECT_TRUE(ofDevice.cpu().equal(s)) << ofDevice.cpu() << s;
  EXPECT_EQ(messageOf([&] { device.net->act(at::rand({4, 16}).to(second)); }),
            "activation 'act': its learned value `s` is CUDAFloatType on cuda:0, and stays a "
            "contiguous float on cuda:1, where x is; convert the model first, then make the "
            "optimizer");
}

TEST(CudaActivation, ArchivesMoveBetweenDevices) {
  Placed whole(uses[1], torch::kCPU);
  for (int k = 0; k < 4; ++k)
    whole.step(k);
  for (auto [before, after] :
       {std::pair(first, c10::Device(torch::kCPU)), std::pair(c10::Device(torch::kCPU), second)}) {
    Placed from(uses[1], before), to(uses[1], after);
    for (int k = 0; k < 2; ++k)
      from.step(k);
    std::stringstream module, optimizer;
    torch::save(static_cast<std::shared_ptr<OneImpl>>(from.net), module);
    torch::save(*from.optimizer, optimizer);
    std::shared_ptr<OneImpl> net = to.net;
    torch::load(net, module, after);
    torch::load(*to.optimizer, optimizer);
    for (int k = 2; k < 4; ++k)
      to.step(k);
    expectSame(to.values(), whole.values());
  }
}

TEST(CudaActivation, IsNotCaptured) {
  Placed placed("sign_act", first);
  const auto &guard = *c10::impl::getDeviceGuardImpl(torch::kCUDA);
  c10::StreamGuard within(guard.getNewStream(first));
  at::Tensor x = at::rand({4, 16}).to(first);
  EXPECT_EQ(messageOf([&] { Graph graph([&] { placed.net->act(x); }); }),
            "activation 'act': a graph is captured, and a quantized activation takes numbers from "
            "the host in each pass; train without a graph, or without the plan's `activations` "
            "line");
}

} // namespace
