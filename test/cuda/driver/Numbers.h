// Numbers written in text.
#pragma once

#include <charconv>
#include <string_view>

namespace bregman::standin {

/// The number that `text` begins with, 0 where it begins with none.
inline int leadingNumber(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

} // namespace bregman::standin
