// The tests' CUDA is one as far as a model, its gradients and its archive are concerned.
#include "test/frontend/torch/Task.h"
#include "test/frontend/torch/cuda/Driver.h"

#include <gtest/gtest.h>
#include <torch/cuda.h>

using namespace bregman;
using namespace bregman::testing;

namespace {

TEST(CudaBackend, AModelMovesAndHasTheHostsGradients) {
  if (!isStandin())
    GTEST_SKIP() << "the driver is a real one";
  EXPECT_TRUE(torch::cuda::is_available());
  EXPECT_EQ(torch::cuda::device_count(), 2);
  for (int device : {0, 1}) {
    Task host, moved;
    moved.net->to(c10::Device(torch::kCUDA, c10::DeviceIndex(device)));
    auto backward = [](Task &task, c10::Device device) {
      (task.net->forward(task.x.to(device)) - task.y.to(device)).square().mean().backward();
    };
    backward(host, torch::kCPU);
    backward(moved, c10::Device(torch::kCUDA, c10::DeviceIndex(device)));
    for (size_t i = 0; i < host.net->parameters().size(); ++i) {
      at::Tensor parameter = moved.net->parameters()[i];
      EXPECT_EQ(parameter.device(), c10::Device(torch::kCUDA, c10::DeviceIndex(device)));
      EXPECT_TRUE(parameter.grad().cpu().equal(host.net->parameters()[i].grad()));
    }
  }
}

} // namespace
