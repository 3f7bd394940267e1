// A model of several tensors under one compiled method, on the host or on a device; every bit of it
// can be compared.
#pragma once

#include "frontend/Compiler.h"

#include <span>

namespace bregman::testing {

struct Shape {
  int64_t size = 0, channels = 1;
  int shift = 0; ///< elements between an aligned address and the start of each of its arrays
};

/// Sizes at which every path of a kernel begins and ends: 0 to 33, and about a row of threads and a
/// chunk. Some tensors are misaligned; those that three divides have three channels.
std::vector<Shape> allTails();

class Model {
public:
  /// Fails where there is no memory.
  static Result<Model> create(std::shared_ptr<const Method> method, Timing timing,
                              std::vector<Shape> shapes);

  /// Sets a parameter where the method has one of that name, and those of learned values.
  void set(const std::string &parameter, double value);
  /// From w0 of all weights, tensor after tensor, which the parameter's type rounds.
  Status attach(std::span<const float> w0);
  Status advance(std::span<const float> gradient);
  /// The same in two parts: the values, and the step on what was given last.
  Status giveGradient(std::span<const float> gradient);
  Status step() { return stepper.advance(tensors(true)); }
  /// The same with a gradient in memory of its own.
  Status advanceElsewhere(std::span<const float> gradient);
  Status prepareReplay() { return stepper.prepareReplay(tensors(true)); }
  Status finishReplay() { return stepper.finishReplay(tensors(true)); }
  Status reset();
  Status finalize();

  int64_t size() const { return count; }
  Stepper &operator*() { return stepper; }

  /// An array as 32 bits for each value; NaNs are all the same.
  struct Array {
    std::string name;
    std::vector<uint32_t> bits;
    bool operator==(const Array &) const = default;
  };
  /// The weights and all that is stored, each over all tensors.
  Result<std::vector<Array>> arrays() const;

private:
  Model(std::shared_ptr<const Method> method, Stepper stepper, std::vector<Shape> shapes)
      : method(std::move(method)), stepper(std::move(stepper)), shapes(std::move(shapes)) {}

  /// One of a tensor's arrays. It ends where its memory ends.
  struct Part {
    Buffer memory;
    int64_t shift = 0, size = 0; ///< bytes
    void *data() const { return size ? static_cast<char *>(memory.data()) + shift : nullptr; }
  };
  Status allocate();
  Status make(std::vector<Part> &parts, int64_t values, int64_t element, int shift) const;
  Status write(std::vector<Part> &parts, std::span<const float> values);
  std::vector<TensorRef> tensors(bool withGradient) const;

  std::shared_ptr<const Method> method;
  Stepper stepper;
  std::vector<Shape> shapes;
  int64_t count = 0;
  std::vector<Part> weight, gradient;
  std::vector<std::vector<Part>> stored; ///< by value, then by tensor
};

/// What is first different, or nothing.
std::string difference(const std::vector<Model::Array> &actual,
                       const std::vector<Model::Array> &wanted);

} // namespace bregman::testing
