// A step that was captured once: each replay has the numbers of its own step, and the bits of the
// host, which takes the steps one by one.
#include "test/cuda/Calls.h"
#include "test/cuda/Model.h"
#include "test/frontend/numeric/Library.h"

#include <map>
#include <optional>

using namespace bregman;
using namespace bregman::testing;

namespace {

const std::vector<Shape> shapes = {{5}, {0}, {515}, {300, 3, 1}};

/// A model of the host beside one of a device, and a stream of the latter.
class CudaReplay : public ::testing::TestWithParam<numeric::Pair> {
protected:
  void SetUp() override { start(GetParam()); }

  void start(const numeric::Pair &pair) {
    void *context = nullptr;
    ASSERT_EQ(cuInit(0), 0);
    ASSERT_EQ(cuDevicePrimaryCtxRetain(&context, 0), 0);
    ASSERT_EQ(cuCtxPushCurrent_v2(context), 0);
    ASSERT_EQ(cuStreamCreate(&stream, 0), 0);
    CompileOptions options;
    auto onHost = numeric::compile(pair, options);
    options.device = "cuda";
    auto onDevice = numeric::compile(pair, options);
    auto madeHost = Model::create(onHost, numeric::shortRun(), shapes);
    auto madeDevice = Model::create(onDevice, numeric::shortRun(), shapes);
    ASSERT_TRUE(madeHost && madeDevice);
    host.emplace(std::move(*madeHost));
    device.emplace(std::move(*madeDevice));
    for (Model *model : {&*host, &*device}) {
      for (const auto &[name, value] : numeric::livelyNumbers())
        model->set(name, value);
      (**model).setSeed(5);
    }
    (**device).setStream(stream);
    std::vector<float> w0 = numeric::randomValues(host->size(), 3);
    ASSERT_FALSE(host->attach(w0));
    ASSERT_FALSE(device->attach(w0));
  }

  void TearDown() override {
    if (!stream)
      return;
    for (void *executable : executables)
      EXPECT_EQ(cuGraphExecDestroy(executable), 0);
    device.reset();
    EXPECT_EQ(cuStreamDestroy_v2(stream), 0);
    EXPECT_EQ(cuCtxPopCurrent_v2(nullptr), 0);
    EXPECT_EQ(cuDevicePrimaryCtxRelease_v2(0), 0);
  }

  /// The step, as a graph.
  void *capture(const std::vector<float> &gradient) {
    void *graph = nullptr, *executable = nullptr;
    EXPECT_FALSE(device->giveGradient(gradient));
    EXPECT_EQ(cuStreamSynchronize(nullptr), 0);
    EXPECT_EQ(cuStreamBeginCapture_v2(stream, 0), 0);
    Status bad = device->step();
    EXPECT_EQ(cuStreamEndCapture(stream, &graph), 0);
    EXPECT_FALSE(bad) << bad->message;
    EXPECT_EQ(cuGraphInstantiateWithFlags(&executable, graph, 0), 0);
    EXPECT_EQ(cuGraphDestroy(graph), 0);
    executables.push_back(executable);
    return executable;
  }

  void replay(void *graph, const std::vector<float> &gradient) {
    ASSERT_FALSE(device->giveGradient(gradient));
    Status bad = device->prepareReplay();
    ASSERT_FALSE(bad) << bad->message;
    ASSERT_EQ(cuGraphLaunch(graph, stream), 0);
    bad = device->finishReplay();
    ASSERT_FALSE(bad) << bad->message;
  }

  void compare() {
    ASSERT_EQ(cuStreamSynchronize(stream), 0) << (standinLog ? standinLog() : "");
    auto wanted = host->arrays(), actual = device->arrays();
    ASSERT_TRUE(wanted && actual);
    ASSERT_EQ(difference(*actual, *wanted), "");
    EXPECT_EQ((**device).step(), (**host).step());
  }

  void *stream = nullptr;
  std::optional<Model> host, device;
  std::vector<void *> executables;
};

std::vector<float> gradientOf(const Model &model, uint64_t step) {
  return numeric::randomValues(model.size(), 10 + step);
}

TEST_P(CudaReplay, HasTheNumbersOfItsStep) {
  // Before the first step, where nothing of it lies on the device yet.
  void *graph = capture(gradientOf(*host, 99));
  EXPECT_EQ((**device).step(), 0) << "nothing was done yet";
  compare();
  for (uint64_t k = 0; k < 6 && !HasFatalFailure(); ++k) {
    std::vector<float> gradient = gradientOf(*host, k);
    if (k == 3)
      for (Model *model : {&*host, &*device})
        model->set("lr", 0.03125);
    ASSERT_FALSE(host->advance(gradient));
    if (k == 4) { // between two replays, one without
      ASSERT_FALSE(device->advance(gradient));
    } else {
      replay(graph, gradient);
    }
    compare();
  }
}

INSTANTIATE_TEST_SUITE_P(Library, CudaReplay, ::testing::ValuesIn(numeric::eachQuantizer()),
                         [](const auto &info) {
                           return info.param.quantizer + "_" + info.param.optimizer;
                         });

class CudaReplays : public CudaReplay {
protected:
  void SetUp() override {}

  /// What a second replay asks of the driver, but for its context and whether something captures.
  std::map<std::string, int64_t> callsOfAReplay(const numeric::Pair &pair) {
    start(pair);
    void *graph = capture(gradientOf(*host, 0));
    replay(graph, gradientOf(*host, 0));
    EXPECT_FALSE(device->giveGradient(gradientOf(*host, 1)));
    std::map<std::string, int64_t> calls;
    for (int i = 0; const char *name = standinFunction(i); ++i)
      calls[name] = -standinCalls(name);
    EXPECT_FALSE(device->prepareReplay());
    EXPECT_EQ(cuGraphLaunch(graph, stream), 0);
    EXPECT_FALSE(device->finishReplay());
    for (auto &[name, count] : calls)
      count += standinCalls(name.c_str());
    std::erase_if(calls, [](const auto &each) {
      return each.second == 0 || each.first.starts_with("cuCtx") ||
             each.first == "cuStreamIsCapturing";
    });
    for (uint64_t k = 0; k < 2; ++k)
      EXPECT_FALSE(host->advance(gradientOf(*host, k)));
    compare();
    return calls;
  }
};

using Calls = std::map<std::string, int64_t>;

// However many tensors there are: beside the graph's launch, one look at where they lie.
TEST_F(CudaReplays, AskForNothingWhereNoNumberHasChanged) {
  if (!standinCalls)
    GTEST_SKIP() << "the driver is a real one";
  EXPECT_EQ(callsOfAReplay({"float", "sgd"}),
            (Calls{{"cuGraphLaunch", 1}, {"cuPointerGetAttribute", 1}}));
}

TEST_F(CudaReplays, SendTheNumbersThatHaveChangedInOneCopy) {
  if (!standinCalls)
    GTEST_SKIP() << "the driver is a real one";
  EXPECT_EQ(
      callsOfAReplay({"md_tanh_s", "adam"}),
      (Calls{{"cuGraphLaunch", 1}, {"cuMemcpyHtoDAsync_v2", 1}, {"cuPointerGetAttribute", 1}}));
}

TEST_F(CudaReplays, OutliveOtherTensors) {
  start({"bwn", "adam"});
  void *graph = capture(gradientOf(*host, 0));
  // A step whose gradients lie elsewhere leaves the graph's addresses alone.
  std::vector<float> gradient = gradientOf(*host, 0);
  ASSERT_FALSE(host->advance(gradient));
  ASSERT_FALSE(device->advanceElsewhere(gradient));
  compare();
  for (uint64_t k = 1; k < 3; ++k) {
    gradient = gradientOf(*host, k);
    ASSERT_FALSE(host->advance(gradient));
    replay(graph, gradient);
    compare();
  }
}

TEST_F(CudaReplays, WantAStepThatWasCaptured) {
  start({"md_tanh_s", "adam"});
  ASSERT_FALSE(device->giveGradient(gradientOf(*host, 0)));
  Status bad = device->prepareReplay();
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->message, "method `md_tanh_s` by `adam` has no captured step to be replayed; take "
                          "one while the stream captures the graph");
  EXPECT_EQ(bad->kind, ErrorKind::Usage);
  bad = device->finishReplay();
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->message, "method `md_tanh_s` by `adam`: a replay begins with prepareReplay, which "
                          "gives the graph the numbers of its step");
}

TEST_F(CudaReplays, EndWhereTheMethodFreezes) {
  start({"proxquant", "adam"});
  void *graph = capture(gradientOf(*host, 0));
  int64_t k = 0;
  for (; !(**host).frozen() && k < 40; ++k) {
    ASSERT_FALSE(host->advance(gradientOf(*host, uint64_t(k))));
    replay(graph, gradientOf(*host, uint64_t(k)));
    compare();
  }
  ASSERT_TRUE((**device).frozen());
  const std::string expected = "method `proxquant` by `adam` is frozen at its final levels, and a "
                               "graph's step would move it; take the steps that follow outside of "
                               "the graph";
  Status bad = device->prepareReplay();
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->message, expected);
  void *other = nullptr;
  ASSERT_EQ(cuStreamBeginCapture_v2(stream, 0), 0);
  bad = device->step();
  ASSERT_EQ(cuStreamEndCapture(stream, &other), 0);
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->message, expected);
  EXPECT_EQ(cuGraphDestroy(other), 0);
  ASSERT_FALSE(device->advance(gradientOf(*host, 0)));
  EXPECT_EQ((**device).step(), k + 1);
}

} // namespace
