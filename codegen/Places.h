// Where the instructions of a kernel's code come from. LLVM's line tables know one file per
// function, and what was fused has no line in them; so the lines that they carry are numbers of
// places in a list of ours.
#pragma once

#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace bregman {

/// "file:line:column" of the innermost place in a file, or nothing.
std::string placeOf(mlir::Location loc);

class Places {
public:
  /// Gives every operation of `module` its place's number as its line.
  void number(mlir::ModuleOp module);
  /// The place of a number; empty where there is none.
  std::string operator[](unsigned number) const;

private:
  std::vector<std::string> list;
};

/// Assembly without the directives of debug information, its lines followed by their places as
/// comments.
std::string withPlaces(llvm::StringRef assembly, const Places &places);

} // namespace bregman
