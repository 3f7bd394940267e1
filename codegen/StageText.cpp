// Prints loops by MLIR, LLVM IR by LLVM with the places of the spec as comments.
#include "codegen/StageText.h"

#include "mlir/IR/AsmState.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/AssemblyAnnotationWriter.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/Support/FormattedStream.h"

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

std::string printLoops(ModuleOp module, bool locations) {
  AsmState::LocationMap printed; // where in the text an operation begins, lines counted from 1
  AsmState state(module, OpPrintingFlags().printNameLocAsPrefix(), &printed);
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.getOperation()->print(stream, state);
  stream << "\n";
  if (!locations)
    return text;
  llvm::DenseMap<unsigned, std::string> places;
  for (auto [op, position] : printed)
    places.try_emplace(position.first, placeOf(op->getLoc()));
  std::string result;
  unsigned number = 0;
  for (StringRef line : llvm::split(StringRef(text).rtrim(), '\n')) {
    std::string place = places.lookup(++number);
    result += (line + (place.empty() ? "" : " // " + place) + "\n").str();
  }
  return result;
}

namespace {
/// Prints an instruction's place in the spec behind it.
struct PlaceWriter : llvm::AssemblyAnnotationWriter {
  void printInfoComment(const llvm::Value &value, llvm::formatted_raw_ostream &stream) override {
    auto *instruction = llvm::dyn_cast<llvm::Instruction>(&value);
    if (!instruction || !instruction->getDebugLoc())
      return;
    const llvm::DebugLoc &place = instruction->getDebugLoc();
    stream << " ; " << llvm::cast<llvm::DIScope>(place.getScope())->getFilename() << ":"
           << place.getLine() << ":" << place.getCol();
  }
};
} // namespace

/// Without the debug information that the comments were made from.
static std::string withoutDebugInfo(StringRef text) {
  std::string result;
  for (StringRef line : llvm::split(text, '\n')) {
    if (line.starts_with("!"))
      continue;
    size_t start = line.find(" !dbg !");
    if (start != StringRef::npos) {
      StringRef before = line.take_front(start), after = line.drop_front(start + 7);
      result += (before.rtrim(',') + after.drop_while(llvm::isDigit)).str() + "\n";
    } else {
      result += (line + "\n").str();
    }
  }
  return StringRef(result).rtrim().str() + "\n";
}

std::string printLLVM(const llvm::Module &module, bool locations) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  PlaceWriter places;
  module.print(stream, locations ? &places : nullptr);
  return locations ? withoutDebugInfo(text) : text;
}

/// What assembly cannot say by itself.
std::string assemblyHeader(KernelOp kernel, const LoopOptions &options) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  auto list = [&](ArrayAttr names) {
    llvm::interleaveComma(names.getAsValueRange<StringAttr>(), stream);
    stream << "\n";
  };
  stream << "# " << kernel.getSymName() << ", "
         << (options.variant == LoopVariant::Plain ? "plain" : "streaming") << ", " << options.lanes
         << " lanes\n# streams: ";
  list(kernel.getStreams());
  stream << "# scalars: ";
  list(kernel.getScalars());
  return text;
}

} // namespace bregman
