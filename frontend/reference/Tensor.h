// What the oracle computes with: doubles, each with its derivative along the seeded direction.
#pragma once

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <vector>

namespace bregman::reference {

/// A value and its derivative along the direction that was seeded.
struct Dual {
  double value = 0;
  double tangent = 0;
};

/// A zero tangent stays zero whatever it is multiplied with, so that no NaN leaks from a factor
/// that does not matter.
inline double scaled(double factor, double tangent) { return tangent == 0 ? 0 : factor * tangent; }

/// An entry per weight, or one for all of them; each has one value or one per level. Conditions are
/// 0 or 1.
class Tensor {
public:
  Tensor() = default;
  Tensor(int64_t entries, int64_t levels, Dual all = {})
      : count(entries), depth(levels), data(entries * levels, all) {}
  /// One value for all weights.
  explicit Tensor(double value) : Tensor(1, 1, {value, 0}) {}

  /// One value for each weight.
  static Tensor of(llvm::ArrayRef<double> values) {
    Tensor result(values.size(), 1);
    for (size_t i = 0; i < values.size(); ++i)
      result.data[i].value = values[i];
    return result;
  }

  int64_t entries() const { return count; }
  int64_t levels() const { return depth; }

  /// One entry stands for every weight, one level for every level.
  const Dual &at(int64_t entry, int64_t level = 0) const {
    return data[(count == 1 ? 0 : entry) * depth + (depth == 1 ? 0 : level)];
  }
  /// The levels of one entry.
  llvm::ArrayRef<Dual> row(int64_t entry) const {
    return llvm::ArrayRef(data).slice((count == 1 ? 0 : entry) * depth, depth);
  }

  Dual &operator()(int64_t entry, int64_t level = 0) { return data[entry * depth + level]; }
  void setRow(int64_t entry, llvm::ArrayRef<Dual> levels) {
    std::copy(levels.begin(), levels.end(), data.begin() + entry * depth);
  }

  /// The same value for each of `entries` weights and `levels` levels.
  Tensor spread(int64_t entries, int64_t levels) const {
    Tensor result(entries, levels);
    for (int64_t entry = 0; entry < entries; ++entry)
      for (int64_t level = 0; level < levels; ++level)
        result(entry, level) = at(entry, level);
    return result;
  }
  /// The same values, moving with nothing.
  Tensor held() const {
    Tensor result = *this;
    for (Dual &dual : result.data)
      dual.tangent = 0;
    return result;
  }

  /// Each value by itself; not the derivatives.
  template <typename Function> void map(Function f) {
    for (Dual &dual : data)
      dual.value = f(dual.value);
  }
  void multiply(double factor) {
    for (Dual &dual : data)
      dual.value *= factor;
  }
  void divide(double factor) {
    for (Dual &dual : data)
      dual.value /= factor;
  }

private:
  int64_t count = 0, depth = 1;
  std::vector<Dual> data;
};

} // namespace bregman::reference
