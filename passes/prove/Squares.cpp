// Squares in a polynomial, which touch 0 without crossing it: of the coordinate alone they are
// guessed in double precision and divided out exactly; of more than that the whole may be a
// power.
#include "passes/prove/Algebra.h"

#include <cmath>

using namespace bregman;
using namespace bregman::prove;

/// Coefficients by power.
using Row = std::vector<double>;

static constexpr int maxDegree = 24;

/// The coefficients of a polynomial of x alone with exact ones; empty for any other.
static Row rowOf(const Polynomial &polynomial) {
  int degree = polynomial.degree(0);
  if (degree < 2 || degree > maxDegree || polynomial.lowestDegree(0) < 0)
    return {};
  Row row(degree + 1);
  for (const auto &[monomial, coefficient] : polynomial.terms()) {
    bool isPower = monomial.empty() || (monomial.size() == 1 && monomial[0].first == 0);
    if (!isPower || !coefficient.isPoint())
      return {};
    row[monomial.empty() ? 0 : monomial[0].second] = coefficient.lo;
  }
  return row;
}

static Polynomial polynomialOf(const Row &row) {
  Polynomial sum;
  for (size_t i = 0; i < row.size(); ++i)
    sum = sum + Polynomial::atom(0, int(i)).scaled(Interval::point(row[i]));
  return sum;
}

/// The remainder of a / b; the quotient goes to `quotient`.
static Row divide(Row a, const Row &b, Row &quotient) {
  quotient.assign(a.size() < b.size() ? 0 : a.size() - b.size() + 1, 0);
  for (size_t i = quotient.size(); i-- > 0;) {
    quotient[i] = a[i + b.size() - 1] / b.back();
    for (size_t j = 0; j < b.size(); ++j)
      a[i + j] -= quotient[i] * b[j];
  }
  a.resize(std::min(a.size(), b.size() - 1));
  return a;
}

/// The greatest common divisor, with 1 before its highest power.
static Row commonDivisor(Row a, Row b) {
  while (true) {
    double largest = 0;
    for (double each : b)
      largest = std::max(largest, std::abs(each));
    while (!b.empty() && std::abs(b.back()) <= 1e-9 * std::max(largest, 1.0))
      b.pop_back();
    if (b.empty())
      break;
    double lead = b.back();
    for (double &each : b)
      each /= lead;
    Row quotient, rest = divide(a, b, quotient);
    a = b;
    b = rest;
  }
  for (double &each : a)
    each /= a.back();
  return a;
}

std::optional<Polynomial> Algebra::divideSquares(Polynomial &polynomial) {
  std::optional<Polynomial> all;
  for (Row row = rowOf(polynomial); !row.empty(); row = rowOf(polynomial)) {
    Row slope;
    for (size_t i = 1; i < row.size(); ++i)
      slope.push_back(i * row[i]);
    Row root = commonDivisor(row, slope);
    if (root.size() < 2)
      break;
    // Of few digits, if it is exact.
    for (double &each : root)
      each = std::round(each * 3600) / 3600;
    Row square(2 * root.size() - 1);
    for (size_t i = 0; i < root.size(); ++i)
      for (size_t j = 0; j < root.size(); ++j)
        square[i + j] += root[i] * root[j];
    Row rest;
    if (square.size() > row.size())
      break;
    divide(row, square, rest);
    Polynomial quotient = polynomialOf(rest);
    Polynomial factor = polynomialOf(root);
    if (!(factor * factor * quotient - polynomial).isZero())
      break;
    polynomial = quotient;
    all = all ? *all * factor : factor;
  }
  return all;
}

std::optional<Polynomial> Algebra::rootOf(const Polynomial &polynomial, int degree) {
  size_t size = polynomial.terms().size();
  if (size < 3 || size > 60 || degree > 4)
    return std::nullopt;
  auto power = [&](const Polynomial &base, int n) {
    Polynomial result = base;
    for (int i = 1; i < n; ++i)
      result = result * base;
    return result;
  };
  auto [lead, coefficient] = polynomial.lead();
  if (!coefficient.isPoint() || !(coefficient.lo > 0) ||
      !llvm::all_of(lead, [&](auto factor) { return factor.second % degree == 0; }))
    return std::nullopt;
  double root =
      degree == 2 ? std::sqrt(coefficient.lo) : std::round(std::pow(coefficient.lo, 1.0 / degree));
  Polynomial number = Polynomial::constant(root);
  if (!(power(number, degree) - Polynomial::constant(coefficient)).isZero())
    return std::nullopt;
  Monomial first = lead;
  for (auto &[atom, exponent] : first)
    exponent /= degree;
  Polynomial result = number.shifted(first);
  // The next term is what is left, over the slope at the first.
  const auto [below, slope] = power(result, degree - 1).lead();
  for (Polynomial rest = polynomial - power(result, degree); !rest.isZero();) {
    auto [next, of] = rest.lead();
    Interval quotient = interval::div(of, interval::mul(slope, Interval::point(degree)));
    Monomial term = product(next, reciprocal(below));
    if (!quotient.isPoint() || !isHigher(first, term) || result.terms().size() > 10)
      return std::nullopt;
    result.add(term, quotient);
    rest = polynomial - power(result, degree);
    if (rest.terms().size() > 60 || (!rest.isZero() && !isHigher(next, rest.lead().first)))
      return std::nullopt;
  }
  return result;
}
