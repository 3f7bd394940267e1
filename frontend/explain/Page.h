// A page of titled sections with a column of labels.
#pragma once

#include <string>

namespace bregman::explain {

class Page {
public:
  void section(const std::string &title) { text += (text.empty() ? "" : "\n") + title + "\n"; }
  /// A label and what stands beside it; further lines of it are indented alike.
  void line(const std::string &label, const std::string &content) {
    constexpr size_t width = 14;
    std::string pad(label.size() < width ? width - label.size() : 1, ' ');
    text += "  " + label + pad;
    for (char c : content) {
      text += c;
      if (c == '\n')
        text += std::string(2 + width, ' ');
    }
    text += '\n';
  }

  std::string text;
};

} // namespace bregman::explain
