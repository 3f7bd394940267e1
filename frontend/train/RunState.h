// All that a run is at one moment, and its checkpoint.
#pragma once

#include "frontend/train/Checkpoint.h"
#include "frontend/train/Metrics.h"
#include "frontend/train/Precision.h"
#include "frontend/train/Session.h"

namespace bregman::train {

struct RunState {
  RunOptions options;
  std::string specText;
  int64_t step = 0;
  double seconds = 0; ///< of training, in all sessions
  double lossSum = 0; ///< since the last evaluation
  int64_t lossCount = 0;
  int64_t bestStep = -1;         ///< -1: not evaluated yet
  Evaluation bestSoft, bestHard; ///< on the validation images
  MetricsFiles::Sizes metrics;
  Snapshot last, best;
  Precision precision;            ///< of `last`
  std::vector<at::Tensor> levels; ///< at the last evaluation

  /// The checkpoint of this state; the session adds the optimizer's part.
  CheckpointFile pack(const Session &session) const;
  /// From a checkpoint. Throws an Exception of kind Input.
  static RunState unpack(const CheckpointFile &file);
  /// The optimizer's part into the session, which was made from `options`.
  void restore(const CheckpointFile &file, Session &session) const;
};

/// A file is taken as it is, of a folder its checkpoint.
CheckpointFile openCheckpoint(const std::string &path);

} // namespace bregman::train
