// Approximate code, on a stand-in whose approximations are as far off as a GPU's may be: the values
// are near the host's, and no others than those that were asked for are approximate.
#include "test/cuda/Calls.h"
#include "test/cuda/Model.h"
#include "test/frontend/numeric/Library.h"

#include <bit>
#include <cmath>

using namespace bregman;
using namespace bregman::testing;

namespace {

class CudaFast : public ::testing::TestWithParam<numeric::Pair> {
protected:
  void SetUp() override {
    if (standinApproximate)
      standinApproximate(true);
  }
  void TearDown() override {
    if (standinApproximate)
      standinApproximate(false);
  }

  static std::vector<Model::Array> after(const std::string &device, bool fast, int steps) {
    CompileOptions options;
    options.device = device;
    options.fast = fast;
    auto method = numeric::compile(GetParam(), options);
    auto model = Model::create(method, numeric::shortRun(), {{1000}, {37, 1, 1}});
    EXPECT_TRUE(model) << model.error().message;
    Status bad = model->attach(numeric::randomValues(model->size(), 3));
    for (int k = 0; k < steps && !bad; ++k)
      bad = model->advance(numeric::randomValues(model->size(), 10 + uint64_t(k)));
    EXPECT_FALSE(bad) << bad->message << (standinLog ? standinLog() : "");
    auto arrays = model->arrays();
    EXPECT_TRUE(arrays) << arrays.error().message;
    return *arrays;
  }
};

TEST_P(CudaFast, IsNearTheHost) {
  auto wanted = after("host", false, 3), actual = after("cuda", true, 3);
  ASSERT_EQ(actual.size(), wanted.size());
  int different = 0;
  for (size_t a = 0; a < wanted.size(); ++a)
    for (size_t i = 0; i < wanted[a].bits.size(); ++i) {
      auto w = std::bit_cast<float>(wanted[a].bits[i]), x = std::bit_cast<float>(actual[a].bits[i]);
      different += w != x;
      // A tanh is off by 2^-11 of itself, all else by a few ulp of what it is computed from.
      ASSERT_NEAR(x, w, 0x1p-11 * std::fabs(w) + 1e-5) << wanted[a].name << "[" << i << "]";
    }
  EXPECT_GT(different, 0) << "nothing was approximate";
}

TEST_P(CudaFast, WithoutItTheSameKernelsAreExact) {
  EXPECT_EQ(difference(after("cuda", false, 3), after("host", false, 3)), "");
}

// tanh, exp and sigmoid with quotients; Adam divides and takes roots.
INSTANTIATE_TEST_SUITE_P(Some, CudaFast,
                         ::testing::Values(numeric::Pair{"md_tanh_s", "adam"},
                                           numeric::Pair{"md_softmax_s", "adam"},
                                           numeric::Pair{"pmf", "momentum"}),
                         numeric::nameOf);

TEST(CudaFastCode, IsRefusedWhereOnlyIeeeIsTaken) {
  if (!standinApproximate)
    GTEST_SKIP() << "the driver is a real one";
  CompileOptions options;
  options.device = "cuda";
  options.fast = true;
  auto method = numeric::compile({"md_tanh_s", "momentum"}, options);
  auto model = Model::create(method, numeric::shortRun(), {{8}});
  ASSERT_TRUE(model);
  Status bad = model->attach(numeric::randomValues(8, 3));
  ASSERT_TRUE(bad);
  EXPECT_NE(bad->message.find("without `.rn` it may be contracted"), std::string::npos)
      << bad->message;
  standinLog();
}

} // namespace
