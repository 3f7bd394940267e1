// Passes over activations on a device: the host's bits, and no memory taken or given back once
// there is enough.
#include "test/cuda/Calls.h"
#include "test/frontend/numeric/Library.h"
#include "test/frontend/reference/ActivationSpecs.h"

using namespace bregman;
using namespace bregman::testing;

namespace {

Activator compile(const std::string &quantizer, const std::string &device) {
  static const Program program = std::move(*Program::parse("t.breg", activationSpecs));
  CompileOptions options;
  options.device = device;
  options.streaming = false;
  auto method = program.compileActivation(quantizer, options);
  EXPECT_TRUE(method) << method.error().message;
  auto made = Activator::create(*method, numeric::shortRun());
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

/// An activation of rows of equal length where the activator's tensors lie, and its gradients.
class Activation {
public:
  Activation(const Activator &activator, int64_t channels, int64_t length)
      : memory(activator.method().memory), size(channels * length) {
    ref.size = size;
    ref.channels = channels;
    ref.x = filled(numeric::randomValues(size, 3));
    ref.gradient = filled(numeric::randomValues(size, 4));
    ref.w = filled(std::vector<float>(size_t(size)));
    ref.xGradient = filled(std::vector<float>(size_t(size)));
    for (const StoredInfo &info : activator.method().stored) {
      std::vector<float> zeros(size_t(info.planes * info.count(size, channels)));
      ref.learned.push_back(filled(zeros));
      ref.learnedGradients.push_back(filled(zeros));
    }
  }

  /// Both passes, asked for and not waited for.
  void pass(const Activator &activator, void *stream) {
    ref.stream = stream;
    for (Status bad : {activator.forward(ref, 0), activator.backward(ref, 0)})
      EXPECT_FALSE(bad) << bad->message;
  }
  /// Both passes as far as they go.
  Status tryPass(const Activator &activator) {
    Status bad = activator.forward(ref, 0);
    return bad ? bad : activator.backward(ref, 0);
  }
  void initialize(const Activator &activator) {
    Status bad = activator.initialize(ref, 0);
    EXPECT_FALSE(bad) << bad->message;
  }
  /// The bits of what a pass writes.
  std::vector<uint32_t> written() const {
    std::vector<uint32_t> all;
    for (const void *array :
         {static_cast<const void *>(ref.w), static_cast<const void *>(ref.xGradient)}) {
      std::vector<uint32_t> bits(size_t(size), 0);
      EXPECT_FALSE(memory->copyOut(bits.data(), array, 4 * bits.size(), ref.stream));
      all.insert(all.end(), bits.begin(), bits.end());
    }
    return all;
  }

private:
  float *filled(const std::vector<float> &values) {
    Result<Buffer> made = Buffer::create(memory, 4 * values.size());
    EXPECT_TRUE(made) << made.error().message;
    EXPECT_FALSE(memory->copyIn(made->data(), values.data(), 4 * values.size(), nullptr));
    arrays.push_back(std::move(*made));
    return static_cast<float *>(arrays.back().data());
  }

  std::shared_ptr<Memory> memory;
  int64_t size;
  ActivationRef ref;
  std::vector<Buffer> arrays;
};

std::vector<uint32_t> onHost(const std::string &quantizer, int64_t channels, int64_t length) {
  Activator activator = compile(quantizer, "host");
  Activation activation(activator, channels, length);
  activation.initialize(activator);
  activation.pass(activator, nullptr);
  return activation.written();
}

class CudaActivator : public ::testing::TestWithParam<std::string> {
protected:
  /// How often memory was taken or given back; NVIDIA's driver does not say.
  static int64_t driverMemory() {
    return standinCalls ? standinCalls("cuMemAlloc_v2") + standinCalls("cuMemFree_v2") : 0;
  }
};

TEST_P(CudaActivator, TakesMemoryInItsFirstPassAlone) {
  int64_t live = standinLive ? standinLive() : 0;
  {
    Activator activator = compile(GetParam(), "cuda");
    // Two modules of one line, and the shorter batch at an epoch's end.
    Activation large(activator, 4, 1200), small(activator, 3, 20), last(activator, 4, 500);
    for (Activation *each : {&large, &small, &last}) {
      each->initialize(activator);
      each->pass(activator, nullptr);
    }
    int64_t before = driverMemory();
    for (Activation *each : {&small, &large, &last, &large, &small})
      each->pass(activator, nullptr);
    EXPECT_EQ(driverMemory(), before);
    EXPECT_EQ(large.written(), onHost(GetParam(), 4, 1200));
    EXPECT_EQ(small.written(), onHost(GetParam(), 3, 20));
    EXPECT_EQ(last.written(), onHost(GetParam(), 4, 500));
  }
  if (standinLive) {
    EXPECT_EQ(standinLive(), live) << "what was kept stays behind its owner";
  }
}

TEST_P(CudaActivator, StreamsHaveMemoryOfTheirOwn) {
  Activator activator = compile(GetParam(), "cuda");
  Activation one(activator, 4, 500), other(activator, 4, 700);
  one.initialize(activator);
  other.initialize(activator);
  void *context = nullptr, *streams[2] = {};
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&context, 0), 0);
  ASSERT_EQ(cuCtxPushCurrent_v2(context), 0);
  for (void *&stream : streams)
    ASSERT_EQ(cuStreamCreate(&stream, 0), 0);
  one.pass(activator, streams[0]);
  int64_t before = driverMemory();
  other.pass(activator, streams[1]);
  if (standinCalls) {
    EXPECT_GT(driverMemory(), before) << "the first stream may still be at work";
  }
  before = driverMemory();
  for (int k = 0; k < 2; ++k) {
    other.pass(activator, streams[1]);
    one.pass(activator, streams[0]);
  }
  EXPECT_EQ(driverMemory(), before);
  EXPECT_EQ(one.written(), onHost(GetParam(), 4, 500));
  EXPECT_EQ(other.written(), onHost(GetParam(), 4, 700));
  for (void *stream : streams)
    ASSERT_EQ(cuStreamDestroy_v2(stream), 0);
  ASSERT_EQ(cuCtxPopCurrent_v2(nullptr), 0);
  ASSERT_EQ(cuDevicePrimaryCtxRelease_v2(0), 0);
}

TEST_P(CudaActivator, APassThatFailsCanBeTakenAgain) {
  if (!standinFail)
    GTEST_SKIP() << "the driver is a real one";
  constexpr int outOfMemory = 2;
  for (const char *call : {"cuMemAlloc_v2", "cuMemcpyHtoDAsync_v2", "cuLaunchKernel",
                           "cuModuleGetFunction", "cuPointerGetAttribute"})
    for (int nth : {1, 2, 4}) {
      int64_t live = standinLive();
      {
        Activator activator = compile(GetParam(), "cuda");
        Activation activation(activator, 3, 20);
        activation.initialize(activator);
        standinFail(call, nth, outOfMemory);
        for (Status bad = activation.tryPass(activator); bad; bad = activation.tryPass(activator)) {
          EXPECT_EQ(bad->kind, ErrorKind::Environment);
          EXPECT_NE(bad->message.find(std::string(call) + " gives CUDA_ERROR_OUT_OF_MEMORY (2)"),
                    std::string::npos)
              << bad->message;
        }
        standinClear();
        EXPECT_EQ(activation.written(), onHost(GetParam(), 3, 20)) << call << ", " << nth;
      }
      EXPECT_EQ(standinLive(), live) << call << ", " << nth;
    }
}

// Values of a token, of a channel and of a group between kernels, and learned ones.
INSTANTIATE_TEST_SUITE_P(Some, CudaActivator,
                         ::testing::Values("bitnet_through_scale", "groups", "channel_mean",
                                           "lsq_channel"),
                         [](const auto &info) { return info.param; });

} // namespace
