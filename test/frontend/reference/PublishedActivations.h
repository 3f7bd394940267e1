// Quantizers of activations, written down plainly from their papers in double precision: value,
// gradients, and the update of a step that is learned. Nothing here comes from the interpreter.
#pragma once

#include "test/frontend/methods/Published.h"

namespace published {

/// An activation, row-major.
struct Batch {
  std::vector<int64_t> sizes;
  Numbers x;

  int64_t count() const { return int64_t(x.size()); }
  int64_t channelOf(int64_t i) const; ///< axis 1
  int64_t tokenOf(int64_t i) const;   ///< all axes but the last
  /// `length` neighbours among those of a channel, numbered over all channels.
  int64_t groupOf(int64_t i, int64_t length) const;
};

class ActivationModel {
public:
  virtual ~ActivationModel() = default;
  /// `step` counts from 0.
  virtual Numbers forward(const Batch &batch, int64_t step) = 0;
  /// dL/dx from dL/dw.
  virtual Numbers backward(const Batch &batch, const Numbers &g, int64_t step) = 0;
  /// The learned step by tensor or channel, its gradient, and its update.
  virtual const Numbers *steps() const { return nullptr; }
  virtual const Numbers *gradients() const { return nullptr; }
  virtual void update() {}
};

/// By the name of the test's case; throws for an unknown one.
std::unique_ptr<ActivationModel> makeActivation(const std::string &name, const Settings &settings);

} // namespace published
