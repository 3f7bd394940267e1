// Approximations, where the stand-in has been told to take them. They are off by as much as
// the PTX ISA says that they may be: who takes them for exact shall see it.
#include "test/cuda/driver/Decoder.h"
#include "test/cuda/driver/Lanes.h"
#include "test/cuda/driver/State.h"

#include <bit>
#include <cmath>

namespace bregman::standin {

namespace {

constexpr double ulp = 0x1p-23; // of 1, and at most that much of any number, relatively

/// `exact`, off by some share of `relative`, the same for the same value.
float off(double exact, double relative) {
  auto rounded = static_cast<float>(exact);
  if (!std::isfinite(rounded) || rounded == 0)
    return canonical(rounded);
  uint32_t hash = std::bit_cast<uint32_t>(rounded) * 0x9e3779b9U;
  double share = static_cast<double>(hash >> 8) / (1 << 23) - 1;
  return static_cast<float>(exact * (1 + relative * share));
}

// What is left of each bound is for the rounding in off(), and two ulp may be one of the number's.
constexpr auto tanhOf = [](float x) { return off(std::tanh(double(x)), 0x1p-11 - ulp); };
constexpr auto exp2Of = [](float x) { return off(std::exp2(double(x)), 0.5 * ulp); };
constexpr auto reciprocal = [](float x) { return off(1 / double(x), 0.5 * ulp); };
constexpr auto quotient = [](float x, float y) {
  bool isLarge = std::fabs(y) > 0x1p126f && std::isfinite(y);
  return off(isLarge ? double(x) * std::copysign(0.0, double(y)) : double(x) / double(y),
             0.5 * ulp);
};

} // namespace

bool decodeApproximate(Decoder &d) {
  const std::string &base = d.base();
  if (!State::get().approximate ||
      (base != "div" && base != "rcp" && base != "tanh" && base != "ex2") || !d.take("approx"))
    return false;
  Type type = d.takeType();
  if (type != Type::F32)
    d.fail("not for this type");
  d.plain(type, base == "div" ? 2 : 1);
  d.out.run = base == "div"    ? &binary<float, float, float, quotient>
              : base == "rcp"  ? &unary<float, float, reciprocal>
              : base == "tanh" ? &unary<float, float, tanhOf>
                               : &unary<float, float, exp2Of>;
  return true;
}

} // namespace bregman::standin
