// Words keep their dots: `ld.global.v4.b32` and `%tid.x` are one each.
#include "test/cuda/driver/Lexer.h"

#include <algorithm>
#include <cctype>

namespace bregman::standin {

namespace {

bool startsWord(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '%' ||
         c == '.';
}

bool goesOn(char c) { return startsWord(c) || std::isdigit(static_cast<unsigned char>(c)); }

class Lexer {
public:
  explicit Lexer(const std::string &text) : text(text) {}

  std::vector<Token> run() {
    while (skipSpace(), at < text.size())
      next();
    add(Token::End, "");
    return std::move(tokens);
  }

private:
  char peek(size_t ahead = 0) const { return at + ahead < text.size() ? text[at + ahead] : '\0'; }

  void add(Token::Kind kind, std::string what) { tokens.push_back({kind, std::move(what), line}); }

  void skipSpace() {
    while (at < text.size()) {
      if (text.compare(at, 2, "//") == 0) {
        at = std::min(text.find('\n', at), text.size());
      } else if (text.compare(at, 2, "/*") == 0) {
        size_t end = std::min(text.find("*/", at), text.size() - 2) + 2;
        for (; at < end; ++at)
          line += text[at] == '\n';
      } else if (std::isspace(static_cast<unsigned char>(peek())) || peek() == '\0') {
        line += text[at++] == '\n';
      } else {
        return;
      }
    }
  }

  void next() {
    size_t begin = at;
    if (startsWord(peek())) {
      // Also `L1::no_allocate`.
      while (goesOn(peek()) || (peek() == ':' && peek(1) == ':' && startsWord(peek(2))))
        at += peek() == ':' ? 2 : 1;
      add(Token::Word, text.substr(begin, at - begin));
    } else if (std::isdigit(static_cast<unsigned char>(peek()))) {
      number();
    } else if (peek() == '"') {
      at = text.find('"', at + 1);
      if (at == std::string::npos)
        throw Refusal{line, "a string without an end"};
      add(Token::String, text.substr(begin + 1, at++ - begin - 1));
    } else if (std::string("{}()[],;:@!+-|=<>*").find(peek()) != std::string::npos) {
      add(Token::Sign, std::string(1, text[at++]));
    } else {
      throw Refusal{line, std::string("unexpected character `") + peek() + "`"};
    }
  }

  void number() {
    size_t begin = at;
    char kind = peek() == '0' ? char(std::tolower(peek(1))) : '\0';
    Token token{Token::Number, "", line};
    if (kind == 'f' || kind == 'd') {
      size_t digits = kind == 'f' ? 8 : 16;
      token.floatBits = kind == 'f' ? 32 : 64;
      at += 2;
      std::string hex = text.substr(at, digits);
      if (hex.size() != digits || hex.find_first_not_of("0123456789abcdefABCDEF") != hex.npos)
        throw Refusal{line, "a float constant has " + std::to_string(digits) + " digits"};
      token.bits = std::stoull(hex, nullptr, 16);
      at += digits;
    } else {
      while (std::isxdigit(static_cast<unsigned char>(peek())) || peek() == 'x' || peek() == '.' ||
             peek() == 'U')
        ++at;
      std::string digits = text.substr(begin, at - begin);
      if (digits.find('.') == digits.npos)
        token.bits = std::stoull(digits, nullptr, 0);
    }
    token.text = text.substr(begin, at - begin);
    tokens.push_back(std::move(token));
  }

  const std::string &text;
  size_t at = 0;
  int line = 1;
  std::vector<Token> tokens;
};

} // namespace

std::vector<Token> tokenize(const std::string &text) { return Lexer(text).run(); }

} // namespace bregman::standin
