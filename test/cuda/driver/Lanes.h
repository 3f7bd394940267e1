// How a function of values becomes one of rows. The rows of small types hold them in 32 bits.
#pragma once

#include "test/cuda/driver/Warp.h"

#include <bit>
#include <cstring>
#include <type_traits>

namespace bregman::standin {

template <class T> inline T get(const uint32_t *row, int lane) {
  if constexpr (sizeof(T) == 8) {
    T value;
    std::memcpy(&value, row + 2 * lane, 8);
    return value;
  } else if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<float>(row[lane]);
  } else {
    return T(row[lane]);
  }
}

template <class T> inline void put(uint32_t *row, int lane, T value) {
  if constexpr (sizeof(T) == 8)
    std::memcpy(row + 2 * lane, &value, 8);
  else if constexpr (std::is_same_v<T, float>)
    row[lane] = std::bit_cast<uint32_t>(value);
  else if constexpr (std::is_same_v<T, bool>)
    row[lane] = value;
  else
    row[lane] = std::make_unsigned_t<T>(value);
}

/// Calls `body` for every lane of `active`; without a test where all are.
template <class Body> inline void forLanes(uint32_t active, Body body) {
  if (active == ~0u) {
    for (int lane = 0; lane < Warp::lanes; ++lane)
      body(lane);
    return;
  }
  for (; active; active &= active - 1)
    body(std::countr_zero(active));
}

/// What hardware gives for a NaN that arithmetic in f32 makes.
template <class T> inline T canonical(T value) {
  if constexpr (std::is_same_v<T, float>)
    return value == value ? value : std::bit_cast<float>(0x7fffffffu);
  else
    return value;
}

template <class R, class A, auto function>
void unary(Warp &warp, const Instruction &in, uint32_t active) {
  uint32_t *to = warp.row(in.to[0]);
  const uint32_t *a = warp.row(in.from[0]);
  forLanes(active, [&](int lane) { put<R>(to, lane, R(function(get<A>(a, lane)))); });
}

template <class R, class A, class B, auto function>
void binary(Warp &warp, const Instruction &in, uint32_t active) {
  uint32_t *to = warp.row(in.to[0]);
  const uint32_t *a = warp.row(in.from[0]), *b = warp.row(in.from[1]);
  forLanes(active,
           [&](int lane) { put<R>(to, lane, R(function(get<A>(a, lane), get<B>(b, lane)))); });
}

template <class R, class A, class B, class C, auto function>
void ternary(Warp &warp, const Instruction &in, uint32_t active) {
  uint32_t *to = warp.row(in.to[0]);
  const uint32_t *a = warp.row(in.from[0]), *b = warp.row(in.from[1]), *c = warp.row(in.from[2]);
  forLanes(active, [&](int lane) {
    put<R>(to, lane, R(function(get<A>(a, lane), get<B>(b, lane), get<C>(c, lane))));
  });
}

/// The Type of a C++ type.
template <class T> constexpr Type typeOf() {
  if constexpr (std::is_same_v<T, float>)
    return Type::F32;
  else if constexpr (std::is_same_v<T, double>)
    return Type::F64;
  else if constexpr (std::is_same_v<T, bool>)
    return Type::Pred;
  else if constexpr (sizeof(T) == 1)
    return std::is_signed_v<T> ? Type::S8 : Type::U8;
  else if constexpr (sizeof(T) == 2)
    return std::is_signed_v<T> ? Type::S16 : Type::U16;
  else if constexpr (sizeof(T) == 4)
    return std::is_signed_v<T> ? Type::S32 : Type::U32;
  else
    return std::is_signed_v<T> ? Type::S64 : Type::U64;
}

/// A list of C++ types to choose from by a Type.
template <class... Ts> struct Types {
  /// The handler that `make`, called with a value of the type, gives; null where it is not listed.
  template <class Make> static Handler pick(Type type, Make make) {
    Handler found = nullptr;
    ((type == typeOf<Ts>() ? (found = make(Ts()), 0) : 0), ...);
    return found;
  }
};

using Integers = Types<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>;
using Floats = Types<float, double>;

template <auto function, class List> Handler unaryOf(Type type) {
  return List::pick(type, [](auto t) -> Handler {
    using T = decltype(t);
    return &unary<T, T, function>;
  });
}
template <auto function, class List> Handler binaryOf(Type type) {
  return List::pick(type, [](auto t) -> Handler {
    using T = decltype(t);
    return &binary<T, T, T, function>;
  });
}
template <auto function, class List> Handler ternaryOf(Type type) {
  return List::pick(type, [](auto t) -> Handler {
    using T = decltype(t);
    return &ternary<T, T, T, T, function>;
  });
}

} // namespace bregman::standin
