// Loads and stores, each lane's checked before it is done.
#include "test/cuda/driver/Block.h"
#include "test/cuda/driver/Codes.h"
#include "test/cuda/driver/Decoder.h"
#include "test/cuda/driver/Lanes.h"

#include <cstdio>

namespace bregman::standin {

Stamp Block::stamp(const Warp &warp, int lane) const {
  return {launch.number, index, uint16_t(warp.index * Warp::lanes + lane), phase, warp.phase};
}

void Block::check(Conflict conflict, const Instruction &in, const std::string &where) const {
  static const char *const what[] = {
      "", "two threads write it without a barrier between them",
      "it reads what another thread has written without a barrier between them",
      "it writes what another thread has read without a barrier between them",
      "it is written in the launch that reads it by `.nc`"};
  if (conflict != Conflict::None)
    fail(codes::LaunchFailed, in, "race at " + where + ": " + what[int(conflict)]);
}

uint8_t *Block::access(const Instruction &in, const Warp &warp, int lane, uint64_t address,
                       bool writes) {
  uint64_t size = uint64_t(in.bytes) * in.elements;
  Space space = in.space;
  if (space == Space::Generic) {
    bool isShared = address >= sharedWindow;
    space = isShared ? Space::Shared : Space::Global;
    address -= isShared ? sharedWindow : 0;
  }
  auto describe = [&] {
    return space == Space::Global ? launch.memory.describe(address)
                                  : "byte " + std::to_string(address) + " of shared memory";
  };
  const char *verb = writes ? "writes " : "reads ";
  if (address % size != 0)
    fail(codes::MisalignedAddress, in, verb + std::to_string(size) + " bytes at " + describe());
  Stamp now = stamp(warp, lane);
  if (space == Space::Shared) {
    if (address > shared.size() || size > shared.size() - address)
      fail(codes::IllegalAddress, in, verb + std::to_string(size) + " bytes at " + describe());
    for (uint64_t i = address; i < address + size; ++i) {
      Trace &trace = sharedTraces[i];
      check(writes ? trace.write(now) : trace.read(now, false), in, describe());
      if (!writes && !sharedKnown[i])
        fail(codes::LaunchFailed, in, "reads " + describe() + ", which nobody has written");
      sharedKnown[i] = true;
    }
    return shared.data() + address;
  }
  Allocation *allocation = launch.memory.find(address, size);
  if (!allocation || allocation->device != launch.device)
    fail(codes::IllegalAddress, in, verb + std::to_string(size) + " bytes at " + describe());
  uint64_t at = address - allocation->address;
  if (allocation->traces.empty())
    allocation->traces.resize((allocation->size + Allocation::granule - 1) / Allocation::granule);
  for (uint64_t i = at / Allocation::granule; i <= (at + size - 1) / Allocation::granule; ++i) {
    Trace &trace = allocation->traces[i];
    Conflict conflict = writes ? trace.write(now) : trace.read(now, in.constantCache);
    if (conflict != Conflict::None)
      check(conflict, in, describe());
  }
  for (uint64_t i = at; i < at + size; ++i) {
    if (writes)
      allocation->known[i] = true;
    else if (!allocation->known[i])
      fail(codes::LaunchFailed, in, "reads " + describe() + ", which nobody has written");
  }
  return allocation->bytes.data() + at;
}

const uint8_t *Block::parameter(const Instruction &in, uint64_t offset, uint32_t size) const {
  if (offset > launch.parameters.size() || size > launch.parameters.size() - offset)
    fail(codes::IllegalAddress, in, "reads past its parameters");
  return launch.parameters.data() + offset;
}

namespace {

uint64_t addressOf(Warp &warp, const Instruction &in, int lane) {
  const uint32_t *base = warp.row(in.from[0]);
  uint64_t value = in.addressBits == 64 ? get<uint64_t>(base, lane) : base[lane];
  return value + uint64_t(in.offset);
}

uint64_t extended(uint64_t value, const Instruction &in) {
  int unused = 64 - 8 * in.bytes;
  return in.extendsSign ? uint64_t(int64_t(value << unused) >> unused) : value;
}

void load(Warp &warp, const Instruction &in, uint32_t active) {
  uint32_t size = uint32_t(in.bytes) * in.elements;
  uint32_t mask = in.registerBits == 16 ? 0xffff : 0xffffffff;
  for (; active; active &= active - 1) {
    int lane = std::countr_zero(active);
    uint64_t address = addressOf(warp, in, lane);
    const uint8_t *bytes = in.space == Space::Param
                               ? warp.block->parameter(in, address, size)
                               : warp.block->access(in, warp, lane, address, false);
    for (int i = 0; i < in.elements; ++i) {
      uint64_t value = 0;
      std::memcpy(&value, bytes + i * in.bytes, in.bytes);
      value = extended(value, in);
      if (in.registerBits == 64)
        put<uint64_t>(warp.row(in.to[i]), lane, value);
      else
        warp.row(in.to[i])[lane] = uint32_t(value) & mask;
    }
  }
}

/// The registers of a store stand in `to`: from[0] is its address.
void store(Warp &warp, const Instruction &in, uint32_t active) {
  for (; active; active &= active - 1) {
    int lane = std::countr_zero(active);
    uint8_t *bytes = warp.block->access(in, warp, lane, addressOf(warp, in, lane), true);
    for (int i = 0; i < in.elements; ++i) {
      uint64_t value = in.registerBits == 64 ? get<uint64_t>(warp.row(in.to[i]), lane)
                                             : warp.row(in.to[i])[lane];
      std::memcpy(bytes + i * in.bytes, &value, in.bytes);
    }
  }
}

/// Hints that change no value.
void skipHints(Decoder &d) {
  while (d.takeOneOf({"ca", "cg", "cs", "lu", "wb", "wt", "weak", "L1::no_allocate",
                      "L1::evict_first", "L1::evict_last", "L1::evict_normal",
                      "L1::evict_unchanged", "L2::64B", "L2::128B", "L2::256B", "L2::evict_first",
                      "L2::evict_last", "L2::evict_normal"}) >= 0)
    ;
}

} // namespace

bool decodeAccess(Decoder &d) {
  bool loads = d.base() == "ld";
  if (!loads && d.base() != "st")
    return false;
  skipHints(d);
  int where = d.takeOneOf({"global", "shared", "param", "const"});
  d.take("entry");
  Space space = where < 0    ? Space::Generic
                : where == 1 ? Space::Shared
                : where == 2 ? Space::Param
                             : Space::Global;
  if (!loads && where >= 2)
    d.fail("parameters and constants are not written");
  skipHints(d);
  d.out.constantCache = loads && d.take("nc");
  skipHints(d);
  int vector = d.takeOneOf({"v2", "v4", "v8"});
  Type type = d.takeType();
  d.needOperands(2);
  d.address(d.operand(loads ? 1 : 0), space);
  const RawOperand &list = d.operand(loads ? 0 : 1);
  std::vector<RawOperand> registers =
      list.kind == RawOperand::Vector ? list.elements : std::vector<RawOperand>{list};
  if (registers.size() != size_t(vector < 0 ? 1 : 2 << vector) || registers.size() > 4)
    d.fail("not so many registers");
  d.out.elements = uint8_t(registers.size());
  d.out.bytes = uint8_t(bitsOf(type) / 8);
  if (d.out.bytes * registers.size() > 16)
    d.fail("an access has at most 16 bytes");
  d.out.extendsSign = type == Type::S8 || type == Type::S16 || type == Type::S32;
  d.out.registerBits = uint8_t(bitsOf(type));
  for (size_t i = 0; i < registers.size(); ++i) {
    d.out.to[i] = loads ? d.target(registers[i], type, /*wider=*/true)
                        : d.source(registers[i], type, /*wider=*/true);
    if (int bits = d.bitsOfRegister(registers[i]))
      d.out.registerBits = uint8_t(bits);
  }
  d.out.run = loads ? &load : &store;
  return true;
}

} // namespace bregman::standin
