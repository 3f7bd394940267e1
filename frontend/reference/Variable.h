// What is kept between steps: latents, learned values, states.
#pragma once

#include "frontend/reference/Shape.h"
#include "frontend/reference/Tensor.h"

#include <string>

namespace bregman::reference {

/// A stored value with an entry per segment of its extent, and per level.
class Variable {
public:
  /// By segment, then by level.
  using Planes = std::vector<std::vector<double>>;

  Variable(std::string name, Shape shape, ExtentAttr extent, int64_t levels)
      : name(std::move(name)), extent(extent), segments(shape, extent),
        values(segments.count(), std::vector<double>(levels)) {}

  /// A value for each weight; one for all where they share it.
  Tensor tensor() const;
  /// Keeps what the first weight of each segment has.
  void assign(const Tensor &tensor);

  std::string name;
  ExtentAttr extent;
  Segments segments;
  Planes values;
};

} // namespace bregman::reference
