// A model of several tensors under one compiled method: owns their memory, with guards around every
// array, and shows every bit of it.
#pragma once

#include "frontend/Compiler.h"

#include <cstring>
#include <gtest/gtest.h>
#include <span>

namespace numeric {

/// How a model lies in memory.
struct Layout {
  std::vector<int64_t> sizes;
  int misalignment = 0; ///< elements between a 64-byte boundary and the start of each array
  int threads = 1;

  /// The rows of one of its tensors.
  static int64_t channels(int64_t size) { return size % 4 == 0 ? 4 : size % 3 == 0 ? 3 : 1; }
};

/// An array between guards.
class Guarded {
public:
  Guarded(int64_t bytes, int64_t shift);
  char *data() const { return bytes.get() + start; }
  std::vector<char> contents() const { return {data(), data() + size}; }
  bool intact() const;

private:
  static constexpr int64_t guard = 128;
  int64_t start, size, total;
  std::unique_ptr<char[]> bytes;
};

class Drive {
public:
  Drive(std::shared_ptr<const bregman::Method> method, bregman::Timing timing, Layout layout);

  /// Sets a parameter where the method has one of that name.
  void set(const std::string &parameter, double value);
  /// Sets livelyNumbers().
  void setLively();
  /// From w0 of all weights, tensor after tensor.
  void attach(std::span<const float> w0);
  void advance(std::span<const float> gradient);
  void finalize();

  /// What a checkpoint holds, and a run that goes on from it. Parameters are to be set first.
  struct Saved {
    std::vector<std::vector<char>> arrays;
    int64_t step;
    std::vector<int64_t> t;
    bool frozen;
    std::vector<double> hostStates;
  };
  Saved save() const;
  void load(const Saved &saved);

  int64_t size() const { return count; }
  bregman::Stepper &operator*() { return stepper; }
  /// The weights' bits, as their type has them.
  std::vector<uint32_t> weights() const;
  /// The bits of every plane of a stored value, plane by plane over the whole model.
  std::vector<uint32_t> stored(size_t index) const;
  /// All of it: the weights, then every stored value.
  std::vector<uint32_t> bits() const;
  /// How the kernels of a step are cut.
  struct Cut {
    size_t threads = 0;   ///< at most
    bool streams = false; ///< somewhere
  };
  Cut cut() const;

private:
  std::vector<bregman::TensorRef> tensors(bool withGradient) const;
  /// Values of one plane of a stored value of a tensor.
  int64_t valuesOf(size_t stored, int64_t size) const {
    return method->stored[stored].count(size, Layout::channels(size));
  }
  /// One array per tensor.
  using Arrays = std::vector<Guarded>;
  void write(Arrays &arrays, std::span<const float> values);
  void checkGuards() const;

  std::shared_ptr<const bregman::Method> method;
  Layout layout;
  int64_t count = 0;
  bregman::Stepper stepper;
  Arrays weight, gradient;
  std::vector<Arrays> memory; ///< per stored value
};

/// Rounds to nearest even.
uint16_t toBF16(float value);
uint16_t toF16(float value);
/// The value of a parameter's bits.
float widen(uint32_t bits, bregman::ElementType type);
/// The bits of a parameter's value.
uint32_t narrow(float value, bregman::ElementType type);

} // namespace numeric
