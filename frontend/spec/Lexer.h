// From the text of a spec to tokens.
#pragma once

#include "frontend/spec/Diagnostics.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bregman::spec {

enum class TokenKind {
  Name,     ///< letter or _, then letters, digits, _ ; not reserved
  Reserved, ///< a word that begins an item or a clause, or one of if then else and or not
  Primed,   ///< NAME'
  Number,   ///< decimal, optional exponent; inf
  String,   ///< "..." on one line, without escapes
  Symbol,   ///< punctuation and operators
  End,      ///< of the file
};

struct Token {
  TokenKind kind = TokenKind::End;
  SourceRange range;
  /// As written; of a primed name without the prime, of a string without the quotes.
  std::string_view text;
  double number = 0;
  /// Whether it is the first one of its line: where a parser gathers itself after an error.
  bool startsLine = false;
  /// Whether something before it, after the token before, was reported: what it leads to is not
  /// new.
  bool followsError = false;

  bool is(std::string_view symbolOrWord) const {
    return (kind == TokenKind::Symbol || kind == TokenKind::Reserved || kind == TokenKind::Name) &&
           text == symbolOrWord;
  }
};

/// The words that cannot be names.
const std::vector<std::string> &reservedWords();

/// How a token is called in a message: `'}'`, `the name 'beta'`, `end of file`.
std::string describe(const Token &token);

/// All tokens of a source, ending with End. What is no token is reported and left out. The tokens
/// refer to the source's text.
std::vector<Token> tokenize(const std::shared_ptr<const Source> &source, Diagnostics &diagnostics);

} // namespace bregman::spec
