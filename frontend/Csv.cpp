// Reading rows of numbers.
#include "frontend/Csv.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace bregman;

static Error malformed(const std::string &path, size_t line, size_t column,
                       const std::string &what) {
  std::ostringstream message;
  message << path << ":" << line << ":" << column << ": error: " << what;
  return {ErrorKind::Input, message.str()};
}

static const char *skipBlanks(const char *at) { return at + std::strspn(at, " \t"); }

Result<std::vector<std::vector<float>>> bregman::readRows(const std::string &path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return Error{ErrorKind::Input, "error: " + path + " is a folder, not a file of numbers"};
  std::ifstream file(path);
  if (!file)
    return Error{ErrorKind::Input, "error: cannot read " + path + ": " + std::strerror(errno)};
  std::vector<std::vector<float>> rows;
  std::string text;
  for (size_t line = 1; std::getline(file, text); ++line) {
    if (!text.empty() && text.back() == '\r')
      text.pop_back();
    const char *at = skipBlanks(text.c_str());
    if (*at == 0 || *at == '#')
      continue;
    std::vector<float> row;
    while (true) {
      at = skipBlanks(at);
      char *end = nullptr;
      // strtof rounds the decimal to f32 once.
      float value = std::strtof(at, &end);
      if (end == at)
        return malformed(
            path, line, at - text.c_str() + 1,
            "expected a number, got " +
                (*at ? "'" + std::string(at, std::max<size_t>(1, std::strcspn(at, ", \t"))) + "'"
                     : std::string("the end of the line")));
      row.push_back(value);
      at = skipBlanks(end);
      if (*at == 0)
        break;
      if (*at != ',')
        return malformed(path, line, at - text.c_str() + 1,
                         "expected ',' between numbers, got '" + std::string(1, *at) + "'");
      ++at;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}
