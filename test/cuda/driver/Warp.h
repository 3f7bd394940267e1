// A warp: 32 lanes, each with a place of its own in the code, over one file of registers.
#pragma once

#include "test/cuda/driver/Program.h"

#include <array>
#include <vector>

namespace bregman::standin {

class Block;

class Warp {
public:
  static constexpr int lanes = 32;

  uint32_t *row(uint32_t index) { return rows.data() + size_t(index) * lanes; }

  std::vector<uint32_t> rows;
  Block *block = nullptr;
  int index = 0;                   ///< in its block
  std::array<int32_t, lanes> at{}; ///< of each lane: the next instruction
  uint32_t living = 0;             ///< lanes that have not exited
  uint32_t waiting = 0;            ///< lanes at an instruction that wants others
  bool atBarrier = false;          ///< all of its lanes stand at the block's barrier
  uint32_t phase = 0;              ///< barriers of its own
};

} // namespace bregman::standin
