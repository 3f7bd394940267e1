#include "frontend/reference/Fit.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

bool reference::solve(std::vector<std::vector<double>> matrix, std::vector<double> right,
                      std::vector<double> &solution) {
  size_t n = right.size();
  double largest = 0;
  for (const auto &row : matrix)
    for (double entry : row)
      largest = std::fmax(largest, std::fabs(entry));
  for (size_t column = 0; column < n; ++column) {
    size_t pivot = column;
    for (size_t row = column + 1; row < n; ++row)
      if (std::fabs(matrix[row][column]) > std::fabs(matrix[pivot][column]))
        pivot = row;
    // What is left of a pivot that cancels is rounding.
    if (!(std::fabs(matrix[pivot][column]) > 1e-12 * largest))
      return false;
    std::swap(matrix[pivot], matrix[column]);
    std::swap(right[pivot], right[column]);
    for (size_t row = column + 1; row < n; ++row) {
      double factor = matrix[row][column] / matrix[column][column];
      for (size_t k = column; k < n; ++k)
        matrix[row][k] -= factor * matrix[column][k];
      right[row] -= factor * right[column];
    }
  }
  solution.assign(n, 0);
  for (size_t row = n; row-- > 0;) {
    double rest = right[row];
    for (size_t k = row + 1; k < n; ++k)
      rest -= matrix[row][k] * solution[k];
    solution[row] = rest / matrix[row][row];
  }
  return true;
}

namespace {

/// One unknown number of each segment: a level of an argument of the region.
struct Unknown {
  unsigned argument;
  int64_t level;
};

/// Levels as an affine function of the unknowns, per weight: `slopes[u]` and `offset` have an entry
/// per weight and level.
struct Codebook {
  Tensor levels;
  std::vector<Tensor> slopes;
};

class Fitter {
public:
  Fitter(FitOp fit, Environment &environment) : fit(fit), environment(environment) {
    for (auto [index, start] : llvm::enumerate(fit.getStart())) {
      unknowns.push_back(environment.at(start).held().spread(environment.context().shape.size,
                                                             levelCount(start.getType())));
      for (int64_t level = 0; level < unknowns.back().levels(); ++level)
        numbers.push_back({unsigned(index), level});
    }
  }

  LogicalResult round() {
    Codebook book;
    if (failed(codebook(book)))
      return failure();
    Segments segments(environment.context().shape, fit.getExtentAttr());
    size_t n = numbers.size();
    std::vector<std::vector<std::vector<double>>> matrices(
        segments.count(), std::vector<std::vector<double>>(n, std::vector<double>(n)));
    std::vector<std::vector<double>> rights(segments.count(), std::vector<double>(n));
    const Tensor &v = environment.at(fit.getOperand());
    for (int64_t weight = 0; weight < segments.size(); ++weight) {
      double importance = fit.getWeight() ? environment.at(fit.getWeight()).at(weight).value : 1;
      size_t chosen = assign(v.at(weight).value, book.levels.row(weight));
      // The level is offset + sum_u slope_u * unknown_u.
      double offset = book.levels.at(weight, chosen).value;
      std::vector<double> slopes;
      for (size_t u = 0; u < n; ++u) {
        slopes.push_back(book.slopes[u].at(weight, chosen).tangent);
        offset -= slopes[u] * unknowns[numbers[u].argument].at(weight, numbers[u].level).value;
      }
      auto &matrix = matrices[segments.of(weight)];
      for (size_t row = 0; row < n; ++row) {
        for (size_t column = 0; column < n; ++column)
          matrix[row][column] += importance * slopes[row] * slopes[column];
        rights[segments.of(weight)][row] +=
            importance * slopes[row] * (v.at(weight).value - offset);
      }
    }
    std::vector<size_t> system = systemsOf(book);
    for (int64_t segment = 0; segment < segments.count(); ++segment)
      for (size_t first = 0; first < n; ++first)
        if (system[first] == first)
          solveSystem(segments, segment, system, first, matrices[segment], rights[segment]);
    return success();
  }

  std::vector<Tensor> unknowns;

private:
  /// The index of the nearest level; ties go to the larger level.
  static size_t assign(double value, ArrayRef<Dual> levels) {
    size_t best = 0;
    for (size_t level = 1; level < levels.size(); ++level) {
      double there = std::fabs(value - levels[level].value);
      double here = std::fabs(value - levels[best].value);
      if (there < here || (there == here && levels[level].value > levels[best].value))
        best = level;
    }
    return best;
  }

  /// Unknowns that no level has together are found by systems of their own: of each the first one.
  std::vector<size_t> systemsOf(const Codebook &book) const {
    std::vector<size_t> system(numbers.size());
    for (size_t u = 0; u < system.size(); ++u)
      system[u] = u;
    for (size_t one = 0; one < system.size(); ++one)
      for (size_t other = 0; other < one; ++other) {
        bool meet = false;
        for (int64_t weight = 0; weight < book.levels.entries(); ++weight)
          for (int64_t level = 0; level < book.levels.levels(); ++level)
            meet |= book.slopes[one].at(weight, level).tangent != 0 &&
                    book.slopes[other].at(weight, level).tangent != 0;
        size_t from = std::max(system[one], system[other]);
        if (meet)
          std::replace(system.begin(), system.end(), from, std::min(system[one], system[other]));
      }
    return system;
  }

  /// One whose equations are singular keeps its values.
  void solveSystem(const Segments &segments, int64_t segment, const std::vector<size_t> &system,
                   size_t first, const std::vector<std::vector<double>> &matrix,
                   const std::vector<double> &right) {
    std::vector<size_t> members;
    for (size_t u = 0; u < system.size(); ++u)
      if (system[u] == first)
        members.push_back(u);
    std::vector<std::vector<double>> own;
    std::vector<double> ownRight, solution;
    for (size_t row : members) {
      own.emplace_back();
      for (size_t column : members)
        own.back().push_back(matrix[row][column]);
      ownRight.push_back(right[row]);
    }
    if (!solve(own, ownRight, solution))
      return;
    for (int64_t weight = 0; weight < segments.size(); ++weight)
      if (segments.of(weight) == segment)
        for (size_t m = 0; m < members.size(); ++m)
          unknowns[numbers[members[m]].argument](weight, numbers[members[m]].level) = {solution[m],
                                                                                       0};
  }

  /// The levels at the present unknowns, and how they move with each.
  LogicalResult codebook(Codebook &book) {
    int64_t size = environment.context().shape.size;
    for (Unknown number : numbers) {
      Environment inside(&environment);
      for (auto [index, unknown] : llvm::enumerate(unknowns)) {
        Tensor seeded = unknown;
        if (index == number.argument)
          for (int64_t weight = 0; weight < size; ++weight)
            seeded(weight, number.level).tangent = 1;
        inside.set(fit.getBody().getArgument(index), std::move(seeded));
      }
      FailureOr<Tensor> levels = yielded(fit.getBody(), inside);
      if (failed(levels))
        return failure();
      book.slopes.push_back(levels->spread(size, levels->levels()));
    }
    book.levels = book.slopes.front().held();
    return success();
  }

  FitOp fit;
  Environment &environment;
  std::vector<Unknown> numbers;
};

} // namespace

LogicalResult reference::evaluateFit(FitOp fit, Environment &environment) {
  for (mlir::Value operand : fit->getOperands())
    if (!environment.find(operand))
      return fit.emitOpError("reads a value that the oracle does not have here");
  Fitter fitter(fit, environment);
  for (int64_t round = 0; round < int64_t(fit.getRounds()); ++round)
    if (failed(fitter.round()))
      return failure();
  for (auto [result, unknown] : llvm::zip(fit.getResults(), fitter.unknowns))
    environment.set(result, unknown);
  return success();
}
