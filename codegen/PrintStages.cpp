// Prints loops by MLIR, LLVM IR by LLVM with the places of the spec as comments.
#include "codegen/PrintStages.h"

#include "mlir/IR/AsmState.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/AssemblyAnnotationWriter.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/Support/FormattedStream.h"

using namespace mlir;

namespace bregman {

std::string printLoops(ModuleOp module, bool locations) {
  AsmState::LocationMap printed; // where in the text an operation begins, lines counted from 1
  AsmState state(module, OpPrintingFlags().printNameLocAsPrefix(), &printed);
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.getOperation()->print(stream, state);
  text = StringRef(text).rtrim().str() + "\n";
  if (!locations)
    return text;
  llvm::DenseMap<unsigned, std::string> places;
  // Of several operations on a line the outermost.
  module->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (auto found = printed.find(op); found != printed.end())
      places.try_emplace(found->second.first, placeOf(op->getLoc()));
  });
  std::string result;
  unsigned number = 0;
  for (StringRef line : llvm::split(StringRef(text).rtrim('\n'), '\n')) {
    std::string place = places.lookup(++number);
    result += (line + (place.empty() ? "" : " // " + place) + "\n").str();
  }
  return result;
}

namespace {
/// Prints an instruction's place in the spec behind it.
struct PlaceWriter : llvm::AssemblyAnnotationWriter {
  void printInfoComment(const llvm::Value &value, llvm::formatted_raw_ostream &stream) override {
    auto found = places.find(&value);
    if (found != places.end() && !found->second.empty())
      stream << " ; " << found->second;
  }
  llvm::DenseMap<const llvm::Value *, std::string> places;
};
} // namespace

std::string printLLVM(llvm::Module &module, const Places *places) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (!places) {
    module.print(stream, nullptr);
    return text;
  }
  PlaceWriter writer;
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (const llvm::DebugLoc &number = instruction.getDebugLoc())
        writer.places[&instruction] = (*places)[number.getLine()];
  llvm::StripDebugInfo(module);
  if (llvm::NamedMDNode *flags = module.getModuleFlagsMetadata())
    module.eraseNamedMetadata(flags);
  module.print(stream, &writer);
  return text;
}

std::string codeHeader(KernelOp kernel, StringRef what, StringRef comment) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  auto list = [&](ArrayAttr names) {
    for (auto [index, name] : llvm::enumerate(names.getAsValueRange<StringAttr>()))
      stream << (index ? ", " : " ") << name;
    stream << "\n";
  };
  stream << comment << " " << kernel.getSymName() << ", " << what << "\n" << comment << " streams:";
  list(kernel.getStreams());
  stream << comment << " scalars:";
  list(kernel.getScalars());
  return text;
}

} // namespace bregman
