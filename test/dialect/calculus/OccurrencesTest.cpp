// Inverses of functions in which the variable occurs more than once: in double precision against
// the function itself, in f32 against a bisection of the same f32 function.
#include "Chain.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using bregman::test::Chain;

namespace {

/// A function in lines of IR, with `$` for the type.
struct Form {
  const char *name;
  const char *body;
  /// Values of the function lie within (-bound, bound).
  double bound = 1;
};

std::string bodyOf(const Form &form, const std::string &type) {
  std::string body = "%one = arith.constant 1.0 : $\n%two = arith.constant 2.0 : $\n"
                     "%half = arith.constant 0.5 : $\n%minus = arith.constant -1.0 : $\n"
                     "%t = math.exp %two : $\n"; // a positive number that is no constant
  body += "%a = math.absf %x : $\n%s = bregman.sgn %x : $\n";
  body += form.body;
  for (size_t at; (at = body.find('$')) != std::string::npos;)
    body.replace(at, 1, type);
  return body;
}

std::ostream &operator<<(std::ostream &out, const Form &form) { return out << form.name; }

const Form odd[] = {
    {"softsign", "%0 = arith.addf %one, %a : $\n%r = arith.divf %x, %0 : $"},
    {"softsignWithTemperature", "%0 = arith.addf %t, %a : $\n%r = arith.divf %x, %0 : $"},
    {"softsignOfAMultiple", "%0 = arith.mulf %t, %x : $\n%1 = arith.mulf %t, %x : $\n"
                            "%2 = math.absf %1 : $\n%3 = arith.addf %one, %2 : $\n"
                            "%r = arith.divf %0, %3 : $"},
    {"negativeInside", "%0 = arith.negf %x : $\n%1 = math.absf %0 : $\n"
                       "%2 = arith.addf %1, %one : $\n%3 = arith.divf %0, %2 : $\n"
                       "%r = arith.negf %3 : $"},
    {"root", "%0 = math.powf %x, %two : $\n%1 = arith.addf %one, %0 : $\n"
             "%2 = math.sqrt %1 : $\n%r = arith.divf %x, %2 : $"},
    {"powerOfOneHalf", "%0 = arith.mulf %x, %x : $\n%1 = arith.addf %one, %0 : $\n"
                       "%2 = math.powf %1, %half : $\n%r = arith.divf %x, %2 : $"},
    {"rootWithTemperature", "%0 = math.powf %x, %two : $\n%1 = arith.mulf %t, %t : $\n"
                            "%2 = math.fma %x, %x, %1 : $\n%3 = math.sqrt %2 : $\n"
                            "%r = arith.divf %x, %3 : $"},
    {"laplace", "%0 = arith.negf %a : $\n%1 = math.exp %0 : $\n%2 = arith.subf %one, %1 : $\n"
                "%r = arith.mulf %s, %2 : $"},
    {"square", "%0 = arith.mulf %x, %a : $\n%1 = math.powf %x, %two : $\n"
               "%2 = arith.addf %one, %1 : $\n%r = arith.divf %0, %2 : $"},
    {"complement", "%0 = arith.addf %one, %a : $\n%1 = arith.divf %one, %0 : $\n"
                   "%2 = arith.subf %one, %1 : $\n%r = arith.mulf %s, %2 : $"},
    {"ofARoot", "%0 = math.sqrt %a : $\n%1 = arith.addf %one, %0 : $\n"
                "%2 = arith.divf %0, %1 : $\n%r = arith.mulf %s, %2 : $"},
    {"scaled",
     "%0 = arith.mulf %x, %x : $\n%1 = arith.addf %one, %0 : $\n"
     "%2 = math.sqrt %1 : $\n%3 = arith.mulf %half, %x : $\n"
     "%r = arith.divf %3, %2 : $",
     0.5},
    {"exponentials", "%0 = math.exp %x : $\n%1 = arith.negf %x : $\n%2 = math.exp %1 : $\n"
                     "%3 = arith.subf %0, %2 : $\n%4 = arith.addf %0, %2 : $\n"
                     "%r = arith.divf %3, %4 : $"},
    {"oneExponential", "%0 = arith.mulf %two, %x : $\n%1 = math.exp %0 : $\n"
                       "%2 = arith.subf %1, %one : $\n%3 = arith.addf %1, %one : $\n"
                       "%r = arith.divf %2, %3 : $"},
};

/// Strictly between the bounds, both signs, down to the least normal number and up to the last
/// number before the bound.
std::vector<double> values(double bound) {
  std::vector<double> all{0, 0x1p-126, 1e-30, 1e-12, 3e-8, 1e-7, 1e-5, 0.001};
  for (int i = 1; i < 400; ++i)
    all.push_back(i / 400.0);
  for (int i = 3; i <= 23; ++i)
    all.push_back(1 - std::ldexp(1.25, -i));
  for (double last = 1; all.size() < 440;)
    all.push_back(last = std::nextafterf(static_cast<float>(last), 0));
  std::vector<double> both;
  for (double y : all)
    for (double sign : {-1.0, 1.0})
      both.push_back(static_cast<float>(sign * y * bound));
  return both;
}

/// The f64 function at the f32 y, to the last bit.
double exactly(Chain &chain, double y) {
  double size = std::abs(y), low = 0, high = 0x1p64;
  while (high - low > high * 0x1p-50) {
    double middle = low < high / 4 ? std::max(high / 4, 0x1p-200) : low / 2 + high / 2;
    if (middle >= high)
      break;
    (chain.of(middle) < size ? low : high) = middle;
  }
  return std::copysign(high, y);
}

/// What a program would do in f32 without a formula.
double bisected(Chain &chain, double y) {
  auto rounded = [](double number) { return static_cast<float>(number); };
  float sign = y > 0 ? 1 : -1, size = rounded(std::abs(y));
  float low = rounded(std::log(0x1p-100)), high = rounded(std::log(0x1p64));
  auto halve = [&](bool isLogarithm) {
    float middle = (low + high) * 0.5F;
    float x = isLogarithm ? rounded(std::exp(middle)) : middle;
    (sign * chain.of(sign * x) < size ? low : high) = middle;
  };
  for (int i = 0; i < 16; ++i)
    halve(true);
  low = rounded(std::exp(low));
  high = rounded(std::exp(high));
  for (int i = 0; i < 16; ++i)
    halve(false);
  return y == 0 ? 0 : sign * high;
}

class OddTest : public testing::TestWithParam<Form> {};

TEST_P(OddTest, inDoublePrecision) {
  Chain chain(bodyOf(GetParam(), "f64"));
  FailureOr<Value> inverse = chain.inverted(), sharp = chain.sharpInverse();
  ASSERT_TRUE(succeeded(inverse) && succeeded(sharp));
  for (double size : {0.0, 1e-6, 0.01, 0.3, 0.9, 1.0, 2.5, 4.0, 7.0})
    for (double x : {size, -size}) {
      double y = chain.of(x), slope = (chain.of(x + 1e-6) - chain.of(x - 1e-6)) / 2e-6;
      double allowed = 1e-13 * (1 + size) + 4e-16 / slope;
      EXPECT_NEAR(chain.at(*inverse, 0, y), x, std::max(allowed, size == 0 ? 1e-13 : 0));
      EXPECT_NEAR(chain.at(*sharp, 0, y), x, std::max(allowed, size == 0 ? 1e-13 : 0));
    }
}

TEST_P(OddTest, inF32IsAsExactAsBisection) {
  Chain chain(bodyOf(GetParam(), "f32"), "f32"), wide(bodyOf(GetParam(), "f64"));
  FailureOr<Value> inverse = chain.sharpInverse();
  ASSERT_TRUE(succeeded(inverse));
  for (double y : values(GetParam().bound)) {
    double exact = exactly(wide, y), closed = chain.at(*inverse, 0, y);
    double fewDigits = 0x1p-21 * std::abs(exact);
    EXPECT_LE(std::abs(closed - exact), std::max(std::abs(bisected(chain, y) - exact), fewDigits))
        << y << " comes from " << exact << ", not from " << closed;
    if (y != 0)
      EXPECT_EQ(std::signbit(closed), std::signbit(y)) << y;
  }
  EXPECT_EQ(chain.at(*inverse, 0, 0), 0);
  EXPECT_EQ(chain.at(*inverse, 0, -0.0), 0);
}

INSTANTIATE_TEST_SUITE_P(Odd, OddTest, testing::ValuesIn(odd),
                         [](const auto &info) { return info.param.name; });

TEST(OccurrencesTest, ofASharedPartThatIsNotOdd) {
  // 1/4 + 1/2 e / (1 + e), e = exp(x): neither odd nor of sizes.
  Chain chain(bodyOf({"", "%0 = math.exp %x : $\n%1 = math.exp %x : $\n"
                          "%2 = arith.addf %one, %1 : $\n%3 = arith.divf %0, %2 : $\n"
                          "%4 = arith.mulf %half, %3 : $\n%5 = arith.mulf %half, %half : $\n"
                          "%r = arith.addf %4, %5 : $"},
                     "f64"));
  FailureOr<Value> inverse = chain.inverted();
  ASSERT_TRUE(succeeded(inverse));
  for (double x : {-9.0, -0.5, 0.0, 1e-3, 4.0})
    EXPECT_NEAR(chain.at(*inverse, 0, chain.of(x)), x, 1e-11);
}

TEST(OccurrencesTest, signIsThatOfTheFunctionAndNotOfTheOperand) {
  Chain chain(bodyOf({"", "%0 = arith.addf %one, %a : $\n%1 = arith.divf %x, %0 : $\n"
                          "%r = arith.mulf %minus, %1 : $"},
                     "f64"));
  FailureOr<Value> inverse = chain.inverted();
  ASSERT_TRUE(succeeded(inverse));
  EXPECT_EQ(chain.at(*inverse, 0, -0.75), 3);
  EXPECT_EQ(chain.at(*inverse, 0, 0.75), -3);
}

TEST(OccurrencesTest, roundingNextToTheBoundKeepsTheSign) {
  // 0.1 x / (1 + 3 |x|): 1 - 30 y would be below 0 for the last y if it came out of f32 like that.
  Chain chain(bodyOf({"", "%c = arith.constant 0.1 : $\n%3 = arith.constant 3.0 : $\n"
                          "%0 = arith.mulf %3, %a : $\n%1 = arith.addf %one, %0 : $\n"
                          "%2 = arith.mulf %c, %x : $\n%r = arith.divf %2, %1 : $"},
                     "f32"),
              "f32");
  FailureOr<Value> inverse = chain.sharpInverse();
  ASSERT_TRUE(succeeded(inverse));
  float y = 0.1F / 3;
  for (int i = 0; i < 8; ++i, y = std::nextafterf(y, 0))
    EXPECT_GT(chain.at(*inverse, 0, y), 1e5) << i;
}

class NoInverseTest : public testing::TestWithParam<Form> {};

TEST_P(NoInverseTest, fails) { EXPECT_TRUE(failed(Chain(bodyOf(GetParam(), "f64")).inverted())); }

const Form without[] = {
    {"transcendental", "%0 = math.tanh %x : $\n%r = arith.addf %x, %0 : $"},
    {"cubic", "%0 = arith.mulf %x, %x : $\n%1 = arith.mulf %0, %x : $\n"
              "%r = arith.addf %1, %x : $"},
    {"linearTermBesideTheSquare", "%0 = arith.mulf %x, %a : $\n%r = arith.addf %0, %x : $"},
    {"shifted", "%0 = arith.subf %x, %one : $\n%1 = math.absf %0 : $\n"
                "%2 = arith.addf %one, %1 : $\n%r = arith.divf %x, %2 : $"},
    {"shiftedSign", "%0 = arith.subf %x, %one : $\n%1 = bregman.sgn %0 : $\n"
                    "%2 = arith.addf %one, %a : $\n%3 = arith.divf %a, %2 : $\n"
                    "%r = arith.mulf %1, %3 : $"},
    {"even", "%0 = arith.addf %one, %a : $\n%r = arith.divf %a, %0 : $"},
    {"bump", "%0 = arith.mulf %x, %x : $\n%1 = arith.addf %one, %0 : $\n"
             "%r = arith.divf %x, %1 : $"},
    {"evenUnderARoot", "%0 = arith.mulf %x, %x : $\n%1 = arith.addf %one, %0 : $\n"
                       "%2 = math.sqrt %1 : $\n%r = arith.divf %one, %2 : $"},
    // Below 0 for sizes under 1, above 0 beyond.
    {"ofTwoSigns", "%0 = arith.subf %a, %one : $\n%r = arith.mulf %s, %0 : $"},
    // Nothing says that %y is above 0.
    {"poleSomewhere", "%0 = arith.addf %y, %a : $\n%r = arith.divf %x, %0 : $"},
    {"twoRoots", "%0 = arith.addf %one, %a : $\n%1 = math.sqrt %0 : $\n"
                 "%2 = arith.addf %two, %a : $\n%3 = math.sqrt %2 : $\n"
                 "%4 = arith.addf %1, %3 : $\n%r = arith.divf %x, %4 : $"},
    {"notThere", "%r = arith.addf %one, %two : $"},
};
INSTANTIATE_TEST_SUITE_P(Without, NoInverseTest, testing::ValuesIn(without),
                         [](const auto &info) { return info.param.name; });

} // namespace
