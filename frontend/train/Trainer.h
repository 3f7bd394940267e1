// A run: steps, evaluations, metrics, checkpoints, and the report at its end.
#pragma once

#include "frontend/train/Progress.h"
#include "frontend/train/RunLock.h"
#include "frontend/train/RunState.h"

#include <optional>

namespace bregman::train {

class Trainer {
public:
  /// A new run. Takes its folder: refuses one that has a run in it unless told to overwrite.
  static std::unique_ptr<Trainer> begin(const RunOptions &options);
  /// The run in a folder, where its checkpoint has it.
  static std::unique_ptr<Trainer> resume(const ResumeOptions &given);

  /// To the end, or to an interrupt; the exit status.
  int run();

private:
  Trainer(RunState state, const CheckpointFile *checkpoint);
  // The session refers to the data.
  Trainer(const Trainer &) = delete;
  void evaluateNow();
  void save();
  int stop();
  int report();

  std::unique_ptr<RunLock> lock;
  RunState state;
  Dataset data;
  Session session;
  LevelTracker tracker;
  std::unique_ptr<MetricsFiles> metrics;
  double secondsBefore = 0; ///< state.seconds when this session began
  StepTimes lastTimes;      ///< at the last evaluation
  int64_t lastStep = -1;    ///< of state.last
  int64_t evalEvery, checkpointEvery;
  bool saved = false; ///< whether the present step has a checkpoint
};

} // namespace bregman::train
