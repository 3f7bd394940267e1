// Every method of the library has the same bits on a device as on the host: at all tails, on
// misaligned tensors, in every element type, in one launch for all tensors.
#include "test/frontend/numeric/Library.h"
#include "test/cuda/Calls.h"
#include "test/cuda/Model.h"

using namespace bregman;
using namespace bregman::testing;

namespace {

struct Case {
  numeric::Pair pair;
  ElementType element;
};

std::string nameOf(ElementType element) {
  return element == ElementType::F32 ? "f32" : element == ElementType::BF16 ? "bf16" : "f16";
}

std::ostream &operator<<(std::ostream &stream, const Case &test) {
  return stream << test.pair << " in " << nameOf(test.element);
}

class CudaLibrary : public ::testing::TestWithParam<Case> {};

/// Where each weight goes its own way, with values at the edge of what f32 is.
std::vector<float> values(const Case &test, int64_t size, uint64_t seed) {
  std::vector<float> all = numeric::randomValues(size, seed);
  const std::vector<float> &edges = numeric::edgeValues();
  if (numeric::isPerWeight(test.pair))
    for (size_t i = seed % 7; i < all.size(); i += 7)
      all[i] = edges[(seed + i / 7) % edges.size()];
  return all;
}

TEST_P(CudaLibrary, HasTheHostsBits) {
  const Case &test = GetParam();
  CompileOptions options;
  options.element = test.element;
  auto onHost = numeric::compile(test.pair, options);
  options.device = "cuda";
  auto onDevice = numeric::compile(test.pair, options);
  auto host = Model::create(onHost, numeric::shortRun(), allTails());
  auto device = Model::create(onDevice, numeric::shortRun(), allTails());
  ASSERT_TRUE(host) << host.error().message;
  ASSERT_TRUE(device) << device.error().message;
  for (const auto &[name, value] : numeric::livelyNumbers())
    host->set(name, value), device->set(name, value);
  (**host).setSeed(5), (**device).setSeed(5);

  auto compare = [&](const char *moment, Status onHost, Status onDevice) {
    ASSERT_FALSE(onHost) << onHost->message;
    ASSERT_FALSE(onDevice) << moment << ": " << onDevice->message
                           << (standinLog ? standinLog() : "");
    auto wanted = host->arrays(), actual = device->arrays();
    ASSERT_TRUE(wanted) << wanted.error().message;
    ASSERT_TRUE(actual) << actual.error().message << (standinLog ? standinLog() : "");
    ASSERT_EQ(difference(*actual, *wanted), "") << moment;
  };
  std::vector<float> w0 = values(test, host->size(), 3);
  compare("attach", host->attach(w0), device->attach(w0));
  for (uint64_t k = 0; k < 3 && !HasFatalFailure(); ++k) {
    std::vector<float> gradient = values(test, host->size(), 10 + k);
    compare("advance", host->advance(gradient), device->advance(gradient));
    if (k == 1 && !HasFatalFailure())
      compare("reset", host->reset(), device->reset());
  }
  if (!HasFatalFailure())
    compare("finalize", host->finalize(), device->finalize());
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const numeric::Pair &pair : numeric::pairs())
    all.push_back({pair, ElementType::F32});
  std::vector<numeric::Pair> some = numeric::eachQuantizer();
  for (size_t i = 0; i < some.size(); i += BREGMAN_TEST_SHARE)
    for (ElementType element : {ElementType::BF16, ElementType::F16})
      all.push_back({some[i], element});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Library, CudaLibrary, ::testing::ValuesIn(cases()), [](const auto &info) {
  return info.param.pair.quantizer + "_" + info.param.pair.optimizer + "_" +
         nameOf(info.param.element);
});

} // namespace
