// KeptValues: parameters that get their values back where what writes to them fails.
#pragma once

#include "frontend/torch/Optimizer.h"

namespace bregman {

class KeptValues {
public:
  /// Copies them, with those of the float branch.
  explicit KeptValues(const std::vector<NamedParameter> &parameters);

  /// Runs `write`. What it throws goes on; the message also names what could not be given back, as
  /// on a device that is lost.
  void during(const std::function<void()> &write) const;
  /// The names of the parameters that could not be given their values back.
  std::string giveBack() const;

private:
  struct Kept {
    std::string name;
    at::Tensor tensor, values;
  };
  std::vector<Kept> kept;
};

} // namespace bregman
