// Comparisons and selections.
#include "test/cuda/driver/Decoder.h"
#include "test/cuda/driver/Lanes.h"

namespace bregman::standin {

namespace {

/// Every comparison there is. The unordered ones also hold where one is NaN.
#define BREGMAN_COMPARISONS(X)                                                                     \
  X(eq, a == b)                                                                                    \
  X(ne, a != b && a == a && b == b)                                                                \
  X(lt, a < b)                                                                                     \
  X(le, a <= b)                                                                                    \
  X(gt, a > b)                                                                                     \
  X(ge, a >= b)                                                                                    \
  X(equ, a == b || a != a || b != b)                                                               \
  X(neu, a != b)                                                                                   \
  X(ltu, !(a >= b))                                                                                \
  X(leu, !(a > b))                                                                                 \
  X(gtu, !(a <= b))                                                                                \
  X(geu, !(a < b))                                                                                 \
  X(num, a == a && b == b)                                                                         \
  X(nan, a != a || b != b)                                                                         \
  X(lo, a < b)                                                                                     \
  X(ls, a <= b)                                                                                    \
  X(hi, a > b)                                                                                     \
  X(hs, a >= b)

#define X(name, holds) constexpr auto is_##name = [](auto a, auto b) { return holds; };
BREGMAN_COMPARISONS(X)
#undef X

template <auto holds> Handler comparison(Type type) {
  return Types<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t, float, double>::pick(
      type, [](auto t) -> Handler {
        using T = decltype(t);
        return &binary<bool, T, T, holds>;
      });
}

/// setp with a second result or a predicate to join: mode is 1 and, 2 or, 3 xor.
struct Join {
  static void apply(Warp &warp, const Instruction &in, uint32_t active) {
    uint32_t *to = warp.row(in.to[0]), *other = warp.row(in.to[1]);
    const uint32_t *c = warp.row(in.from[2]);
    forLanes(active, [&](int lane) {
      bool holds = to[lane], with = c[lane];
      auto joined = [&](bool value) {
        return in.mode == 1 ? value && with : in.mode == 2 ? value || with : value != with;
      };
      other[lane] = in.mode ? joined(!holds) : !holds;
      to[lane] = in.mode ? joined(holds) : holds;
    });
  }
};

template <auto holds, class T>
void compareAndJoin(Warp &warp, const Instruction &in, uint32_t active) {
  binary<bool, T, T, holds>(warp, in, active);
  Join::apply(warp, in, active);
}

template <auto holds> Handler joinedComparison(Type type) {
  return Types<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t, float, double>::pick(
      type, [](auto t) -> Handler { return &compareAndJoin<holds, decltype(t)>; });
}

void compare(Decoder &d) {
  static const std::map<std::string, std::pair<Handler (*)(Type), Handler (*)(Type)>> known = {
#define X(name, holds) {#name, {&comparison<is_##name>, &joinedComparison<is_##name>}},
      BREGMAN_COMPARISONS(X)
#undef X
  };
  std::pair<Handler (*)(Type), Handler (*)(Type)> which = {nullptr, nullptr};
  for (const auto &[name, handlers] : known)
    if (!which.first && d.take(name))
      which = handlers;
  if (!which.first)
    d.fail("unknown comparison");
  d.out.mode = d.takeOneOf({"and", "or", "xor"}) + 1;
  Type type = d.takeType();
  d.needOperands(d.out.mode ? 4 : 3);
  const RawOperand &to = d.operand(0);
  bool isPair = to.kind == RawOperand::Pair;
  d.out.to[0] = d.target(isPair ? to.elements[0] : to, Type::Pred);
  d.out.to[1] = isPair ? d.target(to.elements[1], Type::Pred) : d.names.fresh(1);
  d.out.from[0] = d.source(1, type);
  d.out.from[1] = d.source(2, type);
  if (d.out.mode) {
    if (d.operand(3).negated)
      d.fail("a negated predicate here is not known");
    d.out.from[2] = d.source(3, Type::Pred);
  }
  d.out.run = (d.out.mode || isPair ? which.second : which.first)(type);
}

constexpr auto choose = [](auto a, auto b, bool c) { return c ? a : b; };

} // namespace

bool decodeChoice(Decoder &d) {
  if (d.base() == "setp") {
    compare(d);
    return true;
  }
  if (d.base() != "selp")
    return false;
  Type type = d.takeType();
  if (type == Type::F32)
    type = Type::U32; // the bits of a NaN stay
  if (type == Type::F64)
    type = Type::U64;
  d.needOperands(4);
  d.out.to[0] = d.target(0, type);
  d.out.from[0] = d.source(1, type);
  d.out.from[1] = d.source(2, type);
  d.out.from[2] = d.source(3, Type::Pred);
  d.out.run = Integers::pick(type, [](auto t) -> Handler {
    using T = decltype(t);
    return &ternary<T, T, T, bool, choose>;
  });
  return true;
}

} // namespace bregman::standin
