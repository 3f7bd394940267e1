// Logic, shifts and fields.
#include "test/cuda/driver/Decoder.h"
#include "test/cuda/driver/Lanes.h"

#include <algorithm>

namespace bregman::standin {

namespace {

constexpr auto both = [](auto a, auto b) { return decltype(a)(a & b); };
constexpr auto either = [](auto a, auto b) { return decltype(a)(a | b); };
constexpr auto differs = [](auto a, auto b) { return decltype(a)(a ^ b); };
constexpr auto inverse = [](auto a) {
  if constexpr (std::is_same_v<decltype(a), bool>)
    return !a;
  else
    return decltype(a)(~a);
};

/// Shifts by more than there are bits leave none, or the sign.
template <class T> T shifted(T a, uint32_t by, bool left) {
  constexpr uint32_t width = 8 * sizeof(T);
  if (left)
    return by >= width ? T(0) : T(a << by);
  if (by >= width)
    return a < 0 ? T(-1) : T(0);
  return T(a >> by);
}
constexpr auto left = [](auto a, uint32_t by) { return shifted(a, by, true); };
constexpr auto right = [](auto a, uint32_t by) { return shifted(a, by, false); };

/// The funnel shifts: c of the 64 bits b:a.
uint32_t funnel(uint32_t a, uint32_t b, uint32_t by, bool isLeft) {
  uint64_t both = uint64_t(b) << 32 | a;
  return isLeft ? uint32_t((both << by) >> 32) : uint32_t(both >> by);
}
constexpr auto leftWrap = [](uint32_t a, uint32_t b, uint32_t c) {
  return funnel(a, b, c & 31, true);
};
constexpr auto rightWrap = [](uint32_t a, uint32_t b, uint32_t c) {
  return funnel(a, b, c & 31, false);
};
constexpr auto leftClamp = [](uint32_t a, uint32_t b, uint32_t c) {
  return c >= 32 ? a : funnel(a, b, c, true);
};
constexpr auto rightClamp = [](uint32_t a, uint32_t b, uint32_t c) {
  return c >= 32 ? b : funnel(a, b, c, false);
};

/// Four bytes of the eight of b:a; a selector's bit 3 spreads the byte's sign.
constexpr auto permute = [](uint32_t a, uint32_t b, uint32_t selectors) {
  uint64_t bytes = uint64_t(b) << 32 | a;
  uint32_t result = 0;
  for (int i = 0; i < 4; ++i) {
    uint32_t selector = selectors >> (4 * i) & 15;
    uint32_t byte = uint32_t(bytes >> (8 * (selector & 7))) & 255;
    if (selector & 8)
      byte = byte & 128 ? 255 : 0;
    result |= byte << (8 * i);
  }
  return result;
};

constexpr auto extract = [](auto a, uint32_t position, uint32_t length) {
  using T = decltype(a);
  constexpr uint32_t width = 8 * sizeof(T);
  position &= 255;
  length &= 255;
  if (length == 0)
    return T(0);
  if (!std::is_signed_v<T>) {
    T moved = position >= width ? T(0) : T(a >> position);
    return length >= width ? moved : T(moved & ((T(1) << length) - 1));
  }
  T moved = T(a >> std::min(position, width - 1));
  if (length >= width)
    return moved;
  return T(T(moved << (width - length)) >> (width - length));
};

constexpr auto ones = [](auto a) { return uint32_t(std::popcount(a)); };
constexpr auto zeros = [](auto a) { return uint32_t(std::countl_zero(a)); };
constexpr auto reversed = [](auto a) {
  using T = decltype(a);
  T result = 0;
  for (size_t i = 0; i < 8 * sizeof(T); ++i)
    result |= T(a >> i & 1) << (8 * sizeof(T) - 1 - i);
  return result;
};

using Words = Types<bool, uint16_t, uint32_t, uint64_t>;
using Unsigned = Types<uint32_t, uint64_t>;

void shift(Decoder &d, bool isLeft) {
  Type type = d.takeType();
  d.needOperands(3);
  d.out.to[0] = d.target(0, type);
  d.out.from[0] = d.source(1, type);
  d.out.from[1] = d.source(2, Type::U32);
  d.out.run = Integers::pick(type, [&](auto t) -> Handler {
    using T = decltype(t);
    return isLeft ? &binary<T, T, uint32_t, left> : &binary<T, T, uint32_t, right>;
  });
}

void table(Warp &warp, const Instruction &in, uint32_t active) {
  uint32_t *to = warp.row(in.to[0]);
  const uint32_t *a = warp.row(in.from[0]), *b = warp.row(in.from[1]), *c = warp.row(in.from[2]);
  forLanes(active, [&](int lane) {
    uint32_t result = 0;
    for (int i = 0; i < 8; ++i)
      if (in.mode >> i & 1)
        result |= (i & 4 ? a[lane] : ~a[lane]) & (i & 2 ? b[lane] : ~b[lane]) &
                  (i & 1 ? c[lane] : ~c[lane]);
    to[lane] = result;
  });
}

void insert(Warp &warp, const Instruction &in, uint32_t active) {
  uint32_t *to = warp.row(in.to[0]);
  const uint32_t *a = warp.row(in.from[0]), *b = warp.row(in.from[1]), *c = warp.row(in.from[2]),
                 *e = warp.row(in.from[3]);
  forLanes(active, [&](int lane) {
    uint64_t position = c[lane] & 255, length = e[lane] & 255;
    uint64_t mask = length >= 32 ? 0xffffffffu : (uint64_t(1) << length) - 1;
    uint32_t moved = position >= 32 ? 0 : uint32_t(mask << position);
    to[lane] = (b[lane] & ~moved) | (position >= 32 ? 0 : (a[lane] << position) & moved);
  });
}

} // namespace

bool decodeBits(Decoder &d) {
  const std::string &base = d.base();
  if (base == "and" || base == "or" || base == "xor") {
    Type type = d.takeType();
    d.plain(type, 2);
    d.out.run = base == "and"  ? binaryOf<both, Words>(type)
                : base == "or" ? binaryOf<either, Words>(type)
                               : binaryOf<differs, Words>(type);
  } else if (base == "not") {
    Type type = d.takeType();
    d.plain(type, 1);
    d.out.run = unaryOf<inverse, Words>(type);
  } else if (base == "shl" || base == "shr") {
    shift(d, base == "shl");
  } else if (base == "shf") {
    bool isLeft = d.takeOneOf({"r", "l"}) == 1, wraps = d.takeOneOf({"clamp", "wrap"}) == 1;
    d.need("b32");
    d.plain(Type::U32, 3);
    constexpr auto of = [](auto function) -> Handler {
      return &ternary<uint32_t, uint32_t, uint32_t, uint32_t, decltype(function){}>;
    };
    d.out.run =
        isLeft ? (wraps ? of(leftWrap) : of(leftClamp)) : (wraps ? of(rightWrap) : of(rightClamp));
  } else if (base == "prmt") {
    d.need("b32");
    d.plain(Type::U32, 3);
    d.out.run = &ternary<uint32_t, uint32_t, uint32_t, uint32_t, permute>;
  } else if (base == "lop3") {
    d.need("b32");
    d.needOperands(5);
    d.out.to[0] = d.target(0, Type::U32);
    for (size_t i = 0; i < 3; ++i)
      d.out.from[i] = d.source(i + 1, Type::U32);
    d.out.mode = int(d.operand(4).bits);
    d.out.run = &table;
  } else if (base == "bfe") {
    Type type = d.takeType();
    d.needOperands(4);
    d.out.to[0] = d.target(0, type);
    d.out.from[0] = d.source(1, type);
    d.out.from[1] = d.source(2, Type::U32);
    d.out.from[2] = d.source(3, Type::U32);
    d.out.run = Types<uint32_t, int32_t, uint64_t, int64_t>::pick(type, [](auto t) -> Handler {
      using T = decltype(t);
      return &ternary<T, T, uint32_t, uint32_t, extract>;
    });
  } else if (base == "bfi") {
    d.need("b32");
    d.plain(Type::U32, 4);
    d.out.run = &insert;
  } else if (base == "popc" || base == "clz") {
    Type type = d.takeType();
    d.needOperands(2);
    d.out.to[0] = d.target(0, Type::U32);
    d.out.from[0] = d.source(1, type);
    d.out.run = Unsigned::pick(type, [&](auto t) -> Handler {
      using T = decltype(t);
      return base == "popc" ? &unary<uint32_t, T, ones> : &unary<uint32_t, T, zeros>;
    });
  } else if (base == "brev") {
    Type type = d.takeType();
    d.plain(type, 1);
    d.out.run = unaryOf<reversed, Unsigned>(type);
  } else {
    return false;
  }
  return true;
}

} // namespace bregman::standin
