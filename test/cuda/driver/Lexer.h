// The words of a PTX text.
#pragma once

#include "test/cuda/driver/Program.h"

namespace bregman::standin {

struct Token {
  enum Kind : uint8_t { Word, Number, String, Sign, End } kind;
  std::string text;
  int line;
  uint64_t bits = 0; ///< of a number: of an f32 or f64 where it is written as one
  int floatBits = 0; ///< 32 for 0f, 64 for 0d, else 0
};

/// Throws a Refusal at a character that begins nothing.
std::vector<Token> tokenize(const std::string &text);

} // namespace bregman::standin
