// The inverse of a chain of functions, evaluated at the value of the chain.
#include "Chain.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using bregman::test::Chain;

namespace {

TEST(InverseTest, ofAChainIsTheChainOfInversesBackwards) {
  Chain chain("%two = arith.constant 2.0 : f64\n"
              "%c = arith.constant 0.25 : f64\n"
              "%0 = arith.subf %x, %c : f64\n"
              "%1 = arith.mulf %two, %0 : f64\n"
              "%2 = math.tanh %1 : f64\n"
              "%r = arith.divf %2, %two : f64");
  FailureOr<Value> inverse = chain.inverted();
  ASSERT_TRUE(succeeded(inverse));
  for (double x : {-0.7, 0.0, 0.3, 1.1})
    EXPECT_NEAR(chain.at(*inverse, 0, chain.at(chain.root(), x, 0)), x, 1e-12);
}

TEST(InverseTest, ofErfAndAtanHasAllDigits) {
  for (const char *function : {"erf", "atan"}) {
    Chain chain(std::string("%r = math.") + function + " %x : f64");
    FailureOr<Value> inverse = chain.inverted();
    ASSERT_TRUE(succeeded(inverse));
    for (double x : {-3.0, -0.8, -1e-9, 0.0, 1e-300, 0.04, 0.5, 1.0, 2.0, 2.9}) {
      // What rounding of the value alone does to the operand.
      double slope = function == std::string("erf") ? std::exp(-x * x) : 1 / (1 + x * x);
      double allowed = std::abs(x) * 1e-14 + 4e-16 / slope;
      EXPECT_NEAR(chain.at(*inverse, 0, chain.at(chain.root(), x, 0)), x, allowed) << function;
    }
  }
  Chain erf("%r = math.erf %x : f64");
  EXPECT_EQ(erf.at(*erf.inverted(), 0, 1), INFINITY);
  EXPECT_EQ(erf.at(*erf.inverted(), 0, -1), -INFINITY);
}

TEST(InverseTest, failsOnAFunctionWithoutAClosedInverse) {
  Chain chain("%r = math.floor %x : f64");
  EXPECT_TRUE(failed(chain.inverted()));
}

} // namespace
