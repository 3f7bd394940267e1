// What is measured: quantizers of the library under optimizers.
#pragma once

#include "frontend/Compiler.h"

namespace bregman::bench {

struct Case {
  std::string quantizer, optimizer;
  std::vector<float> levels; ///< in place of those of the library's spec; empty: the spec's own

  /// "md_tanh_s by momentum", "md_softmax_s of 3 levels by momentum".
  std::string title() const;
  /// The library's spec, with the case's levels.
  Result<Program> load(const std::string &specs) const;
};

const std::vector<Case> &cases();

} // namespace bregman::bench
