// What a run of the benchmark has found, and its two forms.
#pragma once

#include "frontend/bench/CompileTimes.h"
#include "frontend/bench/Measure.h"

namespace bregman::bench {

struct Row {
  std::string match, model, contender;
  int threads = 1;
  Timing timing;
  double bytesPerWeight = 0; ///< 0: not known
  double ratio = 0;          ///< time of the reference loop over this one's; 1 is as fast
};

struct Report {
  std::string cpu;
  std::vector<Row> rows;
  std::vector<CompileTimes> compiles;
};

void printTable(const Report &report, std::ostream &out);
void printJson(const Report &report, std::ostream &out);

} // namespace bregman::bench
