// MLIR's printer tells which op begins on which line; its location tells which line of the spec it
// comes from.
#include "frontend/SourceLines.h"

#include "mlir/IR/AsmState.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace bregman;

void SourceLines::add(StringRef file, StringRef text) {
  SmallVector<StringRef> lines;
  text.split(lines, '\n');
  auto &entry = files[file];
  entry.clear();
  for (StringRef line : lines)
    entry.push_back(line.trim().str());
}

std::string SourceLines::describe(StringRef file, unsigned line) const {
  auto found = files.find(file);
  if (found == files.end() || line == 0 || line > found->second.size())
    return "";
  StringRef name = file.rsplit('/').second.empty() ? file : file.rsplit('/').second;
  StringRef code = found->second[line - 1];
  if (!code.contains('"')) // where `//` could be part of a pattern
    code = code.take_front(code.find("//")).rtrim();
  return code.empty() ? "" : (name + ":" + llvm::Twine(line) + ": " + code).str();
}

FileLineColLoc bregman::fileLocation(Location location) {
  FileLineColLoc result;
  location->walk([&](Location inner) {
    auto file = dyn_cast<FileLineColLoc>(inner);
    if (!file)
      return WalkResult::advance();
    result = file;
    return WalkResult::interrupt();
  });
  return result;
}

std::string bregman::annotate(StringRef text, StringRef comment,
                              llvm::function_ref<std::string(unsigned)> describe) {
  constexpr size_t column = 80;
  std::string result;
  SmallVector<StringRef> lines;
  text.rtrim('\n').split(lines, '\n');
  for (auto [index, line] : llvm::enumerate(lines)) {
    std::string note = describe(index);
    result += line;
    if (!note.empty()) {
      size_t width = 0;
      for (char each : line)
        width = each == '\t' ? (width / 8 + 1) * 8 : width + 1;
      result.append(width < column ? column - width : 1, ' ');
      result += (comment + " " + note).str();
    }
    result += '\n';
  }
  return result;
}

std::string bregman::annotatePlaces(StringRef text, StringRef comment, const SourceLines &sources) {
  const std::string leader = (" " + comment + " ").str();
  std::string bare;
  std::vector<std::string> notes;
  SmallVector<StringRef> lines;
  text.rtrim('\n').split(lines, '\n');
  for (StringRef line : lines) {
    // "code ; file:line:column"
    std::string note;
    if (size_t at = line.rfind(leader); at != StringRef::npos) {
      auto [front, column] = line.drop_front(at + leader.size()).rsplit(':');
      auto [file, number] = front.rsplit(':');
      unsigned value = 0;
      if (!column.empty() && llvm::all_of(column, llvm::isDigit) && !number.getAsInteger(10, value))
        note = sources.describe(file, value);
      if (!note.empty())
        line = line.take_front(at);
    }
    bare += (line + "\n").str();
    notes.push_back(note);
  }
  return annotate(bare, comment, [&](unsigned index) { return notes[index]; });
}

std::string bregman::stageText(Operation *op, const SourceLines *sources) {
  AsmState::LocationMap places;
  AsmState state(op, OpPrintingFlags(), &places);
  std::string text;
  llvm::raw_string_ostream stream(text);
  op->print(stream, state);
  text = StringRef(text).rtrim('\n').str() + "\n";
  if (!sources)
    return text;
  // The printer counts lines from 1 and reports each op once.
  llvm::DenseMap<unsigned, Operation *> firstOf;
  op->walk([&](Operation *inner) {
    auto found = places.find(inner);
    if (found != places.end())
      firstOf.try_emplace(found->second.first - 1, inner);
  });
  return annotate(text, "//", [&](unsigned line) -> std::string {
    auto found = firstOf.find(line);
    if (found == firstOf.end())
      return "";
    FileLineColLoc place = fileLocation(found->second->getLoc());
    return place ? sources->describe(place.getFilename().getValue(), place.getLine()) : "";
  });
}
