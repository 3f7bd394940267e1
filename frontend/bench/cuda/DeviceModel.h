// The tensors of a model on a GPU, and the steps of a method on them as an optimizer would
// ask for them.
#pragma once

#include "runtime/Stepper.h"

namespace bregman::bench {

class DeviceModel {
public:
  /// Bytes of the device that a model of that many weights takes.
  static size_t bytesOf(const Method &method, int64_t weights);
  /// With plausible weights and gradients, attached and with one step behind it, so that all code
  /// is there. Fails where the device does.
  static Result<DeviceModel> create(std::shared_ptr<const Method> method,
                                    const std::vector<int64_t> &sizes);

  /// Asks for one step, and does not wait for it.
  Status step() { return stepper.advance(tensors); }
  /// Until all that was asked for is done.
  Status wait() const;

private:
  DeviceModel(std::shared_ptr<const Method> method, Stepper stepper)
      : method(std::move(method)), stepper(std::move(stepper)) {}
  Result<char *> spread(int64_t count, float scale);

  std::shared_ptr<const Method> method;
  std::vector<Buffer> arrays;
  std::vector<TensorRef> tensors;
  Stepper stepper;
};

} // namespace bregman::bench
