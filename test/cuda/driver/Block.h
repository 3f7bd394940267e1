// A block of a grid: its warps, its shared memory, and the accesses of its threads.
#pragma once

#include "test/cuda/driver/Memory.h"
#include "test/cuda/driver/Warp.h"

#include <random>

namespace bregman::standin {

/// What all blocks of a launch have in common.
struct Launch {
  const Entry &entry;
  Memory &memory;
  int device;
  uint32_t number; ///< tells this launch from all others
  uint32_t grid, threads;
  std::vector<uint8_t> parameters;
  std::mt19937_64 random;
  uint64_t budget; ///< instructions of a warp that are left
};

class Block {
public:
  explicit Block(Launch &launch);

  /// Runs it to its end, or throws a Fault.
  void run(uint32_t index);

  /// The bytes of an access of one thread, checked; `size` is also its alignment.
  uint8_t *access(const Instruction &in, const Warp &warp, int lane, uint64_t address, bool writes);
  const uint8_t *parameter(const Instruction &in, uint64_t offset, uint32_t size) const;

  [[noreturn]] void fail(int code, const Instruction &in, const std::string &what) const;

private:
  void start(uint32_t index);
  /// Some instructions of a warp.
  void advance(Warp &warp, int quota);
  /// At `in`, which is not straight, the lanes `here` of which `active` take part.
  void leap(Warp &warp, const Instruction &in, int32_t pc, uint32_t here, uint32_t active);
  void meet(Warp &warp, const Instruction &in, int32_t pc, uint32_t active);
  void exchange(Warp &warp, const Instruction &in, uint32_t members);
  void release();
  Stamp stamp(const Warp &warp, int lane) const;
  void check(Conflict conflict, const Instruction &in, const std::string &where) const;

  Launch &launch;
  uint32_t index = 0, phase = 0;
  std::vector<Warp> warps;
  std::vector<uint8_t> shared;
  std::vector<bool> sharedKnown;
  Traces sharedTraces;
};

} // namespace bregman::standin
