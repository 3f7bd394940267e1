// One instruction on its way from words to its form. What is not known is refused, not skipped.
#pragma once

#include "test/cuda/driver/Program.h"

#include <functional>
#include <optional>

namespace bregman::standin {

/// An operand as written.
struct RawOperand {
  enum Kind : uint8_t { Word, Number, Vector, Address, Pair } kind = Word;
  std::string word;                 ///< the register or symbol, or an address's base; may be empty
  uint64_t bits = 0;                ///< of a number
  int floatBits = 0;                ///< 32 or 64 where it is written as a float
  bool negated = false;             ///< `!p`
  int64_t offset = 0;               ///< of an address
  std::vector<RawOperand> elements; ///< of a vector or of a pair `d|p`
};

struct RawInstruction {
  std::string guard; ///< empty: none
  bool guardNegated = false;
  std::vector<std::string> words; ///< the opcode, split at its dots
  std::vector<RawOperand> operands;
  int line = 0, place = 0;
};

/// What names mean inside one entry, and which rows are taken.
class Names {
public:
  struct Register {
    uint32_t row;
    int bits;
  };
  struct Symbol {
    Space space;
    uint64_t address;
  };

  explicit Names(Entry &entry) : entry(entry) {}
  uint32_t fresh(int bits);
  uint32_t constant(uint64_t value, int bits);
  std::optional<Register> special(const std::string &name);

  std::map<std::string, Register> registers;
  std::map<std::string, Symbol> symbols;
  std::map<std::string, int32_t> labels;

private:
  Entry &entry;
  std::map<std::pair<int, uint64_t>, uint32_t> constants;
  std::map<std::string, Register> specials;
};

class Decoder {
public:
  Decoder(Names &names, const RawInstruction &raw) : names(names), raw(raw) {}

  Instruction decode();

  // For the families of instructions:
  const std::string &base() const { return raw.words.front(); }
  /// Takes the next word of the opcode where it is `word`.
  bool take(const std::string &word);
  /// The next word where it stands in the list, or -1.
  int takeOneOf(std::initializer_list<const char *> list);
  void need(const std::string &word);
  /// The next word as a type.
  Type takeType();
  size_t operands() const { return raw.operands.size(); }
  void needOperands(size_t count);
  const RawOperand &operand(size_t index) const { return raw.operands[index]; }
  uint32_t source(size_t operand, Type type) { return source(raw.operands[operand], type); }
  uint32_t target(size_t operand, Type type) { return target(raw.operands[operand], type); }
  /// `wider` also takes registers of more bits.
  uint32_t source(const RawOperand &operand, Type type, bool wider = false);
  uint32_t target(const RawOperand &operand, Type type, bool wider = false);
  /// Bits of a register operand, or 0.
  int bitsOfRegister(const RawOperand &operand);
  /// to[0] and from[0..] of the same type.
  void plain(Type type, size_t sources);
  void address(const RawOperand &operand, Space space);
  int32_t label(size_t operand);
  [[noreturn]] void fail(const std::string &message) const;

  Names &names;
  Instruction out;

private:
  std::optional<Names::Register> find(const std::string &name);
  std::string opcode() const;

  const RawInstruction &raw;
  size_t at = 1; ///< the next word
};

/// Each takes the instructions that it knows; false: not mine.
bool decodeArithmetic(Decoder &decoder);
bool decodeApproximate(Decoder &decoder);
bool decodeBits(Decoder &decoder);
bool decodeChoice(Decoder &decoder);
bool decodeConversion(Decoder &decoder);
bool decodeMove(Decoder &decoder);
bool decodeAccess(Decoder &decoder);
bool decodeControl(Decoder &decoder);

} // namespace bregman::standin
