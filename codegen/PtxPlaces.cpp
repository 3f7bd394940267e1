// Reads LLVM's line directives, of which there is one where the place changes.
#include "codegen/PtxPlaces.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace bregman {

static bool isForDebuggers(StringRef line) {
  StringRef code = line.trim();
  return code.starts_with(".section") || code.starts_with(".file") || code.starts_with("$L__tmp") ||
         code.starts_with("$L__func_begin") || code.starts_with("$L__func_end");
}

std::string withPtxPlaces(StringRef ptx, const Places &places) {
  std::string result;
  std::vector<std::string> files; // numbered from 1
  std::string place;
  for (StringRef line : llvm::split(ptx.rtrim('\n'), '\n')) {
    StringRef code = line;
    if (code.consume_front("\t.loc\t")) {
      // "1 17 1": file, line, column.
      unsigned number = 0;
      StringRef rest = code.split(' ').second;
      place = rest.consumeInteger(10, number) ? "" : places[number];
      if (place.empty())
        continue;
      auto [front, column] = StringRef(place).rsplit(':');
      auto [path, row] = front.rsplit(':');
      StringRef name = path.rsplit('/').second.empty() ? path : path.rsplit('/').second;
      auto file = llvm::find(files, name);
      auto index = file - files.begin() + 1;
      if (file == files.end())
        files.push_back(name.str());
      result += ("\t.loc\t" + Twine(index) + " " + row + " " + column + "\n").str();
      continue;
    }
    if (isForDebuggers(line))
      continue;
    bool isInstruction = line.ends_with(";") && !line.starts_with("\t.");
    result += (line + (isInstruction && !place.empty() ? " // " + place : "") + "\n").str();
  }
  for (auto [index, name] : llvm::enumerate(files))
    result += ("\t.file\t" + Twine(index + 1) + " \"" + name + "\"\n").str();
  return result;
}

} // namespace bregman
