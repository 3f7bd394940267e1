// Steps of bregman::Optimizer in CUDA graphs: each replay has the bits of the host's step.
#include "test/frontend/torch/HandMethods.h"
#include "test/frontend/torch/cuda/Driver.h"
#include "test/frontend/torch/cuda/Moved.h"

#include <c10/core/StreamGuard.h>
#include <torch/optim/schedulers/step_lr.h>
#include <torch/serialize.h>

using namespace bregman;
using namespace bregman::testing;

namespace {

const c10::Device gpu = firstDevice;

class CudaReplay : public ::testing::TestWithParam<std::string> {
protected:
  c10::StreamGuard stream{c10::impl::getDeviceGuardImpl(torch::kCUDA)->getNewStream(gpu)};
};

/// Gradients that stay where they are.
void giveInPlace(Moved &moved, int k) {
  std::vector<at::Tensor> kept;
  for (at::Tensor &parameter : moved.net->parameters())
    kept.push_back(parameter.grad());
  moved.giveGradients(k);
  for (size_t i = 0; i < kept.size(); ++i) {
    at::Tensor parameter = moved.net->parameters()[i];
    if (!kept[i].defined())
      continue;
    kept[i].copy_(parameter.grad());
    parameter.mutable_grad() = kept[i];
  }
}

TEST_P(CudaReplay, HasTheNumbersOfItsStep) {
  Moved host(torch::kCPU), moved(gpu);
  Optimizer a(*host.net, GetParam(), run()), b(*moved.net, GetParam(), run());
  torch::optim::StepLR slower(a, 2, 0.5), alsoSlower(b, 2, 0.5);
  giveInPlace(moved, 99);
  Graph graph([&] { b.step(); });
  EXPECT_EQ(b.steps(), 0);
  EXPECT_EQ(moved.weights(), host.weights()) << "nothing is done yet";
  for (int k = 0; k < 6; ++k) {
    host.step(a, k);
    giveInPlace(moved, k);
    if (k == 3) // one without the graph between two with it
      b.step();
    else
      b.replay([&] { graph.replay(); });
    ASSERT_EQ(moved.weights(), host.weights()) << "step " << k;
    ASSERT_EQ(moved.stored(b), host.stored(a)) << "step " << k;
    EXPECT_EQ(b.steps(), k + 1);
    slower.step();
    alsoSlower.step();
  }
  EXPECT_EQ(b.schedules(), a.schedules());
}

INSTANTIATE_TEST_SUITE_P(
    Uses, CudaReplay,
    ::testing::Values("md_tanh_s by adam(lr = 1e-2)", "lsq by momentum(lr = 1e-2)",
                      "bwn by sgd(lr = 1e-2)", "admm by sgd(lr = 1e-2)",
                      "binary_connect_stochastic by sgd(lr = 1e-2)", "float by adam(lr = 1e-2)"),
    [](const auto &info) { return info.param.substr(0, info.param.find(' ')); });

class CudaReplays : public CudaReplay {};

TEST_F(CudaReplays, GoOnFromAnArchive) {
  const std::string use = "md_tanh_s by adam(lr = 1e-2)";
  Moved host(torch::kCPU), moved(gpu);
  Optimizer a(*host.net, use, run()), b(*moved.net, use, run());
  giveInPlace(moved, 99);
  Graph graph([&] { b.step(); });
  for (int k = 0; k < 3; ++k)
    host.step(a, k);
  std::stringstream stream;
  torch::save(a, stream);
  torch::load(b, stream);
  for (int k = 3; k < 6; ++k) {
    host.step(a, k);
    giveInPlace(moved, k);
    b.replay([&] { graph.replay(); });
  }
  EXPECT_EQ(moved.weights(), host.weights());
  EXPECT_EQ(moved.stored(b), host.stored(a));
}

TEST_F(CudaReplays, AreRefusedWhereTheyWouldBeNoStep) {
  const std::string use = "md_tanh_s by adam(lr = 1e-2)";
  auto refusal = [](Moved &moved, Optimizer &optimizer) {
    moved.giveGradients(0);
    std::vector<uint32_t> before = moved.weights();
    std::string message = messageOf([&] { Graph graph([&] { optimizer.step(); }); });
    EXPECT_EQ(moved.weights(), before);
    EXPECT_EQ(optimizer.steps(), 0);
    return message;
  };
  Moved mixed(torch::kCPU);
  mixed.moveSome(gpu, torch::kCPU);
  Optimizer ofMixed(*mixed.net, use, run());
  EXPECT_EQ(refusal(mixed, ofMixed),
            "a graph is captured on cuda:0, and parameters on cpu would stay where they are when "
            "it is replayed; keep a model whose steps are captured on one device");
  Moved clipped(gpu);
  Optimizer ofClipped(*clipped.net, use, run().clipNorm(1));
  EXPECT_EQ(refusal(clipped, ofClipped),
            "a graph is captured on cuda:0, and a loss scale or a norm to clip to follows from the "
            "gradients of each step, which the host has to read; capture the backward pass alone, "
            "and take the steps outside");
  Moved plain(gpu);
  Optimizer optimizer(*plain.net, use, run());
  EXPECT_EQ(messageOf([&] { Graph graph([&] { optimizer.finalize(); }); }),
            "method `md_tanh_s` by `adam`: finalizing cannot be captured in a graph; only a step "
            "can");
  plain.giveGradients(0);
  EXPECT_EQ(messageOf([&] { optimizer.replay([] { FAIL() << "no graph is there"; }); }),
            "method `md_tanh_s` by `adam` has no captured step to be replayed; take one while the "
            "stream captures the graph");
  EXPECT_EQ(optimizer.steps(), 0);
}

} // namespace
