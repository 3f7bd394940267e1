// PTX in the form in which it is run. Every operand is a row: the 32 lanes' values of a register,
// of a special register, or of a constant, which has a row that nobody writes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bregman::standin {

class Warp;
struct Instruction;

/// What an instruction's suffix says. `b` types are unsigned here.
enum class Type : uint8_t { Pred, U8, S8, U16, S16, U32, S32, U64, S64, F16, BF16, F32, F64 };

inline int bitsOf(Type type) {
  switch (type) {
  case Type::Pred:
    return 1;
  case Type::U8:
  case Type::S8:
    return 8;
  case Type::U16:
  case Type::S16:
  case Type::F16:
  case Type::BF16:
    return 16;
  case Type::U32:
  case Type::S32:
  case Type::F32:
    return 32;
  default:
    return 64;
  }
}

/// Where an address leads.
enum class Space : uint8_t { Global, Shared, Param, Generic };

/// Where generic addresses of shared memory begin.
inline constexpr uint64_t sharedWindow = uint64_t(0x7f) << 56;

/// What an instruction does beside computing: everything else is a plain function of lanes.
enum class Flow : uint8_t { Straight, Branch, Exit, Trap, Barrier, WarpBarrier, Shuffle, Vote };

using Handler = void (*)(Warp &, const Instruction &, uint32_t active);

struct Instruction {
  Handler run = nullptr;
  Flow flow = Flow::Straight;
  bool guardNegated = false;
  bool sat = false;
  int32_t guard = -1; ///< row of its predicate, or none
  uint32_t to[4] = {}, from[5] = {};
  uint8_t elements = 1; ///< registers of a load, store, pack or unpack
  uint8_t bytes = 0;    ///< of one of them in memory
  uint8_t addressBits = 64, registerBits = 32;
  bool extendsSign = false, constantCache = false; ///< of a load
  Space space = Space::Global;
  int mode = 0; ///< rounding, comparison, or which shuffle or vote
  int64_t offset = 0;
  int32_t target = -1; ///< of a branch
  int line = 0;        ///< in the PTX
  int place = 0;       ///< of the source that `.loc` names
};

/// A value that has a row from the start.
struct Constant {
  uint32_t row;
  int bits;
  uint64_t value;
};

/// Rows that a block or warp gives.
enum class Special : uint8_t { TidX, NtidX, CtaidX, NctaidX, LaneId, WarpId, Zero, One };

struct Parameter {
  uint32_t offset, size;
};

struct Entry {
  std::string name;
  std::vector<Parameter> parameters;
  uint32_t parameterBytes = 0;
  uint32_t sharedBytes = 0;
  uint32_t maxThreads = 1024;
  uint32_t leastBlocks = 0; ///< `.minnctapersm`
  uint32_t rows = 0;
  std::vector<Constant> constants;
  std::vector<std::pair<uint32_t, Special>> specials;
  std::vector<Instruction> code;
  int registers = 0;
};

/// A variable of the module in global memory; its bytes lie at `address` once it is loaded.
struct Variable {
  std::string name;
  std::vector<uint8_t> bytes;
  uint64_t address = 0;
};

/// A module, and what the loader has to know of it.
struct Program {
  int version = 0; ///< of PTX, 80 for 8.0
  int chip = 0;    ///< 90 for sm_90
  std::vector<Variable> variables;
  std::map<std::string, std::shared_ptr<const Entry>> entries;
};

/// What a PTX text cannot be taken for, and where.
struct Refusal {
  int line;
  std::string message;
};

/// Parses and decodes `text`; throws a Refusal. Addresses of variables come from `place`, called
/// for each one with its size.
Program parseProgram(const std::string &text, uint64_t (*place)(void *, const Variable &),
                     void *context);

} // namespace bregman::standin
