// The command line of `bregman train`, `bregman eval` and `bregman plan`.
#pragma once

#include "frontend/train/RunOptions.h"

namespace bregman::train {

struct EvalOptions {
  std::string checkpoint; ///< the file, or the folder of a run
  std::string dataDir;    ///< empty: as the run had it
  std::string which = "best";
  std::string split = "test";
  int threads = 1;
  std::string device = "cpu";
  bool fast = false;
};

struct PlanOptions {
  std::vector<std::string> runs; ///< folders, or checkpoints
  std::string budget;
  std::string name = "mixed";
  std::string out; ///< empty: stdout
};

struct Command {
  enum class Kind { Train, Resume, Eval, Plan, Help } kind = Kind::Help;
  RunOptions run;
  ResumeOptions resume;
  EvalOptions eval;
  PlanOptions plan;
  std::string help; ///< Kind::Help: the text
};

/// `argv` is the whole command line: the program, `train`, `eval` or `plan`, the rest. Throws an
/// Exception of kind Usage, or of kind Input for a recipe that can't be read.
Command parseCommandLine(int argc, const char *const *argv);

} // namespace bregman::train
