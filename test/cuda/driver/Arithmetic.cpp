// Arithmetic. What a device may round in another way than IEEE says is refused: `.approx`, `.ftz`,
// and sums and products without `.rn`, which an assembler may contract.
#include "test/cuda/driver/Decoder.h"
#include "test/cuda/driver/Lanes.h"
#include "test/cuda/driver/State.h"

#include <cmath>
#include <limits>

namespace bregman::standin {

namespace {

constexpr auto add = [](auto a, auto b) { return canonical(decltype(a)(a + b)); };
constexpr auto sub = [](auto a, auto b) { return canonical(decltype(a)(a - b)); };
constexpr auto mul = [](auto a, auto b) { return canonical(decltype(a)(a * b)); };
constexpr auto quotient = [](auto a, auto b) { return canonical(a / b); };
constexpr auto fused = [](auto a, auto b, auto c) { return canonical(std::fma(a, b, c)); };
constexpr auto root = [](auto a) { return canonical(std::sqrt(a)); };
constexpr auto reciprocal = [](auto a) { return canonical(1 / a); };

/// Division by zero gives all ones; the one that overflows gives its dividend.
constexpr auto divide = [](auto a, auto b) {
  using T = decltype(a);
  if (b == 0)
    return T(~T(0));
  if (std::is_signed_v<T> && b == T(-1))
    return T(T(0) - a);
  return T(a / b);
};
constexpr auto remainder = [](auto a, auto b) {
  using T = decltype(a);
  if (b == 0)
    return a;
  if (std::is_signed_v<T> && b == T(-1))
    return T(0);
  return T(a % b);
};

template <class T>
using Twice = std::conditional_t<
    sizeof(T) == 8, std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>,
    std::conditional_t<sizeof(T) == 4, std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>,
                       std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>>>;

constexpr auto high = [](auto a, auto b) {
  using T = decltype(a);
  return T((Twice<T>(a) * Twice<T>(b)) >> (8 * sizeof(T)));
};
constexpr auto madLow = [](auto a, auto b, auto c) { return decltype(a)(a * b + c); };
constexpr auto madHigh = [](auto a, auto b, auto c) { return decltype(a)(high(a, b) + c); };

template <class T> constexpr bool isFloat = std::is_floating_point_v<T>;

/// The other where one is NaN; -0 is less than +0.
constexpr auto least = [](auto a, auto b) {
  using T = decltype(a);
  if constexpr (isFloat<T>) {
    if (a != a || b != b)
      return canonical(a != a ? b : a);
    return a == b ? (std::signbit(a) ? a : b) : (a < b ? a : b);
  } else {
    return T(a < b ? a : b);
  }
};
constexpr auto greatest = [](auto a, auto b) {
  using T = decltype(a);
  if constexpr (isFloat<T>) {
    if (a != a || b != b)
      return canonical(a != a ? b : a);
    return a == b ? (std::signbit(a) ? b : a) : (a > b ? a : b);
  } else {
    return T(a > b ? a : b);
  }
};
constexpr auto leastOrNaN = [](auto a, auto b) {
  return a != a || b != b ? canonical(std::numeric_limits<decltype(a)>::quiet_NaN()) : least(a, b);
};
constexpr auto greatestOrNaN = [](auto a, auto b) {
  return a != a || b != b ? canonical(std::numeric_limits<decltype(a)>::quiet_NaN())
                          : greatest(a, b);
};
constexpr auto absolute = [](auto a) {
  using T = decltype(a);
  if constexpr (isFloat<T>)
    return std::fabs(a);
  else
    return T(a < 0 ? -a : a);
};
constexpr auto negative = [](auto a) { return decltype(a)(-a); };
/// The same of 16-bit floats.
constexpr auto withoutSign = [](uint16_t a) { return uint16_t(a & 0x7fff); };
constexpr auto flipped = [](uint16_t a) { return uint16_t(a ^ 0x8000); };
/// The sign of the first on the second.
constexpr auto signOf = [](auto a, auto b) { return std::copysign(b, a); };

bool isFloating(Type type) { return type == Type::F32 || type == Type::F64; }

using Signed = Types<int16_t, int32_t, int64_t>;
using Narrow = Types<uint16_t, int16_t, uint32_t, int32_t>;

/// `.rn` and the type of a sum or product of floats.
Type takeRounded(Decoder &d) {
  bool rounded = d.take("rn");
  Type type = d.takeType();
  // Who takes approximations may contract it; here it is not.
  bool mayContract = type == Type::F32 && !rounded && State::get().approximate &&
                     (d.base() == "add" || d.base() == "sub" || d.base() == "mul");
  if (isFloating(type) != rounded && !mayContract)
    d.fail(rounded ? "not for this type" : "without `.rn` it may be contracted");
  return type;
}

void sum(Decoder &d, bool isAdd) {
  Type type = takeRounded(d);
  d.plain(type, 2);
  d.out.run =
      isAdd
          ? binaryOf<add,
                     Types<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t, float, double>>(
                type)
          : binaryOf<sub,
                     Types<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t, float, double>>(
                type);
}

template <class T> struct Wider;
template <> struct Wider<uint16_t> {
  using type = uint32_t;
};
template <> struct Wider<int16_t> {
  using type = int32_t;
};
template <> struct Wider<uint32_t> {
  using type = uint64_t;
};
template <> struct Wider<int32_t> {
  using type = int64_t;
};

constexpr auto wideMul = [](auto a, auto b) {
  using W = typename Wider<decltype(a)>::type;
  return W(W(a) * W(b));
};
constexpr auto wideMad = [](auto a, auto b, auto c) { return decltype(c)(wideMul(a, b) + c); };

Type widerOf(Type type) {
  switch (type) {
  case Type::U16:
    return Type::U32;
  case Type::S16:
    return Type::S32;
  case Type::U32:
    return Type::U64;
  default:
    return Type::S64;
  }
}

void wide(Decoder &d, bool adds) {
  Type type = d.takeType();
  if (type != Type::U16 && type != Type::S16 && type != Type::U32 && type != Type::S32)
    d.fail("not for this type");
  d.needOperands(adds ? 4 : 3);
  d.out.to[0] = d.target(0, widerOf(type));
  d.out.from[0] = d.source(1, type);
  d.out.from[1] = d.source(2, type);
  if (adds)
    d.out.from[2] = d.source(3, widerOf(type));
  d.out.run = Narrow::pick(type, [&](auto t) -> Handler {
    using T = decltype(t);
    using W = typename Wider<T>::type;
    return adds ? &ternary<W, T, T, W, wideMad> : &binary<W, T, T, wideMul>;
  });
}

void product(Decoder &d, bool adds) {
  if (d.take("wide"))
    return wide(d, adds);
  if (int part = d.takeOneOf({"lo", "hi"}); part >= 0) {
    Type type = d.takeType();
    d.plain(type, adds ? 3 : 2);
    d.out.run = part == 0
                    ? (adds ? ternaryOf<madLow, Integers>(type) : binaryOf<mul, Integers>(type))
                    : (adds ? ternaryOf<madHigh, Integers>(type) : binaryOf<high, Integers>(type));
    return;
  }
  Type type = takeRounded(d);
  if (!isFloating(type))
    d.fail("`.lo`, `.hi` or `.wide` is missing");
  d.plain(type, adds ? 3 : 2);
  d.out.run = adds ? ternaryOf<fused, Floats>(type) : binaryOf<mul, Floats>(type);
}

} // namespace

bool decodeArithmetic(Decoder &d) {
  const std::string &base = d.base();
  if (base == "add" || base == "sub") {
    sum(d, base == "add");
  } else if (base == "mul") {
    product(d, false);
  } else if (base == "mad" || base == "fma") {
    product(d, true);
  } else if (base == "div") {
    Type type = takeRounded(d);
    d.plain(type, 2);
    d.out.run =
        isFloating(type) ? binaryOf<quotient, Floats>(type) : binaryOf<divide, Integers>(type);
  } else if (base == "rem") {
    Type type = d.takeType();
    d.plain(type, 2);
    d.out.run = binaryOf<remainder, Integers>(type);
  } else if (base == "sqrt" || base == "rcp") {
    Type type = takeRounded(d);
    d.plain(type, 1);
    d.out.run = base == "sqrt" ? unaryOf<root, Floats>(type) : unaryOf<reciprocal, Floats>(type);
  } else if (base == "min" || base == "max") {
    bool spreads = d.take("NaN"), isMin = base == "min";
    Type type = d.takeType();
    d.plain(type, 2);
    if (spreads)
      d.out.run = type != Type::F32 ? nullptr
                  : isMin           ? binaryOf<leastOrNaN, Floats>(type)
                                    : binaryOf<greatestOrNaN, Floats>(type);
    else
      d.out.run =
          isFloating(type)
              ? (isMin ? binaryOf<least, Floats>(type) : binaryOf<greatest, Floats>(type))
              : (isMin ? binaryOf<least, Integers>(type) : binaryOf<greatest, Integers>(type));
  } else if (base == "abs" || base == "neg") {
    Type type = d.takeType();
    d.plain(type, 1);
    bool isAbs = base == "abs";
    if (type == Type::F16 || type == Type::BF16)
      d.out.run =
          isAbs ? &unary<uint16_t, uint16_t, withoutSign> : &unary<uint16_t, uint16_t, flipped>;
    else if (isFloating(type))
      d.out.run = isAbs ? unaryOf<absolute, Floats>(type) : unaryOf<negative, Floats>(type);
    else
      d.out.run = isAbs ? unaryOf<absolute, Signed>(type) : unaryOf<negative, Signed>(type);
  } else if (base == "copysign") {
    Type type = d.takeType();
    d.plain(type, 2);
    d.out.run = binaryOf<signOf, Floats>(type);
  } else {
    return false;
  }
  return true;
}

} // namespace bregman::standin
