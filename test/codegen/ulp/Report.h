// Prints what the sweeps found: for people, and as the table of the documentation.
#pragma once

#include "Sweep.h"
#include "Timing.h"

#include "llvm/Support/raw_ostream.h"

namespace bregman::ulp {

/// One paragraph on one function.
void printSummary(llvm::raw_ostream &out, const Function &f, const Summary &summary);

/// The table's head, and one row per function; `stride` is the sweep's.
void printMarkdownHead(llvm::raw_ostream &out);
void printMarkdownRow(llvm::raw_ostream &out, const Function &f, const Summary &summary,
                      uint64_t stride);

/// The table of costs: its head, and one row per function.
void printTimesHead(llvm::raw_ostream &out);
void printTimesRow(llvm::raw_ostream &out, const Function &f, const Times &times);

} // namespace bregman::ulp
