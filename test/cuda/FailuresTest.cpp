// Whatever call of the driver fails: one error that names it, nothing kept, and the next run is as
// good as ever.
#include "test/cuda/Scenario.h"

#include <bit>
#include <set>

using namespace bregman;
using namespace bregman::testing;

namespace {

// A reduction, temporaries and learned values.
const numeric::Pair pair = {"lsq", "momentum"};
const std::vector<Shape> shapes = {{5}, {0}, {300, 3, 1}};

constexpr int outOfMemory = 2, launchFailed = 719;

/// What these fail of harms nobody: they give back, or say more.
bool mayPass(const std::string &function) {
  return std::set<std::string>{"cuCtxPopCurrent_v2",
                               "cuMemFree_v2",
                               "cuModuleUnload",
                               "cuLinkDestroy",
                               "cuDevicePrimaryCtxRelease_v2",
                               "cuMemGetInfo_v2",
                               "cuThreadExchangeStreamCaptureMode"}
      .count(function);
}

class CudaFailures : public ::testing::Test {
protected:
  void SetUp() override {
    if (!standinFail)
      GTEST_SKIP() << "the driver is a real one";
  }

  /// The `nth` of `count` calls in one life.
  void check(const std::string &function, int64_t nth, int64_t count, int code, bool cache) {
    SCOPED_TRACE(function + ", call " + std::to_string(nth) + " of " + std::to_string(count));
    int64_t before = standinCalls(function.c_str());
    standinFail(function.c_str(), int(nth), code);
    auto result = live(pair, "cuda", shapes, cache);
    bool unused = standinClear();
    ASSERT_FALSE(unused) << "it was never called so often";
    if (result) {
      // A context is also entered to give back what lies there. Memory is asked for again where
      // some was kept that could be given back.
      bool again = function == "cuMemAlloc_v2" && standinCalls(function.c_str()) - before > count;
      EXPECT_TRUE(mayPass(function) || function == "cuCtxPushCurrent_v2" || again);
      EXPECT_EQ(difference(*result, wanted()), "");
    } else {
      const std::string name = code == launchFailed
                                   ? "CUDA_ERROR_LAUNCH_FAILED (719): unspecified launch failure"
                                   : "CUDA_ERROR_OUT_OF_MEMORY (2): out of memory";
      EXPECT_EQ(result.error().kind, ErrorKind::Environment);
      EXPECT_NE(result.error().message.find(function + " gives " + name), std::string::npos)
          << result.error().message;
    }
    // What could not be given back would be there for the next one.
    if (function == "cuCtxPopCurrent_v2") {
      EXPECT_EQ(cuCtxPopCurrent_v2(nullptr), 0);
    }
    if (function == "cuDevicePrimaryCtxRelease_v2") {
      EXPECT_EQ(cuDevicePrimaryCtxRelease_v2(0), 0);
    }
    EXPECT_EQ(standinLive(), 0) << "something was kept";
  }

  static const std::vector<Model::Array> &wanted() {
    static const std::vector<Model::Array> arrays = *live(pair, "host", shapes);
    return arrays;
  }
};

class CudaFailuresWith : public CudaFailures, public ::testing::WithParamInterface<bool> {};

INSTANTIATE_TEST_SUITE_P(Binaries, CudaFailuresWith, ::testing::Bool(),
                         [](const auto &info) { return info.param ? "kept" : "made"; });

TEST_P(CudaFailuresWith, OfEveryCall) {
  bool cache = GetParam();
  auto first = live(pair, "cuda", shapes, cache);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(difference(*first, wanted()), "");
  ASSERT_EQ(standinLive(), 0);
  // How often each is called in one life.
  std::map<std::string, int64_t> calls;
  for (int i = 0; const char *name = standinFunction(i); ++i)
    calls[name] = -standinCalls(name);
  ASSERT_TRUE(live(pair, "cuda", shapes, cache));
  for (auto &[name, count] : calls)
    count += standinCalls(name.c_str());
  int tried = 0;
  for (const auto &[name, count] : calls) {
    // All else is the same whether binaries are kept or made.
    if (!cache && name.find("cuLink") == name.npos && name.find("cuModule") == name.npos &&
        name.find("cuFunc") == name.npos)
      continue;
    for (int64_t nth = 1; nth <= count; nth += BREGMAN_TEST_SHARE) {
      // A lost context loses every later call too, so the retained one could not be given back.
      bool losing = name == "cuLaunchKernel" || name == "cuStreamSynchronize";
      check(name, nth, count, losing ? launchFailed : outOfMemory, cache);
      ++tried;
    }
  }
  EXPECT_GT(tried * BREGMAN_TEST_SHARE, cache ? 250 : 50);
  EXPECT_EQ(calls["cuLinkComplete"] == 0, cache);
  auto last = live(pair, "cuda", shapes, cache);
  ASSERT_TRUE(last) << last.error().message;
  EXPECT_EQ(difference(*last, wanted()), "");
}

TEST_F(CudaFailures, AStepThatIsNotTakenCanBeTakenAgain) {
  CompileOptions options;
  auto onHost = numeric::compile({"md_tanh_s", "adam"}, options);
  options.device = "cuda";
  auto onDevice = numeric::compile({"md_tanh_s", "adam"}, options);
  auto host = Model::create(onHost, numeric::shortRun(), shapes);
  auto device = Model::create(onDevice, numeric::shortRun(), shapes);
  ASSERT_TRUE(host && device);
  std::vector<float> values = numeric::randomValues(host->size(), 3);
  ASSERT_FALSE(host->attach(values));
  ASSERT_FALSE(device->attach(values));
  standinFail("cuLaunchKernel", 1, outOfMemory);
  Status bad = device->advance(values);
  ASSERT_TRUE(bad);
  EXPECT_EQ((**device).step(), 0);
  for (int k = 0; k < 2; ++k) {
    ASSERT_FALSE(host->advance(values));
    ASSERT_FALSE(device->advance(values));
  }
  EXPECT_EQ((**device).step(), 2);
  auto wanted = host->arrays(), actual = device->arrays();
  ASSERT_TRUE(wanted && actual);
  EXPECT_EQ(difference(*actual, *wanted), "");
}

// Of several kernels none has moved anything before all have what they need, and what fails later
// goes on with those that have not run.
TEST_F(CudaFailures, WhateverIsMissingOfSeveralKernelsTheStepCanBeTakenAgain) {
  CompileOptions onDevice;
  onDevice.device = "cuda";
  constexpr uint64_t steps = 3;
  // One after the other, and a block `every N steps`.
  for (const numeric::Pair &several :
       {numeric::Pair{"lsq", "momentum"}, numeric::Pair{"admm", "sgd"}}) {
    auto begin = [&](const CompileOptions &options) {
      Result<Model> model =
          Model::create(numeric::compile(several, options), numeric::shortRun(), {{300, 3, 1}});
      EXPECT_TRUE(model) << model.error().message;
      for (const auto &[name, value] : numeric::livelyNumbers())
        model->set(name, value);
      EXPECT_FALSE(model->attach(numeric::randomValues(model->size(), 3)));
      return std::move(*model);
    };
    auto gradient = [](Model &model, uint64_t k) {
      return numeric::randomValues(model.size(), 10 + k);
    };
    Model host = begin({});
    for (uint64_t k = 0; k < steps; ++k)
      ASSERT_FALSE(host.advance(gradient(host, k)));
    auto wanted = host.arrays();
    ASSERT_TRUE(wanted);
    for (const char *call : {"cuMemAlloc_v2", "cuModuleLoadDataEx", "cuModuleGetFunction",
                             "cuMemcpyHtoDAsync_v2", "cuLaunchKernel"}) {
      int failures = 0;
      for (int nth = 1; nth < 40; ++nth) {
        SCOPED_TRACE(several.quantizer + ", " + call + ", " + std::to_string(nth));
        Model model = begin(onDevice);
        standinFail(call, nth, outOfMemory);
        int failed = 0;
        for (uint64_t k = 0; k < steps; ++k)
          if (model.advance(gradient(model, k))) {
            ++failed;
            ASSERT_FALSE(model.advance(gradient(model, k)));
          }
        auto actual = model.arrays();
        bool unused = standinClear();
        ASSERT_TRUE(actual) << actual.error().message;
        EXPECT_EQ(difference(*actual, *wanted), "");
        EXPECT_EQ((*model).step(), int64_t(steps));
        failures += failed;
        if (unused)
          break;
      }
      EXPECT_GT(failures, 1) << call;
    }
  }
}

TEST_F(CudaFailures, WhatCanNotBeAttachedIsLeftAlone) {
  CompileOptions options;
  options.device = "cuda";
  for (const numeric::Pair &one : {pair, numeric::Pair{"bwn", "sgd"}, numeric::Pair{"pmf", "sgd"}})
    for (const char *call : {"cuMemAlloc_v2", "cuModuleLoadDataEx", "cuModuleGetFunction"}) {
      int failures = 0;
      for (int nth = 1; nth < 20; ++nth) {
        SCOPED_TRACE(one.quantizer + ", " + call + ", " + std::to_string(nth));
        auto method = numeric::compile(one, options);
        Result<Model> model = Model::create(method, numeric::shortRun(), {{300, 3, 1}});
        ASSERT_TRUE(model) << model.error().message;
        std::vector<float> w0 = numeric::randomValues(model->size(), 3);
        standinFail(call, nth, outOfMemory);
        Status bad = model->attach(w0);
        bool unused = standinClear();
        auto arrays = model->arrays();
        ASSERT_TRUE(arrays) << arrays.error().message;
        if (!bad) {
          EXPECT_TRUE(unused);
          break;
        }
        ++failures;
        std::vector<uint32_t> bits;
        for (float value : w0)
          bits.push_back(std::bit_cast<uint32_t>(value));
        EXPECT_EQ(arrays->front().name, "w");
        EXPECT_EQ(arrays->front().bits, bits);
      }
      EXPECT_GT(failures, 0) << one << ", " << call;
    }
}

TEST_F(CudaFailures, AResetThatFailsCanBeRepeated) {
  CompileOptions options;
  options.device = "cuda";
  auto begin = [&](const std::string &device) {
    options.device = device;
    Result<Model> model = Model::create(numeric::compile({"lsq", "adam"}, options),
                                        numeric::shortRun(), {{300, 3, 1}, {20, 1, 1}});
    EXPECT_TRUE(model) << model.error().message;
    EXPECT_FALSE(model->attach(numeric::randomValues(model->size(), 3)));
    EXPECT_FALSE(model->advance(numeric::randomValues(model->size(), 4)));
    return std::move(*model);
  };
  Model host = begin("host");
  ASSERT_FALSE(host.reset());
  ASSERT_FALSE(host.advance(numeric::randomValues(host.size(), 5)));
  auto wanted = host.arrays();
  int failures = 0;
  for (int nth = 1; nth < 20; ++nth) {
    Model device = begin("cuda");
    std::vector<int64_t> t = (*device).t();
    standinFail("cuMemAlloc_v2", nth, outOfMemory);
    if (device.reset()) {
      ++failures;
      EXPECT_EQ((*device).t(), t) << "the optimizer's counter is that of its states";
      ASSERT_FALSE(device.reset());
    }
    bool unused = standinClear();
    EXPECT_EQ((*device).t(), std::vector<int64_t>(t.size(), 1));
    ASSERT_FALSE(device.advance(numeric::randomValues(device.size(), 5)));
    auto actual = device.arrays();
    ASSERT_TRUE(wanted && actual);
    EXPECT_EQ(difference(*actual, *wanted), "");
    if (unused)
      break;
  }
  EXPECT_GT(failures, 0);
}

TEST_F(CudaFailures, OutOfMemorySaysHowMuchThereIs) {
  standinMemory(1 << 20);
  auto result = live(pair, "cuda", {{1 << 20}});
  standinMemory(1 << 30);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            "CUDA: 4194304 bytes on cuda:0 (stand-in 0): cuMemAlloc_v2 gives "
            "CUDA_ERROR_OUT_OF_MEMORY (2): out of memory; free memory of the device, or train a "
            "smaller model\n1048576 of 1048576 bytes are free");
  EXPECT_EQ(standinLive(), 0);
}

TEST_F(CudaFailures, TensorsOfTheHostAreRefused) {
  CompileOptions options;
  options.device = "cuda";
  auto method = numeric::compile({"md_tanh_s", "sgd"}, options);
  auto stepper = Stepper::create(method, numeric::shortRun());
  ASSERT_TRUE(stepper) << stepper.error().message;
  std::vector<float> weight(4), stored(4);
  TensorRef tensor;
  tensor.size = 4;
  tensor.weight = weight.data();
  tensor.stored.assign(method->stored.size(), stored.data());
  Status bad = stepper->attach({&tensor, 1});
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->message, "CUDA: a tensor lies in the host's memory; its kernels run on a device");
  EXPECT_EQ(bad->kind, ErrorKind::Usage);
}

} // namespace
