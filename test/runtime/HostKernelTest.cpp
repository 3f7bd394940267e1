// A launch gives the same bits for any number of threads, any alignment, and by either variant.
#include "TestKernels.h"

#include <thread>

using namespace bregman;
using namespace bregman::testing;

namespace {

const std::vector<float> scalars = {0.1f, 0.9f, 1.75f};

/// The bits after `steps` launches, one plain call per tensor.
std::vector<uint32_t> reference(const Model &model, int steps) {
  for (int step = 0; step < steps; ++step)
    for (const Segment &segment : model.segments())
      momentumPlain(segment.size, segment.streams.data(), scalars.data());
  return model.bits();
}

std::vector<int64_t> manySizes() {
  std::vector<int64_t> sizes = {0, 1, 4096, 10'000};
  for (int64_t tail = 0; tail < 34; ++tail)
    sizes.push_back(tail);
  for (int64_t tail = 0; tail < 17; ++tail)
    sizes.push_back(4096 + tail);
  sizes.push_back(33'333);
  return sizes;
}

TEST(HostKernel, SameBitsForAnyThreadsAlignmentAndVariant) {
  for (bool aligned : {false, true}) {
    std::vector<uint32_t> want = reference(Model(manySizes(), 1, aligned), 3);
    for (bool streaming : {false, true})
      for (int threads : {1, 2, 7}) {
        Model model(manySizes(), 1, aligned);
        CutPolicy policy{
            .lanes = lanes, .cacheBytes = streaming ? 1 : 1 << 30, .bytesPerThread = 0};
        HostKernel kernel = momentumKernel(policy);
        streamingCalls = 0;
        auto partition = kernel.partition(model.segments(), threads);
        for (int step = 0; step < 3; ++step)
          kernel.launch(*partition, scalars);
        EXPECT_TRUE(model.bits() == want) << threads << " threads, aligned: " << aligned;
        EXPECT_EQ(streamingCalls > 0, streaming);
      }
  }
}

TEST(HostKernel, EveryTailOfASingleTensor) {
  for (int64_t size = 0; size < 130; ++size)
    for (int threads : {1, 3}) {
      Model model({4096 + size}, unsigned(size));
      std::vector<uint32_t> want = reference(Model({4096 + size}, unsigned(size)), 1);
      momentumKernel({.lanes = lanes, .cacheBytes = 1, .bytesPerThread = 0})
          .launch(model.segments(), scalars, threads);
      ASSERT_TRUE(model.bits() == want) << size;
    }
}

TEST(HostKernel, WithoutStreamingCodeAllIsPlain) {
  Model model({50'000}, 2);
  std::vector<uint32_t> want = reference(Model({50'000}, 2), 1);
  plainCalls = streamingCalls = 0;
  momentumKernel({.lanes = lanes, .cacheBytes = 1, .bytesPerThread = 0}, /*streaming=*/false)
      .launch(model.segments(), scalars, 2);
  EXPECT_TRUE(model.bits() == want);
  EXPECT_EQ(streamingCalls, 0);
  EXPECT_EQ(plainCalls, 2);
}

TEST(HostKernel, HalfPrecisionStreamsAndPlanesAreCutWithTheWeights) {
  // Two f32 planes in, their sum's upper half out.
  auto code = [](int64_t size, void *const *s, const float *) {
    auto *a = static_cast<const float *>(s[0]), *b = static_cast<const float *>(s[1]);
    auto *w = static_cast<uint16_t *>(s[2]);
    for (int64_t i = 0; i < size; ++i) {
      float sum = a[i] + b[i];
      uint32_t bits;
      std::memcpy(&bits, &sum, sizeof bits);
      w[i] = uint16_t(bits >> 16);
    }
  };
  HostKernel kernel(
      {"half", {{"x", Access::In, ElementType::F32, 2}, {"w", Access::Out, ElementType::BF16}}},
      {code, code, nullptr}, {.cacheBytes = 1, .bytesPerThread = 0});
  const int64_t size = 10'007;
  std::vector<float> x(2 * size);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = float(i);
  std::vector<uint16_t> want(size + 2, 7);
  void *streams[] = {x.data(), x.data() + size, want.data() + 1};
  code(size, streams, nullptr);
  for (int threads : {1, 2, 7}) {
    std::vector<uint16_t> w(size + 2, 7);
    std::vector<Segment> segments = {{size, {x.data(), x.data() + size, w.data() + 1}}};
    kernel.launch(segments, {}, threads);
    EXPECT_TRUE(w == want) << threads;
  }
}

TEST(HostKernel, LaunchesFromSeveralThreadsAtOnce) {
  std::vector<uint32_t> want = reference(Model({20'000, 77}, 3), 20);
  HostKernel kernel = momentumKernel({.lanes = lanes, .cacheBytes = 1, .bytesPerThread = 0});
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller)
    callers.emplace_back([&] {
      Model model({20'000, 77}, 3);
      auto partition = kernel.partition(model.segments(), 3);
      for (int step = 0; step < 20; ++step)
        kernel.launch(*partition, scalars);
      wrong += model.bits() != want;
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(HostKernel, CodeLivesAsLongAsTheKernel) {
  auto owner = std::make_shared<int>(0);
  std::weak_ptr<int> watch = owner;
  auto kernel =
      std::make_unique<HostKernel>(KernelSignature{"k", momentumStreams(), {"lr", "mu", "beta"}},
                                   HostCode{momentumPlain, nullptr, std::move(owner)});
  EXPECT_FALSE(watch.expired());
  kernel.reset();
  EXPECT_TRUE(watch.expired());
}

} // namespace
