// Projections that a researcher would try next, and their broken twins: each with the verdict that
// is right, and the projection written again in C++, by which verdicts are confirmed.
#pragma once

#include <cmath>
#include <string>
#include <vector>

namespace bregman::test {

/// A projection of x, of the schedule b = beta and of one more host number, a.
using Projection = double (*)(double x, double b, double a);

struct Trial {
  std::string name;
  std::string project;
  Projection value;
  /// What each message starts with, in order; none for a sound spec without warnings.
  std::vector<std::string> messages;
  std::string levels = "{-1, 1}";
  std::string kind = "lazy";
  /// Another parameter, as `a in [1, 2] = 1`, and clauses before `project`.
  std::string parameter = "", clauses = "";
  /// Values of a that are admissible, for the scan.
  std::vector<double> others = {1};

  std::string spec() const;
};
inline void PrintTo(const Trial &trial, std::ostream *out) { *out << trial.spec(); }

/// The language's functions that C++ has not.
inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
inline double sign(double x) { return x < 0 ? -1 : 1; }

/// Other sigmoids, sums and compositions of them.
std::vector<Trial> sigmoids();
/// By clamp, min, max, abs and `if`.
std::vector<Trial> piecewise();
/// With parameters, schedules of other shapes, several and uneven levels.
std::vector<Trial> families();
/// agile mirror descent.
std::vector<Trial> agile();
/// What is wrong, and where.
std::vector<Trial> broken();

/// The body of a projection in C++.
#define BREGMAN_PROJECTION(expression)                                                             \
  [](double x, [[maybe_unused]] double b, [[maybe_unused]] double a) -> double {                   \
    return expression;                                                                             \
  }

} // namespace bregman::test
