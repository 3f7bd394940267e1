// The handwritten digits of the UCI repository as lines of numbers.
#include "frontend/train/Readers.h"

#include "frontend/torch/Exception.h"
#include "frontend/train/GzFile.h"

#include <charconv>

namespace bregman::train {

static const char *const remedy = "bring the file that Bregman ships again";

RawImages readDigits(const std::string &path) {
  std::string contents = readGzFile(path, remedy);
  RawImages raw{0, 8, 8, {}, {}};
  const size_t columns = 65;
  const char *p = contents.data(), *end = p + contents.size();
  for (size_t line = 1; p < end; ++line) {
    auto refuse = [&](size_t column, const std::string &why) {
      raise(ErrorKind::Input, "'" + path + "', line " + std::to_string(line) + ", number " +
                                  std::to_string(column + 1) + ": " + why + "; " + remedy);
    };
    for (size_t column = 0; column < columns; ++column) {
      int value = 0, most = column + 1 < columns ? 16 : 9;
      auto [next, bad] = std::from_chars(p, end, value);
      if (bad != std::errc())
        refuse(column, "a number is missing, there must be " + std::to_string(columns) +
                           " of them in a line");
      // Some writers print whole numbers as 3.0.
      if (next + 1 < end && next[0] == '.' && next[1] == '0')
        next += 2;
      if (value < 0 || value > most)
        refuse(column, std::to_string(value) + " is not in 0.." + std::to_string(most));
      bool last = column + 1 == columns;
      if (last && next < end && *next == '\r')
        ++next;
      if (last ? next < end && *next != '\n' : next == end || *next != ',')
        refuse(column, last ? "the line goes on behind the label" : "a comma must follow");
      p = next + 1;
      (last ? raw.labels : raw.pixels).push_back(uint8_t(value));
    }
    ++raw.count;
  }
  return raw;
}

} // namespace bregman::train
