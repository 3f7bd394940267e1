// What a run of the benchmark has found, and its two forms.
#pragma once

#include "frontend/bench/CompileTimes.h"
#include "frontend/bench/Measure.h"

namespace bregman::bench {

/// Who a contender is, for the report's columns.
enum class Side { Reference, Bregman, Flat, Torch };

struct Entry {
  Side side;
  std::string contender;
  Timing timing;
  double bytesPerWeight = 0; ///< that a step must move; 0: not known
};

/// One model with one number of threads: everyone's times in the same rounds.
struct Row {
  std::string match, model;
  int64_t weights = 0;
  size_t tensors = 0;
  int threads = 1;
  std::vector<Entry> entries;

  /// Null where nobody is of that side.
  const Entry *find(Side side) const;
};

/// Somebody whose weights after some steps were compared with our kernel's before any timing.
struct Agreement {
  std::string match, contender;
  double largestDifference = 0;
};

struct Report {
  std::string cpu, torch; ///< torch: LibTorch's version; empty where it was not measured
  int64_t secondLevelCache = 0;
  unsigned cores = 0;
  double seconds = 0; ///< per row
  std::vector<Agreement> agreements;
  std::vector<Row> rows;
  std::vector<CompileTimes> compiles;
};

void printTable(const Report &report, std::ostream &out);
void printJson(const Report &report, std::ostream &out);

} // namespace bregman::bench
