#include "frontend/reference/Reductions.h"

#include "llvm/ADT/SmallVector.h"

#include <cmath>
#include <limits>

using namespace bregman;
using namespace bregman::reference;
using llvm::ArrayRef;

/// The extreme of some; those that are equal to it share the derivative, NaN passes through.
static Dual extreme(ArrayRef<Dual> all, bool largest) {
  double best =
      largest ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  for (Dual one : all) {
    if (std::isnan(one.value))
      return {one.value, one.value};
    best = largest ? std::fmax(best, one.value) : std::fmin(best, one.value);
  }
  double tangent = 0, equals = 0;
  for (Dual one : all)
    if (one.value == best)
      tangent += one.tangent, ++equals;
  return {best, equals ? tangent / equals : 0};
}

static Dual narrow(Reduction kind, ArrayRef<Dual> all) {
  if (kind == Reduction::Min || kind == Reduction::Max)
    return extreme(all, kind == Reduction::Max);
  double n = all.size(), sum = 0, tangent = 0;
  for (Dual one : all)
    sum += one.value, tangent += one.tangent;
  if (kind == Reduction::Sum)
    return {sum, tangent};
  double mean = n ? sum / n : 0, meanTangent = n ? tangent / n : 0;
  if (kind == Reduction::Mean)
    return {mean, meanTangent};
  double squares = 0, along = 0;
  for (Dual one : all) {
    squares += (one.value - mean) * (one.value - mean);
    along += scaled(one.value - mean, one.tangent - meanTangent);
  }
  double deviation = std::sqrt(squares / (n - 1));
  return {deviation, scaled(1 / (deviation * (n - 1)), along)};
}

Tensor reference::narrowLevels(Reduction kind, const Tensor &operand) {
  Tensor result(operand.entries(), 1);
  for (int64_t entry = 0; entry < operand.entries(); ++entry)
    result(entry) = narrow(kind, operand.row(entry));
  return result;
}

Tensor reference::narrowWeights(Reduction kind, const Segments &segments, const Tensor &operand,
                                const Tensor *condition) {
  Tensor result(segments.size(), operand.levels());
  for (int64_t level = 0; level < operand.levels(); ++level) {
    std::vector<llvm::SmallVector<Dual, 0>> members(segments.count());
    for (int64_t weight = 0; weight < segments.size(); ++weight)
      if (!condition || condition->at(weight, level).value != 0)
        members[segments.of(weight)].push_back(operand.at(weight, level));
    std::vector<Dual> narrowed;
    for (const auto &all : members)
      narrowed.push_back(narrow(kind, all));
    for (int64_t weight = 0; weight < segments.size(); ++weight)
      result(weight, level) = narrowed[segments.of(weight)];
  }
  return result;
}
