// A module of PTX: its directives, its variables, and the bodies of its entries.
#include "test/cuda/driver/Decoder.h"
#include "test/cuda/driver/Lexer.h"
#include "test/cuda/driver/Numbers.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace bregman::standin {

namespace {

int bytesOf(const std::string &type) {
  size_t digits = type.find_first_of("0123456789");
  int bits = digits == type.npos ? 0 : leadingNumber(type.substr(digits));
  return type == ".pred" ? 1 : bits / 8;
}

std::vector<std::string> splitAtDots(const std::string &word) {
  std::vector<std::string> parts;
  for (size_t at = 0, dot; at <= word.size(); at = dot + 1) {
    dot = std::min(word.find('.', at), word.size());
    parts.push_back(word.substr(at, dot - at));
  }
  return parts;
}

/// `.align 16 .b8 name[64]` without what stands around it.
struct Declaration {
  std::string name, type;
  uint64_t count = 1;
  uint32_t alignment = 1;
  uint64_t bytes() const { return count * uint64_t(bytesOf(type)); }
};

class Parser {
public:
  Parser(const std::string &text, uint64_t (*place)(void *, const Variable &), void *context)
      : tokens(tokenize(text)), place(place), context(context) {}

  Program run() {
    while (peek().kind != Token::End)
      topLevel();
    if (program.version == 0 || program.chip == 0)
      fail("`.version` or `.target` is missing");
    return std::move(program);
  }

private:
  const Token &peek() const { return tokens[at]; }
  const Token &next() { return tokens[at + 1 < tokens.size() ? at++ : at]; }
  bool take(const std::string &text) {
    if (peek().kind == Token::String || peek().text != text)
      return false;
    next();
    return true;
  }
  void need(const std::string &text) {
    if (!take(text))
      fail("`" + text + "` is wanted before `" + peek().text + "`");
  }
  std::string word() {
    if (peek().kind != Token::Word)
      fail("a name is wanted before `" + peek().text + "`");
    return next().text;
  }
  uint64_t number() {
    if (peek().kind != Token::Number)
      fail("a number is wanted before `" + peek().text + "`");
    return next().bits;
  }
  void skipLine() {
    for (int line = peek().line; peek().kind != Token::End && peek().line == line;)
      next();
  }
  [[noreturn]] void fail(const std::string &message) const { throw Refusal{peek().line, message}; }

  void topLevel() {
    if (take(".version")) {
      program.version = int(std::lround(std::strtod(next().text.c_str(), nullptr) * 10));
    } else if (take(".target")) {
      std::string chip = word();
      program.chip = chip.starts_with("sm_") ? leadingNumber(chip.substr(3)) : 0;
      while (take(","))
        word();
    } else if (take(".address_size")) {
      if (number() != 64)
        fail("only 64-bit addresses are known");
    } else if (peek().text == ".file" || peek().text == ".loc") {
      skipLine();
    } else if (take(".section")) {
      while (!take("}"))
        next();
    } else if (take(".visible") || take(".weak")) {
      return;
    } else if (take(".entry")) {
      entry();
    } else if (take(".global") || take(".const")) {
      variable();
    } else {
      fail("unknown directive `" + peek().text + "`");
    }
  }

  Declaration declaration() {
    Declaration made;
    while (true) {
      if (take(".align"))
        made.alignment = uint32_t(number());
      else if (take(".ptr") || take(".global") || take(".shared") || take(".const"))
        ;
      else if (peek().text.starts_with("."))
        made.type = next().text;
      else
        break;
    }
    if (made.type.empty() || bytesOf(made.type) == 0)
      fail("a type is missing");
    made.alignment = std::max<uint32_t>(made.alignment, uint32_t(bytesOf(made.type)));
    made.name = word();
    if (take("[")) {
      made.count = number();
      need("]");
    }
    return made;
  }

  void variable() {
    Declaration made = declaration();
    Variable result{made.name, std::vector<uint8_t>(made.bytes())};
    if (take("=")) {
      size_t element = size_t(bytesOf(made.type)), filled = 0;
      bool list = take("{");
      do {
        bool negative = take("-");
        uint64_t bits = number();
        bits = negative ? -bits : bits;
        if ((filled + 1) * element > result.bytes.size())
          fail("too many values");
        std::memcpy(result.bytes.data() + filled++ * element, &bits, element);
      } while (take(","));
      if (list)
        need("}");
    }
    need(";");
    result.address = place(context, result);
    globals[made.name] = {Space::Global, result.address};
    program.variables.push_back(std::move(result));
  }

  void entry() {
    auto made = std::make_shared<Entry>();
    made->name = word();
    Names names(*made);
    names.symbols = globals;
    need("(");
    while (!take(")")) {
      need(".param");
      Declaration parameter = declaration();
      uint32_t size = uint32_t(parameter.bytes()), align = std::min(parameter.alignment, 16u);
      if (parameter.count == 1)
        align = std::max(align, size);
      made->parameterBytes = (made->parameterBytes + align - 1) / align * align;
      names.symbols[parameter.name] = {Space::Param, made->parameterBytes};
      made->parameters.push_back({made->parameterBytes, size});
      made->parameterBytes += size;
      take(",");
    }
    while (!take("{")) {
      if (take(".maxntid") || take(".reqntid")) {
        made->maxThreads = uint32_t(number());
        while (take(","))
          number();
      } else if (take(".minnctapersm")) {
        made->leastBlocks = uint32_t(number());
      } else if (take(".maxnreg")) {
        number();
      } else if (take(".pragma")) {
        next();
        need(";");
      } else {
        fail("unknown directive `" + peek().text + "`");
      }
    }
    body(*made, names);
    program.entries[made->name] = std::move(made);
  }

  void body(Entry &entry, Names &names) {
    raws.clear();
    hidden.clear();
    sourceLine = 0;
    for (int depth = 1; depth > 0;) {
      if (peek().kind == Token::End)
        fail("a body without an end");
      if (take("{")) {
        ++depth;
        hidden.emplace_back();
      } else if (take("}")) {
        --depth;
        if (depth > 0)
          hidden.pop_back();
      } else {
        statement(entry, names);
      }
    }
    for (const RawInstruction &raw : raws)
      entry.code.push_back(Decoder(names, raw).decode());
  }

  void statement(Entry &entry, Names &names) {
    if (take(".loc")) {
      int line = peek().line;
      number();
      sourceLine = int(number());
      while (peek().kind != Token::End && peek().line == line)
        next();
    } else if (take(".pragma")) {
      next();
      need(";");
    } else if (take(".reg")) {
      registers(entry, names);
    } else if (take(".shared")) {
      Declaration made = declaration();
      entry.sharedBytes =
          (entry.sharedBytes + made.alignment - 1) / made.alignment * made.alignment;
      names.symbols[made.name] = {Space::Shared, entry.sharedBytes};
      entry.sharedBytes += uint32_t(made.bytes());
      need(";");
    } else if (peek().kind == Token::Word && tokens[at + 1].text == ":") {
      names.labels[word()] = int32_t(raws.size());
      need(":");
    } else if (peek().text.starts_with(".")) {
      fail("unknown directive `" + peek().text + "`");
    } else {
      instruction();
    }
  }

  void registers(Entry &entry, Names &names) {
    std::string type = word();
    int bits = type == ".pred" ? 1 : 8 * bytesOf(type);
    if (bits != 1 && bits != 16 && bits != 32 && bits != 64)
      fail("unknown type of register `" + type + "`");
    do {
      std::string name = word();
      uint64_t count = 0;
      if (take("<")) {
        count = number();
        need(">");
      }
      for (uint64_t i = 0; i < std::max<uint64_t>(count, 1); ++i) {
        std::string one = count ? name + std::to_string(i) : name, unique = one;
        if (!hidden.empty()) {
          unique += "#" + std::to_string(++uniques);
          hidden.back()[one] = unique;
        }
        names.registers[unique] = {names.fresh(bits), bits};
        ++entry.registers;
      }
    } while (take(","));
    need(";");
  }

  void instruction() {
    RawInstruction raw;
    raw.line = peek().line;
    raw.place = sourceLine;
    if (take("@")) {
      raw.guardNegated = take("!");
      raw.guard = resolve(word());
    }
    raw.words = splitAtDots(word());
    if (!take(";")) {
      do {
        raw.operands.push_back(operand());
      } while (take(","));
      need(";");
    }
    raws.push_back(std::move(raw));
  }

  /// The register that a name means inside nested braces.
  std::string resolve(const std::string &name) const {
    for (auto scope = hidden.rbegin(); scope != hidden.rend(); ++scope)
      if (auto found = scope->find(name); found != scope->end())
        return found->second;
    return name;
  }

  RawOperand operand() {
    RawOperand made;
    if (take("{")) {
      made.kind = RawOperand::Vector;
      do {
        made.elements.push_back(operand());
      } while (take(","));
      need("}");
      return made;
    }
    if (take("[")) {
      made.kind = RawOperand::Address;
      if (peek().kind == Token::Word)
        made.word = resolve(word());
      while (peek().text != "]") {
        bool negative = take("-");
        if (!negative)
          take("+");
        negative ^= take("-");
        int64_t value = int64_t(number());
        made.offset += negative ? -value : value;
      }
      need("]");
      return made;
    }
    made.negated = take("!");
    bool negative = take("-");
    if (peek().kind == Token::Number) {
      made.kind = RawOperand::Number;
      made.floatBits = peek().floatBits;
      made.bits = number();
      if (negative && made.floatBits)
        fail("the sign of a float constant is in its bits");
      if (negative)
        made.bits = -made.bits;
      return made;
    }
    made.word = resolve(word());
    if (take("+"))
      made.offset = int64_t(number());
    if (take("|")) {
      RawOperand pair;
      pair.kind = RawOperand::Pair;
      pair.elements = {made, operand()};
      return pair;
    }
    return made;
  }

  std::vector<Token> tokens;
  size_t at = 0;
  uint64_t (*place)(void *, const Variable &);
  void *context;
  Program program;
  std::map<std::string, Names::Symbol> globals;
  std::vector<RawInstruction> raws;
  std::vector<std::map<std::string, std::string>> hidden; ///< registers of nested braces
  int uniques = 0;
  int sourceLine = 0; ///< that `.loc` has named
};

} // namespace

Program parseProgram(const std::string &text, uint64_t (*place)(void *, const Variable &),
                     void *context) {
  return Parser(text, place, context).run();
}

} // namespace bregman::standin
