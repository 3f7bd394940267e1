// cvt. Values pass through a type that holds both sides exactly, so they are rounded once.
#include "test/cuda/driver/Decoder.h"
#include "test/cuda/driver/Lanes.h"
#include "test/cuda/driver/Narrow.h"

#include <limits>
#include <utility>

namespace bregman::standin {

namespace {

enum Rounding { None, Nearest, Zero, Down, Up };

struct Half {};
struct Brain {};

/// A floating value of the row.
template <class T> double fromFloat(const uint32_t *row, int lane) {
  if constexpr (std::is_same_v<T, Half>)
    return widen(uint16_t(row[lane]), half);
  else if constexpr (std::is_same_v<T, Brain>)
    return widen(uint16_t(row[lane]), brain);
  else
    return get<T>(row, lane);
}

double integral(double value, int mode) {
  switch (mode) {
  case Nearest:
    return std::nearbyint(value);
  case Zero:
    return std::trunc(value);
  case Down:
    return std::floor(value);
  case Up:
    return std::ceil(value);
  default:
    return value;
  }
}

/// Out of range goes to the end of the range, NaN to 0; what a device does for all but 64 bits.
template <class T> T saturated(double value) {
  if (std::isnan(value))
    return 0;
  constexpr int digits = std::numeric_limits<T>::digits;
  if (value >= std::ldexp(1.0, digits))
    return std::numeric_limits<T>::max();
  if (value <= double(std::numeric_limits<T>::min()))
    return std::numeric_limits<T>::min();
  return T(value);
}

template <class To> void putFloat(uint32_t *row, int lane, double value, bool sat) {
  if (sat)
    value = value > 0 ? (value < 1 ? value : 1) : 0;
  if constexpr (std::is_same_v<To, Half>)
    row[lane] = narrow(value, half);
  else if constexpr (std::is_same_v<To, Brain>)
    row[lane] = narrow(value, brain);
  else
    put<To>(row, lane, canonical(To(value)));
}

template <class To, class From>
void floatToFloat(Warp &warp, const Instruction &in, uint32_t active) {
  uint32_t *to = warp.row(in.to[0]);
  const uint32_t *from = warp.row(in.from[0]);
  forLanes(active, [&](int lane) {
    putFloat<To>(to, lane, integral(fromFloat<From>(from, lane), in.mode), in.sat);
  });
}

void brainToFloat(Warp &warp, const Instruction &in, uint32_t active) {
  uint32_t *to = warp.row(in.to[0]);
  const uint32_t *from = warp.row(in.from[0]);
  forLanes(active, [&](int lane) {
    to[lane] = std::bit_cast<uint32_t>(canonical(std::bit_cast<float>(from[lane] << 16)));
  });
}

/// Two at once: the first goes into the upper half.
template <class To> void pair(Warp &warp, const Instruction &in, uint32_t active) {
  constexpr Format format = std::is_same_v<To, Half> ? half : brain;
  uint32_t *to = warp.row(in.to[0]);
  const uint32_t *high = warp.row(in.from[0]), *low = warp.row(in.from[1]);
  forLanes(active, [&](int lane) {
    to[lane] = uint32_t(narrow(get<float>(high, lane), format)) << 16 |
               narrow(get<float>(low, lane), format);
  });
}

template <class To, class From>
void floatToInt(Warp &warp, const Instruction &in, uint32_t active) {
  uint32_t *to = warp.row(in.to[0]);
  const uint32_t *from = warp.row(in.from[0]);
  forLanes(active, [&](int lane) {
    put<To>(to, lane, saturated<To>(integral(fromFloat<From>(from, lane), in.mode)));
  });
}

template <class To, class From>
void intToFloat(Warp &warp, const Instruction &in, uint32_t active) {
  uint32_t *to = warp.row(in.to[0]);
  const uint32_t *from = warp.row(in.from[0]);
  forLanes(active, [&](int lane) {
    if constexpr (std::is_floating_point_v<To>)
      put<To>(to, lane, To(get<From>(from, lane)));
    else
      putFloat<To>(to, lane, double(get<From>(from, lane)), false);
  });
}

template <class To, class From> void intToInt(Warp &warp, const Instruction &in, uint32_t active) {
  uint32_t *to = warp.row(in.to[0]);
  const uint32_t *from = warp.row(in.from[0]);
  forLanes(active, [&](int lane) {
    From value = get<From>(from, lane);
    if (in.sat) {
      constexpr To low = std::numeric_limits<To>::min(), high = std::numeric_limits<To>::max();
      if (std::cmp_less(value, low))
        value = From(low); // NOLINT(bugprone-signed-char-misuse): a number
      else if (std::cmp_greater(value, high))
        value = From(high);
    }
    // A register that is wider than the type gets the value's own extension.
    if constexpr (sizeof(To) < 4)
      put<uint32_t>(to, lane, uint32_t(int64_t(To(value))) & uint32_t(in.offset));
    else
      put<To>(to, lane, To(value));
  });
}

template <class To> Handler fromInts(Type from) {
  return Types<uint8_t, int8_t, uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>::pick(
      from, [&](auto t) -> Handler {
        using From = decltype(t);
        if constexpr (std::is_integral_v<To>)
          return &intToInt<To, From>;
        else
          return &intToFloat<To, From>;
      });
}

template <class To> Handler fromFloats(Type from) {
  constexpr bool isInt = std::is_integral_v<To>;
#define BREGMAN_FROM(T)                                                                            \
  [] {                                                                                             \
    if constexpr (isInt)                                                                           \
      return Handler(&floatToInt<To, T>);                                                          \
    else                                                                                           \
      return Handler(&floatToFloat<To, T>);                                                        \
  }()
  switch (from) {
  case Type::F16:
    return BREGMAN_FROM(Half);
  case Type::BF16:
    return BREGMAN_FROM(Brain);
  case Type::F32:
    return BREGMAN_FROM(float);
  case Type::F64:
    return BREGMAN_FROM(double);
  default:
    return fromInts<To>(from);
  }
#undef BREGMAN_FROM
}

Handler handlerOf(Type to, Type from) {
  if (to == Type::F32 && from == Type::BF16)
    return &brainToFloat;
  if (to == Type::F16)
    return fromFloats<Half>(from);
  if (to == Type::BF16)
    return fromFloats<Brain>(from);
  return Types<uint8_t, int8_t, uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t, float,
               double>::pick(to, [&](auto t) { return fromFloats<decltype(t)>(from); });
}

bool isFloat(Type type) { return type >= Type::F16; }

/// What has to be said about rounding: where a value may not be exact, and nowhere else.
void checkRounding(Decoder &d, Type to, Type from, bool rounds, bool toIntegral) {
  bool inexact = isFloat(to) && (!isFloat(from) || bitsOf(to) < bitsOf(from));
  if (isFloat(from) && !isFloat(to) && !toIntegral)
    d.fail("a rounding to an integer is missing");
  if (inexact && !rounds)
    d.fail("a rounding is missing");
}

} // namespace

bool decodeConversion(Decoder &d) {
  if (d.base() != "cvt")
    return false;
  int integer = d.takeOneOf({"rni", "rzi", "rmi", "rpi"});
  bool nearest = integer < 0 && d.take("rn");
  d.out.mode = integer + 1;
  d.out.sat = d.take("sat");
  if (int packed = d.takeOneOf({"f16x2", "bf16x2"}); packed >= 0) {
    d.need("f32");
    d.needOperands(3);
    if (!nearest)
      d.fail("`.rn` is missing");
    d.out.to[0] = d.target(0, Type::U32);
    d.out.from[0] = d.source(1, Type::F32);
    d.out.from[1] = d.source(2, Type::F32);
    d.out.run = packed == 0 ? &pair<Half> : &pair<Brain>;
    return true;
  }
  Type to = d.takeType(), from = d.takeType();
  d.needOperands(2);
  checkRounding(d, to, from, nearest, integer >= 0);
  d.out.to[0] = d.target(d.operand(0), to, /*wider=*/!isFloat(to));
  d.out.from[0] = d.source(d.operand(1), from, /*wider=*/!isFloat(from));
  // 8 bits in a register of 16 or 32.
  d.out.offset = d.bitsOfRegister(d.operand(0)) == 16 ? 0xffff : 0xffffffff;
  d.out.run = handlerOf(to, from);
  return true;
}

} // namespace bregman::standin
