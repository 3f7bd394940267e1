// What all instructions share: guards, operands, rows.
#include "test/cuda/driver/Decoder.h"

namespace bregman::standin {

uint32_t Names::fresh(int bits) {
  uint32_t row = entry.rows;
  entry.rows += bits == 64 ? 2 : 1;
  return row;
}

uint32_t Names::constant(uint64_t value, int bits) {
  if (bits < 64)
    value &= (uint64_t(1) << bits) - 1;
  int width = bits == 64 ? 64 : 32;
  auto [found, isNew] = constants.try_emplace({width, value}, 0);
  if (isNew) {
    found->second = fresh(width);
    entry.constants.push_back({found->second, width, value});
  }
  return found->second;
}

std::optional<Names::Register> Names::special(const std::string &name) {
  static const std::map<std::string, Special> known = {
      {"%tid.x", Special::TidX},       {"%ntid.x", Special::NtidX},  {"%ctaid.x", Special::CtaidX},
      {"%nctaid.x", Special::NctaidX}, {"%laneid", Special::LaneId}, {"%warpid", Special::WarpId},
      {"%tid.y", Special::Zero},       {"%tid.z", Special::Zero},    {"%ctaid.y", Special::Zero},
      {"%ctaid.z", Special::Zero},     {"%ntid.y", Special::One},    {"%ntid.z", Special::One},
      {"%nctaid.y", Special::One},     {"%nctaid.z", Special::One}};
  auto which = known.find(name);
  if (which == known.end())
    return std::nullopt;
  auto [found, isNew] = specials.try_emplace(name, Register{0, 32});
  if (isNew) {
    found->second.row = fresh(32);
    entry.specials.emplace_back(found->second.row, which->second);
  }
  return found->second;
}

std::string Decoder::opcode() const {
  std::string text;
  for (const std::string &word : raw.words)
    text += (text.empty() ? "" : ".") + word;
  return text;
}

void Decoder::fail(const std::string &message) const {
  throw Refusal{raw.line, "`" + opcode() + "`: " + message};
}

bool Decoder::take(const std::string &word) {
  if (at == raw.words.size() || raw.words[at] != word)
    return false;
  ++at;
  return true;
}

int Decoder::takeOneOf(std::initializer_list<const char *> list) {
  int index = 0;
  for (const char *word : list) {
    if (take(word))
      return index;
    ++index;
  }
  return -1;
}

void Decoder::need(const std::string &word) {
  if (!take(word))
    fail("`." + word + "` is missing");
}

Type Decoder::takeType() {
  static const std::map<std::string, Type> known = {
      {"pred", Type::Pred}, {"b8", Type::U8},   {"u8", Type::U8},     {"s8", Type::S8},
      {"b16", Type::U16},   {"u16", Type::U16}, {"s16", Type::S16},   {"b32", Type::U32},
      {"u32", Type::U32},   {"s32", Type::S32}, {"b64", Type::U64},   {"u64", Type::U64},
      {"s64", Type::S64},   {"f16", Type::F16}, {"bf16", Type::BF16}, {"f32", Type::F32},
      {"f64", Type::F64}};
  auto found = at < raw.words.size() ? known.find(raw.words[at]) : known.end();
  if (found == known.end())
    fail("a type is missing");
  ++at;
  return found->second;
}

void Decoder::needOperands(size_t count) {
  if (raw.operands.size() != count)
    fail("it takes " + std::to_string(count) + " operands");
}

std::optional<Names::Register> Decoder::find(const std::string &name) {
  if (auto found = names.registers.find(name); found != names.registers.end())
    return found->second;
  return names.special(name);
}

int Decoder::bitsOfRegister(const RawOperand &operand) {
  auto known = operand.kind == RawOperand::Word ? find(operand.word) : std::nullopt;
  return known ? known->bits : 0;
}

static bool fits(int bits, Type type, bool wider) {
  int wanted = bitsOf(type);
  if (wider && bits != 1 && wanted != 1)
    return bits >= wanted;
  return bits == wanted;
}

uint32_t Decoder::source(const RawOperand &operand, Type type, bool wider) {
  if (operand.kind == RawOperand::Number) {
    uint64_t bits = operand.bits;
    if (operand.floatBits && operand.floatBits != bitsOf(type))
      fail("a constant of f" + std::to_string(operand.floatBits) + " where " +
           std::to_string(bitsOf(type)) + " bits are wanted");
    if (type == Type::Pred)
      bits = bits != 0;
    return names.constant(bits, bitsOf(type));
  }
  if (operand.kind != RawOperand::Word)
    fail("a register or constant is wanted");
  if (auto known = find(operand.word)) {
    if (!fits(known->bits, type, wider))
      fail("`" + operand.word + "` has " + std::to_string(known->bits) + " bits");
    return known->row;
  }
  auto symbol = names.symbols.find(operand.word);
  if (symbol == names.symbols.end())
    fail("unknown name `" + operand.word + "`");
  return names.constant(symbol->second.address + uint64_t(operand.offset), bitsOf(type));
}

uint32_t Decoder::target(const RawOperand &operand, Type type, bool wider) {
  if (operand.kind == RawOperand::Word && operand.word == "_")
    return names.fresh(bitsOf(type));
  auto known = operand.kind == RawOperand::Word ? find(operand.word) : std::nullopt;
  if (!known)
    fail("a register is wanted for the result");
  if (!fits(known->bits, type, wider))
    fail("`" + operand.word + "` has " + std::to_string(known->bits) + " bits");
  return known->row;
}

void Decoder::plain(Type type, size_t sources) {
  needOperands(sources + 1);
  out.to[0] = target(0, type);
  for (size_t i = 0; i < sources; ++i)
    out.from[i] = source(i + 1, type);
}

/// from[0] becomes the base, always with 64 bits; a symbol goes into the offset.
void Decoder::address(const RawOperand &operand, Space space) {
  if (operand.kind != RawOperand::Address)
    fail("an address in brackets is wanted");
  out.space = space;
  out.offset = operand.offset;
  if (auto known = operand.word.empty() ? std::nullopt : find(operand.word)) {
    if (known->bits < 32)
      fail("an address has 32 or 64 bits");
    out.addressBits = uint8_t(known->bits);
    out.from[0] = known->row;
    return;
  }
  out.from[0] = names.constant(0, 64);
  if (operand.word.empty())
    return;
  auto symbol = names.symbols.find(operand.word);
  if (symbol == names.symbols.end())
    fail("unknown name `" + operand.word + "`");
  if (symbol->second.space != space)
    fail("`" + operand.word + "` lies in another space");
  out.offset += int64_t(symbol->second.address);
}

int32_t Decoder::label(size_t index) {
  auto found = names.labels.find(raw.operands[index].word);
  if (found == names.labels.end())
    fail("unknown label `" + raw.operands[index].word + "`");
  return found->second;
}

Instruction Decoder::decode() {
  out.line = raw.line;
  out.place = raw.place;
  if (!raw.guard.empty()) {
    RawOperand guard;
    guard.word = raw.guard;
    out.guard = int32_t(source(guard, Type::Pred));
    out.guardNegated = raw.guardNegated;
  }
  for (auto family : {decodeApproximate, decodeArithmetic, decodeBits, decodeChoice,
                      decodeConversion, decodeMove, decodeAccess, decodeControl}) {
    if (!family(*this))
      continue;
    if (at != raw.words.size())
      fail("unknown suffix `." + raw.words[at] + "`");
    if (!out.run && out.flow == Flow::Straight)
      fail("not for this type");
    return out;
  }
  fail("unknown instruction");
}

} // namespace bregman::standin
