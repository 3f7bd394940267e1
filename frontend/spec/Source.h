// The text of one spec file, and places in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bregman::spec {

/// Bytes [begin, end) of a source.
struct SourceRange {
  uint32_t begin = 0;
  uint32_t end = 0;

  bool operator==(const SourceRange &) const = default;
};

/// Lines and columns count from 1; a column is a byte.
struct Position {
  int line = 1;
  int column = 1;
};

class Source {
public:
  Source(std::string name, std::string text);

  const std::string &name() const { return fileName; }
  std::string_view text() const { return content; }
  std::string_view text(SourceRange range) const {
    return std::string_view(content).substr(range.begin, range.end - range.begin);
  }

  Position position(uint32_t offset) const;
  /// The byte at a position, clipped to the end of its line; the end of the text past the last one.
  uint32_t offset(Position position) const;
  /// A line without its line break; empty where there is none of that number.
  std::string_view line(int number) const;

private:
  std::string fileName;
  std::string content;
  std::vector<uint32_t> lineStarts;
};

} // namespace bregman::spec
