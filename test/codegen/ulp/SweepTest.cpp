// The yardstick itself: what is an error, what is a wrong special value, what is out of order.
#include "Sweep.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace bregman::ulp {
namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

TEST(ErrorInUlp, IsRelativeToTheBinadeOfTheExactValue) {
  EXPECT_EQ(errorInUlp(1.0f, 1.0), 0);
  EXPECT_EQ(errorInUlp(0x1.000002p0f, 1.0), 1);
  EXPECT_EQ(errorInUlp(1.0f, 0x1.000001p0), 0.5);
  // Just below a power of two an ulp is half as wide.
  EXPECT_EQ(errorInUlp(1.0f, 0x1.ffffffp-1), 0.5);
  EXPECT_EQ(errorInUlp(-3.0f, -3.0 - 0x1p-22), 1);
}

TEST(ErrorInUlp, HasOneUlpForAllSubnormals) {
  EXPECT_EQ(errorInUlp(0x1p-149f, 0x1.8p-149), 0.5);
  EXPECT_EQ(errorInUlp(0.0f, 0x1p-150), 0.5);
  EXPECT_EQ(errorInUlp(0x1p-126f, 0x1p-126 + 0x1p-149), 1);
}

TEST(ErrorInUlp, TakesAnOverflowForTheNextNumber) {
  EXPECT_EQ(errorInUlp(inf, 0x1.fffffep127), 1);
  EXPECT_EQ(errorInUlp(inf, 0x1p128), 0);
  EXPECT_EQ(errorInUlp(0x1.fffffep127f, 0x1p129), 0x1p22 + 0.25);
}

TEST(ErrorInUlp, RefusesWrongSpecialValues) {
  EXPECT_EQ(errorInUlp(nan, std::nan("")), 0);
  EXPECT_EQ(errorInUlp(nan, 1.0), -1);
  EXPECT_EQ(errorInUlp(1.0f, std::nan("")), -1);
  EXPECT_EQ(errorInUlp(inf, HUGE_VAL), 0);
  EXPECT_EQ(errorInUlp(-inf, HUGE_VAL), -1);
  EXPECT_EQ(errorInUlp(-inf, 0x1p200), -1);
  EXPECT_EQ(errorInUlp(-0.0f, -0.0), 0);
  EXPECT_EQ(errorInUlp(0.0f, -0.0), -1);
}

/// Runs compiled code: AVX2 at least.
class Sweep : public testing::Test {
protected:
  void SetUp() override {
    if (llvm::none_of(widths, canRun))
      GTEST_SKIP() << "this CPU has no AVX2 with FMA";
  }
};

double saw(double x, double) { return std::floor(x) - 0.1 * x; }
double same(double x, double) { return x; }

constexpr uint64_t fewArguments = 1000003;

TEST_F(Sweep, FindsDescents) {
  Function f = {"saw",
                "%f = math.floor %x : $T\n%c = arith.constant $C(0.1)\n"
                "%g = arith.mulf %c, %x : $T\n%y = arith.subf %f, %g : $T",
                saw,
                1e9,
                1e9,
                Order::Increasing};
  auto summary = sweep(f, fewArguments, 1);
  ASSERT_TRUE(bool(summary)) << llvm::toString(summary.takeError());
  EXPECT_GT(summary->descents, 0u);
  EXPECT_FALSE(summary->keeps(f));
}

TEST_F(Sweep, FindsWrongSpecialValues) {
  // x + 0 is wrong at -0 alone.
  Function f = {"plus_zero", "%c = arith.constant $C(0.0)\n%y = arith.addf %x, %c : $T",
                same,        0.5,
                0.5,         Order::Increasing};
  auto summary = sweep(f, fewArguments, 2);
  ASSERT_TRUE(bool(summary)) << llvm::toString(summary.takeError());
  EXPECT_GT(summary->wrongSpecials, 0u);
  EXPECT_EQ(summary->firstWrongSpecial, 0.0f);
  EXPECT_EQ(summary->normal.ulp, 0);
  EXPECT_EQ(summary->bitDifferences, 0u);
}

TEST_F(Sweep, FindsBitsThatDifferBetweenWidths) {
  Function f = {"lanes", "%lanes = arith.constant $C($L.0)\n%y = arith.mulf %x, %lanes : $T",
                same,    1e9,
                1e9,     Order::None};
  auto summary = sweep(f, fewArguments, 1);
  ASSERT_TRUE(bool(summary)) << llvm::toString(summary.takeError());
  if (summary->widthsCompared > 1)
    EXPECT_GT(summary->bitDifferences, 0u);
}

TEST_F(Sweep, RefusesAFunctionThatIsLeftToALibrary) {
  Function f = {"sin", "%y = math.sin %x : $T", same, 1, 1, Order::None};
  auto summary = sweep(f, fewArguments, 1);
  ASSERT_FALSE(summary);
  std::string message = llvm::toString(summary.takeError());
  EXPECT_NE(message.find("would become a call of the library function 'sin'"), std::string::npos)
      << message;
}

} // namespace
} // namespace bregman::ulp
