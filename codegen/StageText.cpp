// Prints loops by MLIR, LLVM IR by LLVM with the places of the spec as comments.
#include "codegen/StageText.h"

#include "llvm/IR/AssemblyAnnotationWriter.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/Support/FormattedStream.h"

using namespace mlir;

namespace bregman {

std::string printLoops(ModuleOp module, bool locations) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  OpPrintingFlags flags;
  flags.printNameLocAsPrefix();
  if (locations)
    flags.enableDebugInfo(/*enable=*/true, /*prettyForm=*/true);
  module.print(stream, flags);
  return text;
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

std::string printLLVM(const llvm::Module &module, bool locations) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  PlaceWriter places;
  module.print(stream, locations ? &places : nullptr);
  return text;
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
