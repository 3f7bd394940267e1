// What training measures, as CSV and as JSON lines.
#pragma once

#include "frontend/torch/Constrained.h"
#include "frontend/train/Evaluate.h"

#include <cstdio>
#include <memory>

namespace bregman::train {

/// One evaluation. Accuracies and shares are fractions of 1.
struct Record {
  int64_t step = 0;
  double epoch = 0;
  double trainLoss = 0;  ///< mean over the steps since the last evaluation
  Evaluation soft, hard; ///< on the validation images
  double flipped = 0, saturated = 0;
  std::vector<std::pair<std::string, double>> schedules;
  std::vector<Multiplier> multipliers; ///< of constrained training
  // These three differ from run to run.
  double seconds = 0; ///< of training so far, without evaluations
  double imagesPerSecond = 0;
  double kernelShare = 0; ///< of a step's time, in the optimizer's kernels
};

/// metrics.csv and metrics.jsonl of a run's folder.
class MetricsFiles {
public:
  struct Sizes {
    int64_t csv = 0, jsonl = 0;
  };
  /// Goes on behind `keep`; what lies behind that is cut away. Throws an Exception of kind
  /// Environment, or of kind Input where a file is shorter than that.
  MetricsFiles(const std::string &folder, Sizes keep);
  ~MetricsFiles();

  void write(const Record &record);
  Sizes sizes() const { return written; }

private:
  struct File;
  std::unique_ptr<File> csv, jsonl;
  Sizes written;
};

} // namespace bregman::train
