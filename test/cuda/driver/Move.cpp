// mov, with packing and unpacking, and changes of address space.
#include "test/cuda/driver/Decoder.h"
#include "test/cuda/driver/Lanes.h"

namespace bregman::standin {

namespace {

constexpr auto same = [](auto a) { return a; };

/// `bytes` of each element, from the lowest.
void pack(Warp &warp, const Instruction &in, uint32_t active) {
  uint32_t *to = warp.row(in.to[0]);
  bool isWide = in.bytes * in.elements == 8;
  forLanes(active, [&](int lane) {
    uint64_t all = 0;
    for (int i = 0; i < in.elements; ++i)
      all |= uint64_t(warp.row(in.from[i])[lane]) << (8 * in.bytes * i);
    isWide ? put<uint64_t>(to, lane, all) : put<uint32_t>(to, lane, uint32_t(all));
  });
}

void unpack(Warp &warp, const Instruction &in, uint32_t active) {
  const uint32_t *from = warp.row(in.from[0]);
  bool isWide = in.bytes * in.elements == 8;
  uint64_t mask = in.bytes == 4 ? 0xffffffffu : 0xffffu;
  forLanes(active, [&](int lane) {
    uint64_t all = isWide ? get<uint64_t>(from, lane) : get<uint32_t>(from, lane);
    for (int i = 0; i < in.elements; ++i)
      warp.row(in.to[i])[lane] = uint32_t(all >> (8 * in.bytes * i) & mask);
  });
}

constexpr auto toShared = [](uint64_t a) { return a - sharedWindow; };
constexpr auto fromShared = [](uint64_t a) { return a + sharedWindow; };

void vector(Decoder &d, Type type, bool packs) {
  const RawOperand &list = d.operand(packs ? 1 : 0);
  size_t count = list.elements.size();
  int bits = count ? bitsOf(type) / int(count) : 0;
  if ((bits != 16 && bits != 32) || count * size_t(bits) != size_t(bitsOf(type)))
    d.fail("so many elements are not known");
  Type element = bits == 16 ? Type::U16 : Type::U32;
  d.out.elements = uint8_t(count);
  d.out.bytes = uint8_t(bits / 8);
  for (size_t i = 0; i < count; ++i)
    (packs ? d.out.from[i] : d.out.to[i]) =
        packs ? d.source(list.elements[i], element) : d.target(list.elements[i], element);
  if (packs)
    d.out.to[0] = d.target(0, type);
  else
    d.out.from[0] = d.source(1, type);
  d.out.run = packs ? &pack : &unpack;
}

} // namespace

bool decodeMove(Decoder &d) {
  if (d.base() == "cvta") {
    bool to = d.take("to");
    int space = d.takeOneOf({"global", "shared", "const"});
    if (space < 0)
      d.fail("unknown space");
    d.need("u64");
    d.plain(Type::U64, 1);
    d.out.run = space != 1 ? &unary<uint64_t, uint64_t, same>
                : to       ? &unary<uint64_t, uint64_t, toShared>
                           : &unary<uint64_t, uint64_t, fromShared>;
    return true;
  }
  if (d.base() != "mov")
    return false;
  Type type = d.takeType();
  if (type == Type::F32 || type == Type::F64)
    type = type == Type::F32 ? Type::U32 : Type::U64;
  d.needOperands(2);
  if (d.operand(0).kind == RawOperand::Vector || d.operand(1).kind == RawOperand::Vector) {
    vector(d, type, d.operand(1).kind == RawOperand::Vector);
    return true;
  }
  d.plain(type, 1);
  d.out.run = Types<bool, uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>::pick(
      type, [](auto t) -> Handler {
        using T = decltype(t);
        return &unary<T, T, same>;
      });
  return true;
}

} // namespace bregman::standin
