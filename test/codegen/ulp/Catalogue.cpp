// The promises: a bound here is what docs/functions.md prints and what the tests hold us to.
#include "Catalogue.h"

#include <bit>
#include <cmath>
#include <iterator>
#include <limits>

namespace bregman::ulp {

template <double (*f)(double)> static double unary(double x, double) { return f(x); }

static double sigmoid(double x, double) {
  double e = std::exp(-std::fabs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

static constexpr float infinity = std::numeric_limits<float>::infinity();
static constexpr float specialExponents[] = {
    0.0f,  -0.0f,    1.0f,        -1.0f,     2.0f,    3.0f,
    -2.0f, -3.0f,    0.5f,        -0.5f,     1.5f,    infinity,
    7.0f,  0x1p24f,  0x1p23f,     -infinity, 1e-40f,  8388607.0f,
    1e38f, 0x1p-30f, 16777215.0f, -33.0f,    0x1p22f, std::numeric_limits<float>::quiet_NaN()};

/// An exponent for every x, scattered so that the powers cover all magnitudes of f32 and a little
/// beyond; every eighth is a special one.
static float exponentFor(float x) {
  uint32_t hash = std::bit_cast<uint32_t>(x) * 0x9e3779b1u;
  hash = (hash ^ hash >> 15) * 0x85ebca77u;
  hash ^= hash >> 13;
  if (hash % 8 == 0)
    return specialExponents[hash / 8 % std::size(specialExponents)];
  double target = static_cast<double>(hash >> 3) * 0x1p-29 * 282.0 - 151.0;
  double log = std::log2(std::fabs(static_cast<double>(x)));
  float exponent = static_cast<float>(target / log);
  // Negative numbers have powers where the exponent is an integer.
  return std::signbit(x) && hash % 2 == 0 ? std::round(exponent) : exponent;
}

static double pow(double x, double z) { return std::pow(x, z); }
template <int numerator, int denominator> static double fixedPow(double x, double) {
  // The exponent is the f32 that the code has.
  return std::pow(x, static_cast<float>(numerator) / static_cast<float>(denominator));
}

// clang-format off
static const Function functions[] = {
    {"exp", "%y = math.exp %x : $T", unary<std::exp>, 0.59, 0.79, Order::Increasing},
    {"log", "%y = math.log %x : $T", unary<std::log>, 0.83, 0, Order::Increasing},
    {"log2", "%y = math.log2 %x : $T", unary<std::log2>, 0.51, 0, Order::Increasing},
    {"sigmoid", "%y = bregman.sigmoid %x : $T", sigmoid, 0.83, 0.79, Order::Increasing},
    {"tanh", "%y = math.tanh %x : $T", unary<std::tanh>, 0.88, 0.51, Order::Increasing},
    {"atanh", "%y = math.atanh %x : $T", unary<std::atanh>, 0.68, 0.51, Order::Increasing},
    {"atan", "%y = math.atan %x : $T", unary<std::atan>, 0.93, 0.51, Order::Increasing},
    {"erf", "%y = math.erf %x : $T", unary<std::erf>, 0.90, 0.51, Order::Increasing},
    {"sqrt", "%y = math.sqrt %x : $T", unary<std::sqrt>, 0.5, 0, Order::Increasing},
    {"x ^ y", "%y = math.powf %x, %z : $T", pow, 0.66, 0.80, Order::None, exponentFor,
     specialExponents},
#define FIXED_POWER(name, value, numerator, denominator, bound, subnormalBound, order)             \
    {"x ^ " name, "%z1 = arith.constant " value "\n%y = math.powf %x, %z1 : $T",                   \
     fixedPow<numerator, denominator>, bound, subnormalBound, Order::order}
    FIXED_POWER("0.5", "$C(0.5)", 1, 2, 0.5, 0, Increasing),
    FIXED_POWER("-0.5", "$C(-0.5)", -1, 2, 0.66, 0, Decreasing),
    FIXED_POWER("1.5", "$C(1.5)", 3, 2, 0.66, 0.80, Increasing),
    FIXED_POWER("2/3", "$C(0x3F2AAAAB)", 2, 3, 0.66, 0, Increasing),
    FIXED_POWER("-1", "$C(-1.0)", -1, 1, 0.5, 0.5, Decreasing),
    FIXED_POWER("2", "$C(2.0)", 2, 1, 0.5, 0.5, None),
    FIXED_POWER("3", "$C(3.0)", 3, 1, 1.0, 1.0, Increasing),
    FIXED_POWER("4", "$C(4.0)", 4, 1, 1.0, 1.0, None),
    FIXED_POWER("-7", "$C(-7.0)", -7, 1, 0.66, 0.80, Decreasing),
#undef FIXED_POWER
};
// clang-format on

llvm::ArrayRef<Function> catalogue() { return functions; }

} // namespace bregman::ulp
