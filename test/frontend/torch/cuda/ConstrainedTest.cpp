// Two branches on a CUDA device, and from one device to another: weights and multipliers have the
// bits of the CPU, which does in truth what is not the optimizer's here.
#include "test/frontend/torch/cuda/Driver.h"
#include "test/frontend/torch/cuda/PlacedBranches.h"

#include <torch/serialize.h>

#include <sstream>

using namespace bregman;
using namespace bregman::testing;

namespace {

struct Placed : PlacedBranches {
  explicit Placed(c10::Device device)
      : PlacedBranches(std::string(layersAreNear) + outputsAreNear, device) {}
  void steps(Constrained &training, int n) {
    for (int k = 0; k < n; ++k) {
      trainStep(training);
      if (training.due())
        ascend(training);
    }
  }
};

void expectSame(Placed &a, Constrained &ofA, Placed &b, Constrained &ofB) {
  EXPECT_EQ(valuesOf(*a.low), valuesOf(*b.low));
  EXPECT_EQ(valuesOf(*a.high), valuesOf(*b.high));
  ASSERT_EQ(ofA.multipliers().size(), ofB.multipliers().size());
  for (size_t i = 0; i < ofA.multipliers().size(); ++i) {
    EXPECT_EQ(ofA.multipliers()[i].value, ofB.multipliers()[i].value);
    EXPECT_THAT(ofA.multipliers()[i].distance,
                ::testing::NanSensitiveDoubleEq(ofB.multipliers()[i].distance));
  }
}

TEST(CudaConstrained, TrainsAndMovesBetweenDevices) {
  if (!isStandin())
    GTEST_SKIP() << "the driver is a real one";
  Placed host(torch::kCPU), device(c10::Device(torch::kCUDA, 1));
  Constrained onHost = host.attach(), onDevice = device.attach();
  expectSame(host, onHost, device, onDevice);
  host.steps(onHost, 4);
  device.steps(onDevice, 4);
  expectSame(host, onHost, device, onDevice);
  EXPECT_GT(onHost.multipliers().back().distance, 0);

  Placed other(c10::Device(torch::kCUDA, 0));
  Constrained onOther = other.attach();
  torch::serialize::OutputArchive out;
  onDevice.save(out);
  std::stringstream stream;
  out.save_to(stream);
  {
    c10::AutoGradMode noGrad(false);
    for (auto [from, to] : {std::pair(device.low, other.low), std::pair(device.high, other.high)}) {
      for (size_t i = 0; i < from->parameters().size(); ++i)
        to->parameters()[i].copy_(from->parameters()[i]);
      for (size_t i = 0; i < from->buffers().size(); ++i)
        to->buffers()[i].copy_(from->buffers()[i]);
    }
  }
  torch::serialize::InputArchive in;
  in.load_from(stream);
  onOther.load(in);
  host.steps(onHost, 3);
  other.steps(onOther, 3);
  expectSame(host, onHost, other, onOther);
}

TEST(CudaConstrained, BranchesOnTwoDevicesAreRefused) {
  Placed placed(torch::kCPU);
  placed.high->to(torch::kCUDA);
  try {
    Constrained training = placed.attach();
    FAIL();
  } catch (const Exception &error) {
    EXPECT_STREQ(error.what(), "parameter 'fc1.weight' has another shape, type or device in the "
                               "float branch; make both networks in the same way");
  }
}

} // namespace
