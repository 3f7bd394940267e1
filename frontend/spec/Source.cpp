// Lines of a source, found once.
#include "frontend/spec/Source.h"

#include <algorithm>

using namespace bregman::spec;

Source::Source(std::string name, std::string text)
    : fileName(std::move(name)), content(std::move(text)), lineStarts{0} {
  for (uint32_t index = 0; index < content.size(); ++index)
    if (content[index] == '\n')
      lineStarts.push_back(index + 1);
}

Position Source::position(uint32_t offset) const {
  offset = std::min<uint32_t>(offset, content.size());
  auto next = std::upper_bound(lineStarts.begin(), lineStarts.end(), offset);
  int line = static_cast<int>(next - lineStarts.begin());
  return {line, static_cast<int>(offset - lineStarts[line - 1]) + 1};
}

uint32_t Source::offset(Position position) const {
  if (position.line < 1 || position.line > static_cast<int>(lineStarts.size()))
    return content.size();
  uint32_t column = std::max(position.column, 1) - 1;
  return lineStarts[position.line - 1] + std::min<uint32_t>(column, line(position.line).size());
}

std::string_view Source::line(int number) const {
  if (number < 1 || number > static_cast<int>(lineStarts.size()))
    return {};
  std::string_view rest = std::string_view(content).substr(lineStarts[number - 1]);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r'))
    rest.remove_suffix(1);
  return rest;
}
