// A stage as text, with the spec's line beside each line where that is asked for.
#pragma once

#include "dialect/BregmanDialect.h"

namespace bregman {

/// The lines of the spec files, to be shown beside what was made of them.
class SourceLines {
public:
  void add(llvm::StringRef file, llvm::StringRef text);
  /// `md_tanh_s.breg:6: project w = tanh(beta * x)`, or nothing for a place that is no spec's.
  std::string describe(llvm::StringRef file, unsigned line) const;

private:
  llvm::StringMap<llvm::SmallVector<std::string>> files;
};

/// Prints `op`; with `sources`, each line gets the spec's line as a comment.
std::string stageText(mlir::Operation *op, const SourceLines *sources);

/// Appends to each line of `text` the comment that `describe` gives for its index, aligned.
std::string annotate(llvm::StringRef text, llvm::StringRef comment,
                     llvm::function_ref<std::string(unsigned)> describe);

/// The same for a text whose lines end in their place as a comment, `; md_tanh_s.breg:6:17`.
std::string annotatePlaces(llvm::StringRef text, llvm::StringRef comment,
                           const SourceLines &sources);

/// The innermost file location of an op, through fused and call-site locations.
mlir::FileLineColLoc fileLocation(mlir::Location location);

} // namespace bregman
