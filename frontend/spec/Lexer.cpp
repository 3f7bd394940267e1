// The lexer: one loop over the text.
#include "frontend/spec/Lexer.h"

#include <algorithm>
#include <charconv>
#include <limits>

using namespace bregman::spec;

const std::vector<std::string> &bregman::spec::reservedWords() {
  static const std::vector<std::string> words = {
      "quantizer", "optimizer", "plan",    "levels", "schedule", "let",     "state",
      "learn",     "latent",    "project", "weight", "update",   "penalty", "prox",
      "every",     "freeze",    "final",   "assume", "descend",  "if",      "then",
      "else",      "and",       "or",      "not"};
  return words;
}

std::string bregman::spec::describe(const Token &token) {
  std::string quoted = "'" + std::string(token.text) + "'";
  switch (token.kind) {
  case TokenKind::Name:
    return "the name " + quoted;
  case TokenKind::Reserved:
    return "the reserved word " + quoted;
  case TokenKind::Primed:
    return "the new value '" + std::string(token.text) + "''";
  case TokenKind::Number:
    return "the number " + quoted;
  case TokenKind::String:
    return "the string \"" + std::string(token.text) + "\"";
  case TokenKind::Symbol:
    return quoted;
  case TokenKind::End:
    break;
  }
  return "the end of the file";
}

namespace {

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
public:
  Lexer(const std::shared_ptr<const Source> &source, Diagnostics &diagnostics)
      : source(source), text(source->text()), diagnostics(diagnostics) {}

  std::vector<Token> run() {
    while (skipBlanks())
      lexToken();
    add(TokenKind::End, position, position);
    return std::move(tokens);
  }

private:
  char at(size_t index) const { return index < text.size() ? text[index] : '\0'; }

  /// False at the end of the text.
  bool skipBlanks() {
    while (position < text.size()) {
      char c = text[position];
      if (c == '\n')
        startsLine = true;
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        ++position;
      } else if (c == '/' && at(position + 1) == '/') {
        position = std::min(text.find('\n', position), text.size());
      } else {
        return true;
      }
    }
    return false;
  }

  Token &add(TokenKind kind, size_t begin, size_t end) {
    Token token;
    token.kind = kind;
    token.range = {static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
    token.text = text.substr(begin, end - begin);
    token.startsLine = startsLine;
    token.followsError = followsError;
    startsLine = followsError = false;
    tokens.push_back(token);
    return tokens.back();
  }

  void error(size_t begin, size_t end, std::string message) {
    followsError = true;
    diagnostics.error(source, {static_cast<uint32_t>(begin), static_cast<uint32_t>(end)},
                      std::move(message));
  }

  void lexToken() {
    char c = text[position];
    if (isLetter(c))
      return lexWord();
    if (isDigit(c))
      return lexNumber();
    if (c == '"')
      return lexString();
    lexSymbol();
  }

  void lexWord() {
    size_t begin = position;
    while (isLetter(at(position)) || isDigit(at(position)))
      ++position;
    std::string_view word = text.substr(begin, position - begin);
    if (at(position) == '\'') {
      Token &token = add(TokenKind::Primed, begin, position + 1);
      token.text = word;
      ++position;
      return;
    }
    if (word == "inf") {
      add(TokenKind::Number, begin, position).number = std::numeric_limits<double>::infinity();
      return;
    }
    bool reserved = std::ranges::find(reservedWords(), word) != reservedWords().end();
    add(reserved ? TokenKind::Reserved : TokenKind::Name, begin, position);
  }

  void skipDigits() {
    while (isDigit(at(position)))
      ++position;
  }

  void lexNumber() {
    size_t begin = position;
    skipDigits();
    bool wellFormed = true;
    if (at(position) == '.' && at(position + 1) != '.') {
      ++position;
      wellFormed = isDigit(at(position));
      skipDigits();
    }
    if (at(position) == 'e' || at(position) == 'E') {
      size_t sign = at(position + 1) == '+' || at(position + 1) == '-' ? 1 : 0;
      if (isDigit(at(position + 1 + sign))) {
        position += 1 + sign;
        skipDigits();
      }
    }
    if (isLetter(at(position))) {
      wellFormed = false;
      while (isLetter(at(position)) || isDigit(at(position)))
        ++position;
    }
    Token &token = add(TokenKind::Number, begin, position);
    if (!wellFormed)
      return error(begin, position,
                   "malformed number '" + std::string(token.text) +
                       "'; a number is decimal with digits on both sides of the point, a product "
                       "needs '*'");
    auto result =
        std::from_chars(token.text.data(), token.text.data() + token.text.size(), token.number);
    if (result.ec == std::errc::result_out_of_range)
      error(begin, position,
            "the number '" + std::string(token.text) + "' does not fit into double precision");
  }

  void lexString() {
    size_t begin = position;
    size_t end = text.find_first_of("\"\n", position + 1);
    if (end == std::string_view::npos || text[end] == '\n') {
      end = std::min(end, text.size());
      position = end;
      add(TokenKind::String, begin, end).text.remove_prefix(1);
      return error(begin, begin + 1, "this string does not end on its line");
    }
    position = end + 1;
    Token &token = add(TokenKind::String, begin, position);
    token.text = token.text.substr(1, token.text.size() - 2);
  }

  void lexSymbol() {
    static constexpr std::string_view two[] = {"==", "!=", "<=", ">=", ".."};
    for (std::string_view symbol : two)
      if (text.substr(position, 2) == symbol) {
        add(TokenKind::Symbol, position, position + 2);
        position += 2;
        return;
      }
    if (std::string_view("{}()[],=<>+-*/^:.").find(text[position]) != std::string_view::npos) {
      add(TokenKind::Symbol, position, position + 1);
      ++position;
      return;
    }
    size_t begin = position++;
    // A character of several bytes is one mistake.
    while (position < text.size() && (static_cast<unsigned char>(text[position]) & 0xc0) == 0x80)
      ++position;
    unsigned char first = text[begin];
    if (first < 0x20 || first == 0x7f || (first >= 0x80 && first < 0xc0))
      return error(begin, position, "unexpected byte " + std::to_string(first));
    std::string message =
        "unexpected character '" + std::string(text.substr(begin, position - begin)) + "'";
    if (first == '\'')
      message += "; the prime of a new value follows its name directly";
    else if (first == '%' || first == '#')
      message += "; comments begin with '//'";
    error(begin, position, std::move(message));
  }

  std::shared_ptr<const Source> source;
  std::string_view text;
  Diagnostics &diagnostics;
  std::vector<Token> tokens;
  size_t position = 0;
  bool startsLine = true;
  bool followsError = false;
};

} // namespace

std::vector<Token> bregman::spec::tokenize(const std::shared_ptr<const Source> &source,
                                           Diagnostics &diagnostics) {
  return Lexer(source, diagnostics).run();
}
