// Numbers places, and reads the numbers back from the assembly's .loc directives.
#include "codegen/Places.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace bregman {

std::string placeOf(Location loc) {
  auto place = loc->findInstanceOf<FileLineColLoc>();
  if (!place || place.getLine() == 0)
    return "";
  return (place.getFilename().getValue() + ":" + Twine(place.getLine()) + ":" +
          Twine(place.getColumn()))
      .str();
}

void Places::number(ModuleOp module) {
  llvm::StringMap<unsigned> numbers;
  module.walk([&](Operation *op) {
    std::string place = placeOf(op->getLoc());
    auto [found, isNew] = numbers.try_emplace(place, list.size() + 1);
    if (isNew)
      list.push_back(place);
    op->setLoc(FileLineColLoc::get(op->getContext(), "places", found->second, 1));
  });
}

std::string Places::operator[](unsigned number) const {
  return number >= 1 && number <= list.size() ? list[number - 1] : "";
}

/// Whether a line of assembly is there for the debug information's sake.
static bool isDebugOnly(StringRef line) {
  StringRef code = line.trim();
  if (code.consume_front(".file"))
    return llvm::isDigit(code.ltrim().empty() ? 0 : code.ltrim().front());
  return code.starts_with(".loc\t") || code.starts_with(".cfi_") || code.starts_with(".Ltmp") ||
         code.starts_with(".Lfunc_begin");
}

std::string withPlaces(StringRef assembly, const Places &places) {
  std::string result;
  unsigned current = 0;
  bool inSections = false; // of debug information, at the end
  for (StringRef line : llvm::split(assembly.rtrim('\n'), '\n')) {
    if (line.starts_with("\t.loc\t")) {
      // "\t.loc\t1 17 1": file, line, column.
      unsigned number = 0;
      StringRef rest = line.drop_front(6).split(' ').second;
      if (!rest.consumeInteger(10, number))
        current = number;
    }
    if (line.starts_with("\t.section\t"))
      inSections = line.contains(".debug_");
    if (inSections || isDebugOnly(line))
      continue;
    bool isInstruction =
        line.starts_with("\t") && !line.starts_with("\t.") && !line.trim().starts_with("#");
    std::string place = isInstruction ? places[current] : "";
    result += (line + (place.empty() ? "" : " # " + place) + "\n").str();
  }
  return result;
}

} // namespace bregman
