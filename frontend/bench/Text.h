// Parts of a table's line.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <string>

namespace bregman::bench {

/// At most 159 characters of what printf would write.
__attribute__((format(printf, 1, 2))) inline std::string text(const char *form, ...) {
  char buffer[160];
  va_list values;
  va_start(values, form);
  std::vsnprintf(buffer, sizeof buffer, form, values);
  va_end(values);
  return buffer;
}

} // namespace bregman::bench
