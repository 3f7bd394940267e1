// `bregman trace`: the microscope. Gradients in; every latent, state, schedule and weight out.
#pragma once

#include "frontend/Compiler.h"

namespace bregman {

struct TraceOptions {
  std::string quantizer;         ///< empty: the only one of the file
  std::string by;                ///< what follows `by` in a plan line
  std::vector<std::string> sets; ///< NAME=EXPR, arguments of the quantizer
  std::string initPath, gradPath;
  int64_t size = 0;     ///< weights; 0: as many as a gradient row has
  int64_t channels = 1; ///< the length of axis 0
  uint64_t seed = 0;    ///< of `random()`
  int64_t stepsPerEpoch = 0;
  double epochs = 0; ///< 0: rows / stepsPerEpoch, rounded up
  bool hex = false, reference = false;
  CompileOptions compile;
};

/// The trace as text: a header, then rows 0 to T. Row k is at rest before step k.
BREGMAN_API Result<std::string> trace(const Program &program, const TraceOptions &options);

} // namespace bregman
