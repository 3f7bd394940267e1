// Laurent polynomials over atoms, with intervals as coefficients: the exact part of the algebra.
#pragma once

#include "dialect/calculus/IntervalMath.h"

#include "llvm/ADT/SmallVector.h"

#include <map>
#include <optional>

namespace mlir {
class Operation;
} // namespace mlir

namespace bregman::prove {

/// An indeterminate, by its number: the latent, a host scalar, tanh of something.
using Atom = unsigned;

/// A product of powers of atoms, sorted by atom, without zero exponents.
using Monomial = llvm::SmallVector<std::pair<Atom, int>, 4>;

struct MonomialLess {
  bool operator()(const Monomial &a, const Monomial &b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  }
};

/// A sum of monomials. A coefficient is a point where arithmetic on it was exact; terms whose
/// coefficient is exactly 0 are gone.
class Polynomial {
public:
  using Terms = std::map<Monomial, Interval, MonomialLess>;

  Polynomial() = default;
  static Polynomial constant(Interval value);
  static Polynomial constant(double value) { return constant(Interval::point(value)); }
  static Polynomial atom(Atom atom, int power = 1);

  const Terms &terms() const { return sum; }
  bool isZero() const { return sum.empty(); }
  bool isConstant() const { return sum.empty() || (sum.size() == 1 && sum.begin()->first.empty()); }
  /// The value of a constant polynomial.
  Interval value() const { return sum.empty() ? Interval::point(0) : sum.begin()->second; }
  bool isMonomial() const { return sum.size() == 1; }
  /// The term of the highest monomial.
  const Terms::value_type &lead() const;
  /// What every term can be divided by.
  Monomial content() const;
  bool contains(Atom atom) const;
  /// The largest power of an atom; 0 for the zero polynomial.
  int degree(Atom atom) const;
  int lowestDegree(Atom atom) const;
  /// What multiplies atom^power.
  Polynomial coefficient(Atom atom, int power) const;
  /// The terms without atom^power: a difference would leave the widths of their coefficients.
  Polynomial without(Atom atom, int power) const;

  void add(const Monomial &monomial, Interval coefficient);
  Polynomial operator+(const Polynomial &other) const;
  Polynomial operator-(const Polynomial &other) const;
  Polynomial operator*(const Polynomial &other) const;
  Polynomial scaled(Interval factor) const;
  /// Multiplied by a monomial, which may have negative powers.
  Polynomial shifted(const Monomial &monomial) const;
  bool operator==(const Polynomial &other) const;
  bool operator<(const Polynomial &other) const;

private:
  Terms sum;
};

Monomial product(const Monomial &a, const Monomial &b);
Monomial reciprocal(const Monomial &a);
/// An order that products keep: by the power of the last atom in which they differ.
bool isHigher(const Monomial &a, const Monomial &b);

/// A quotient whose denominator was shown to have no zero where it is used.
struct Fraction {
  Polynomial above;
  Polynomial below = Polynomial::constant(1);

  Fraction() = default;
  Fraction(Polynomial above) : above(std::move(above)) {}
  Fraction(Polynomial above, Polynomial below);
  static Fraction constant(double value) { return Polynomial::constant(value); }

  Fraction operator+(const Fraction &other) const;
  Fraction operator-(const Fraction &other) const;
  Fraction operator*(const Fraction &other) const;
  Fraction operator/(const Fraction &other) const;
  Fraction operator-() const;
  bool isZero() const { return above.isZero(); }
  bool isConstant() const { return above.isConstant() && below.isConstant(); }
  Interval value() const { return interval::div(above.value(), below.value()); }
  bool contains(Atom atom) const { return above.contains(atom) || below.contains(atom); }
  size_t size() const { return above.terms().size() + below.terms().size(); }
  bool operator<(const Fraction &other) const;
};

/// What an addf, subf, mulf or divf makes of its operands; a divisor was shown to have no zero.
Fraction arithmetic(mlir::Operation *op, const Fraction &a, const Fraction &b);

/// The number that was written where f32, or double precision, has `number`: a fraction or a
/// decimal of few digits, if there is one. The rules speak of real arithmetic, where three thirds
/// are 1.
Fraction asWritten(double number, bool isSingle);

} // namespace bregman::prove
