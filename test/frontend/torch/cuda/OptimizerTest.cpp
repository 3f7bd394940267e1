// bregman::Optimizer on CUDA tensors: the values, the archives and the refusals are the host's.

#include "test/frontend/torch/HandMethods.h"
#include "test/frontend/torch/cuda/Driver.h"
#include "test/frontend/torch/cuda/Moved.h"

#include <c10/core/StreamGuard.h>
#include <gmock/gmock.h>
#include <torch/serialize.h>

using namespace bregman;
using namespace bregman::testing;

namespace {

const c10::Device first = firstDevice, second = lastDevice();

/// One of each kind: elementwise, with a level axis, with learned values, with reductions and a
/// block `every`, with random numbers, with a freeze, and in place.
const std::vector<std::string> uses = {
    "md_tanh_s by adam(lr = 1e-2)", "md_softmax_s by adam(lr = 1e-2)",
    "lsq by momentum(lr = 1e-2)",   "bwn by sgd(lr = 1e-2)",
    "admm by sgd(lr = 1e-2)",       "binary_connect_stochastic by sgd(lr = 1e-2)",
    "proxquant by adam(lr = 1e-2)", "float by adam(lr = 1e-2)"};

class CudaOptimizer : public ::testing::TestWithParam<std::string> {};

TEST_P(CudaOptimizer, HasTheHostsBits) {
  for (c10::Device device : {first, second}) {
    int64_t launches = isStandin() ? standinCalls("cuLaunchKernel") : 0;
    Moved host(torch::kCPU), moved(device);
    Optimizer a(*host.net, GetParam(), run()), b(*moved.net, GetParam(), run());
    EXPECT_EQ(moved.weights(), host.weights()) << "attach";
    for (int k = 0; k < 4; ++k) {
      host.step(a, k);
      moved.step(b, k);
      ASSERT_EQ(moved.weights(), host.weights()) << "step " << k;
      ASSERT_EQ(moved.stored(b), host.stored(a)) << "step " << k;
    }
    a.finalize();
    b.finalize();
    EXPECT_EQ(moved.weights(), host.weights()) << "finalize";
    if (isStandin()) {
      EXPECT_GE(standinCalls("cuLaunchKernel") - launches, 4);
    }
    for (const at::Tensor &parameter : moved.net->parameters())
      EXPECT_EQ(parameter.device(), device);
  }
}

TEST_P(CudaOptimizer, ArchivesMoveBetweenDevices) {
  Moved whole(torch::kCPU);
  Optimizer uninterrupted(*whole.net, GetParam(), run());
  for (int k = 0; k < 4; ++k)
    whole.step(uninterrupted, k);
  const std::vector<std::vector<c10::Device>> ways = {
      {torch::kCPU, first}, {first, torch::kCPU}, {first, second}};
  for (const auto &way : ways) {
    SCOPED_TRACE(way[0].str() + " to " + way[1].str());
    Moved from(way[0]), to(way[1]);
    Optimizer a(*from.net, GetParam(), run()), b(*to.net, GetParam(), run());
    for (int k = 0; k < 2; ++k)
      from.step(a, k);
    for (size_t i = 0; i < from.net->parameters().size(); ++i)
      to.net->parameters()[i].detach().copy_(from.net->parameters()[i].detach());
    std::stringstream stream;
    torch::save(a, stream);
    torch::load(b, stream);
    EXPECT_EQ(to.weights(), from.weights());
    EXPECT_EQ(to.stored(b), from.stored(a));
    for (int k = 2; k < 4; ++k)
      to.step(b, k);
    EXPECT_EQ(to.weights(), whole.weights());
    EXPECT_EQ(to.stored(b), whole.stored(uninterrupted));
  }
}

INSTANTIATE_TEST_SUITE_P(Uses, CudaOptimizer, ::testing::ValuesIn(uses), [](const auto &info) {
  return info.param.substr(0, info.param.find(' '));
});

TEST(CudaOptimizer, ModelsOfSeveralDevices) {
  for (const std::string &use : uses) {
    Moved host(torch::kCPU), mixed(torch::kCPU);
    mixed.moveSome(first, second);
    Optimizer a(*host.net, use, run()), b(*mixed.net, use, run());
    for (int k = 0; k < 3; ++k) {
      host.step(a, k);
      mixed.step(b, k);
    }
    ASSERT_EQ(mixed.weights(), host.weights()) << use;
    // An archive does not know what lay where.
    std::stringstream stream;
    torch::save(b, stream);
    Moved other(first);
    Optimizer c(*other.net, use, run());
    for (size_t i = 0; i < other.net->parameters().size(); ++i)
      other.net->parameters()[i].detach().copy_(mixed.net->parameters()[i].detach());
    torch::load(c, stream);
    host.step(a, 3);
    other.step(c, 3);
    EXPECT_EQ(other.weights(), host.weights()) << use;
    EXPECT_EQ(other.stored(c), host.stored(a)) << use;
  }
}

TEST(CudaOptimizer, NarrowAndStridedParameters) {
  for (at::ScalarType type : {at::kBFloat16, at::kHalf}) {
    Moved host(torch::kCPU), moved(first);
    for (Moved *each : {&host, &moved}) {
      each->net->to(type);
      at::Tensor weight = each->net->parameters()[0];
      weight.set_data(weight.detach().t().contiguous().t());
      ASSERT_FALSE(weight.is_contiguous());
    }
    Optimizer a(*host.net, uses[0], run()), b(*moved.net, uses[0], run());
    for (int k = 0; k < 3; ++k) {
      host.step(a, k);
      moved.step(b, k);
    }
    EXPECT_EQ(moved.weights(), host.weights());
    EXPECT_EQ(moved.stored(b), host.stored(a));
  }
}

TEST(CudaOptimizer, AWholeModelWithItsGradients) {
  if (!isStandin())
    GTEST_SKIP() << "the driver is a real one";
  auto train = [](c10::Device device) {
    Moved task(device);
    torch::manual_seed(2);
    at::Tensor x = at::randn({16, 5}).to(device), y = at::randn({16, 3}).to(device);
    Optimizer optimizer(*task.net, uses[0], run().clipNorm(0.1).lossScale(8));
    for (int k = 0; k < 4; ++k) {
      optimizer.zero_grad();
      ((task.net->forward(x).tanh() - y).square().sum() * 8).backward();
      optimizer.step();
    }
    EXPECT_EQ(optimizer.steps(), 4);
    return task.weights();
  };
  EXPECT_EQ(train(first), train(torch::kCPU)) << "what is on the CPU in truth has its bits too";
}

TEST(CudaOptimizer, WorksOnTheCurrentStreamAndLeavesTheDevice) {
  if (!isStandin())
    GTEST_SKIP() << "the driver is a real one";
  Moved moved(second);
  const auto &guard = *c10::impl::getDeviceGuardImpl(torch::kCUDA);
  ASSERT_EQ(guard.getDevice(), first);
  Optimizer optimizer(*moved.net, uses[0], run());
  c10::Stream stream = guard.getNewStream(second);
  void *handle = nullptr;
  {
    c10::StreamGuard within(stream);
    handle = currentStreamOf(second);
    EXPECT_NE(handle, nullptr);
    EXPECT_EQ(currentStreamByShim(1), handle);
    EXPECT_EQ(currentStreamOf(first), nullptr) << "each device has one of its own";
    moved.giveGradients(0);
  }
  EXPECT_EQ(currentStreamOf(second), nullptr);
  EXPECT_EQ(currentStreamOf(torch::kCPU), nullptr);
  // A stream that has been given back is refused by the driver: so it is the one that was taken.
  c10::StreamGuard within(stream);
  {
    InContext context;
    ASSERT_EQ(driver("cuStreamDestroy_v2", handle), 0);
  }
  EXPECT_THAT(messageOf([&] { optimizer.step(); }), ::testing::HasSubstr("(stand-in 1): "));
  guard.exchangeStream(guard.getDefaultStream(second));
  optimizer.step();
  EXPECT_EQ(optimizer.steps(), 1);
  EXPECT_EQ(guard.getDevice(), second) << "the guard's";
}

TEST(CudaOptimizer, LibTorchThatDoesNotSayItsStream) {
  EXPECT_EQ(messageOf([] { currentStreamByShim(7); }),
            "LibTorch does not say what the current stream of cuda:7 is; use LibTorch 2.11 to 2.13 "
            "with CUDA");
}

TEST(CudaOptimizer, WhatMovesBehindItIsRefused) {
  Moved moved(first);
  Optimizer optimizer(*moved.net, uses[0], run());
  moved.net->to(torch::kCPU);
  std::vector<uint32_t> before = moved.weights();
  moved.giveGradients(0);
  EXPECT_EQ(messageOf([&] { optimizer.step(); }),
            "parameter '0.weight' has moved from cuda:0 to cpu since the optimizer was made; move "
            "the model first, then make the optimizer");
  EXPECT_EQ(moved.weights(), before);
}

TEST(CudaOptimizer, NoMemoryLeft) {
  if (!isStandin())
    GTEST_SKIP() << "the driver is a real one";
  Moved host(torch::kCPU), moved(first);
  Optimizer a(*host.net, uses[0], run()), b(*moved.net, uses[0], run());
  moved.giveGradients(0);
  standinFail("cuLaunchKernel", 1, 2);
  EXPECT_THAT(messageOf([&] { b.step(); }),
              ::testing::EndsWith("cuLaunchKernel gives CUDA_ERROR_OUT_OF_MEMORY (2): out of "
                                  "memory; free memory of the device, or train a smaller model"));
  EXPECT_EQ(b.steps(), 0);
  for (int k = 0; k < 2; ++k) {
    host.step(a, k);
    moved.step(b, k);
  }
  EXPECT_EQ(moved.weights(), host.weights()) << "a step that was not taken can be taken again";
}

// Of several devices and of several lines of a plan: what has moved already waits for the rest.
TEST(CudaOptimizer, AStepThatFailedHalfwayGoesOn) {
  if (!isStandin())
    GTEST_SKIP() << "the driver is a real one";
  auto program = std::make_shared<const Program>(unwrap(Program::parse("net.breg", R"(
plan {
  "*.weight" : md_tanh_s by adam(lr = 1e-2) reset every epoch
  else       : float by sgd(lr = 1e-2)
}
)")));
  for (int nth = 1; nth <= 8; ++nth) {
    Moved host(torch::kCPU), mixed(first);
    mixed.moveSome(first, second);
    Optimizer a(*host.net, program, run()), b(*mixed.net, program, run());
    int failures = 0;
    standinFail("cuLaunchKernel", nth, 2);
    for (int k = 0; k < 3; ++k) {
      host.step(a, k);
      mixed.giveGradients(k);
      try {
        b.step();
      } catch (const Exception &) {
        ++failures;
        b.step();
      }
      ASSERT_EQ(mixed.weights(), host.weights()) << "launch " << nth << ", step " << k;
      ASSERT_EQ(mixed.stored(b), host.stored(a)) << "launch " << nth << ", step " << k;
    }
    EXPECT_EQ(failures, 1);
    EXPECT_FALSE(standinClear());
    EXPECT_EQ(b.steps(), 3);
  }
}

TEST(CudaOptimizer, WhatCanNotBeAttachedIsLeftAlone) {
  if (!isStandin())
    GTEST_SKIP() << "the driver is a real one";
  Moved moved(first);
  std::vector<uint32_t> before = moved.weights();
  for (const char *call : {"cuPointerGetAttribute", "cuModuleGetFunction", "cuLaunchKernel"}) {
    standinFail(call, 1, 2);
    EXPECT_THAT(messageOf([&] { Optimizer(*moved.net, uses[0], run()); }),
                ::testing::HasSubstr(std::string(call) + " gives CUDA_ERROR_OUT_OF_MEMORY (2)"));
    EXPECT_FALSE(standinClear());
    EXPECT_EQ(moved.weights(), before) << call;
  }
  Optimizer optimizer(*moved.net, uses[0], run());
  moved.step(optimizer, 0);
  EXPECT_EQ(optimizer.steps(), 1);
}

} // namespace
