// Rendering of messages.
#include "frontend/spec/Diagnostics.h"

#include <algorithm>

using namespace bregman::spec;

Diagnostic &Diagnostic::note(std::shared_ptr<const Source> noteSource, SourceRange noteRange,
                             std::string text) {
  notes.push_back({Severity::Note, std::move(noteSource), noteRange, std::move(text), {}});
  return *this;
}

Diagnostic &Diagnostic::note(std::string text) { return note(nullptr, {}, std::move(text)); }

Diagnostic &Diagnostics::report(Severity severity, std::shared_ptr<const Source> source,
                                SourceRange range, std::string message) {
  list.push_back({severity, std::move(source), range, std::move(message), {}});
  return list.back();
}

int Diagnostics::errorCount() const {
  return std::count_if(list.begin(), list.end(),
                       [](const Diagnostic &entry) { return entry.severity == Severity::Error; });
}

namespace {

struct Paint {
  bool on;
  std::string operator()(const char *code, std::string_view text) const {
    return on ? "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m"
              : std::string(text);
  }
};

bool isContinuationByte(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

/// As many columns of blank as `text` takes on a terminal; tabs stay tabs.
std::string blank(std::string_view text) {
  std::string result;
  for (char byte : text)
    if (!isContinuationByte(byte))
      result += byte == '\t' ? '\t' : ' ';
  return result;
}

void appendSnippet(std::string &out, const Diagnostic &diagnostic, const Paint &paint) {
  Position start = diagnostic.source->position(diagnostic.range.begin);
  std::string_view line = diagnostic.source->line(start.line);
  size_t first = std::min<size_t>(start.column - 1, line.size());
  size_t length = diagnostic.range.end > diagnostic.range.begin
                      ? diagnostic.range.end - diagnostic.range.begin
                      : 1;
  std::string_view marked = line.substr(first, length);
  size_t width = std::count_if(marked.begin(), marked.end(),
                               [](char byte) { return !isContinuationByte(byte); });

  // Of a long line only what surrounds the place; cut between characters.
  constexpr size_t widest = 160, before = 60;
  size_t from = 0, until = line.size();
  if (line.size() > widest) {
    from = first > before ? first - before : 0;
    until = std::min(line.size(), from + widest);
    while (from > 0 && isContinuationByte(line[from]))
      --from;
    while (until < line.size() && isContinuationByte(line[until]))
      ++until;
  }
  std::string_view left = from ? "..." : "", right = until < line.size() ? "..." : "";
  width = std::min(width, until > first ? until - first : 1);

  std::string number = std::to_string(start.line);
  std::string gutter(std::max<size_t>(number.size(), 4), ' ');
  number.insert(0, gutter.size() - number.size(), ' ');
  std::string caret = "^" + std::string(width > 1 ? width - 1 : 0, '~');
  std::string shown =
      std::string(left) + std::string(line.substr(from, until - from)) + std::string(right);
  out += number + " |" + (line.empty() ? "" : " ") + shown + "\n";
  out += gutter + " | " + std::string(left.size(), ' ') + blank(line.substr(from, first - from)) +
         paint("1;32", caret) + "\n";
}

void append(std::string &out, const Diagnostic &diagnostic, const Paint &paint) {
  if (diagnostic.source) {
    Position start = diagnostic.source->position(diagnostic.range.begin);
    out += paint("1", diagnostic.source->name() + ":" + std::to_string(start.line) + ":" +
                          std::to_string(start.column) + ":") +
           " ";
  }
  switch (diagnostic.severity) {
  case Severity::Error:
    out += paint("1;31", "error:");
    break;
  case Severity::Warning:
    out += paint("1;35", "warning:");
    break;
  case Severity::Note:
    out += paint("1;36", "note:");
    break;
  }
  out += " " + paint("1", diagnostic.message) + "\n";
  if (diagnostic.source)
    appendSnippet(out, diagnostic, paint);
  for (const Diagnostic &note : diagnostic.notes)
    append(out, note, paint);
}

} // namespace

std::string bregman::spec::render(const Diagnostic &diagnostic, bool colour) {
  std::string out;
  append(out, diagnostic, Paint{colour});
  return out;
}

std::string Diagnostics::render(bool colour) const {
  std::string out;
  for (const Diagnostic &entry : list)
    append(out, entry, Paint{colour});
  return out;
}

std::string Diagnostics::render(Severity severity, bool colour) const {
  std::string out;
  for (const Diagnostic &entry : list)
    if (entry.severity == severity)
      append(out, entry, Paint{colour});
  return out;
}
