// Quotients of polynomials over values of the IR, and the arithmetic that computes them.
#pragma once

#include "dialect/calculus/Emit.h"

#include <map>

namespace bregman::calculus {

/// An indeterminate, by its number in `Atoms`.
using Atom = unsigned;

/// The values that polynomials are written in.
class Atoms {
public:
  Atom of(mlir::Value value) {
    auto *found = llvm::find(values, value);
    if (found != values.end())
      return found - values.begin();
    values.push_back(value);
    return values.size() - 1;
  }
  mlir::Value operator[](Atom atom) const { return values[atom]; }

private:
  llvm::SmallVector<mlir::Value> values;
};

/// A product of powers of atoms, none of which is 0; the constant comes first in order.
using Monomial = std::map<Atom, int>;

/// A sum of monomials, none of whose coefficients is 0.
class Polynomial {
public:
  Polynomial() = default;
  Polynomial(double constant) { add({}, constant); }
  Polynomial(Monomial monomial, double coefficient) { add(monomial, coefficient); }

  void add(const Monomial &monomial, double coefficient);
  /// Divided by a monomial, exponents below 0 included.
  Polynomial over(const Monomial &divisor) const;
  /// What each monomial can be divided by.
  Monomial content() const;
  bool isConstant() const { return sum.empty() || (sum.size() == 1 && sum.begin()->first.empty()); }
  bool isMonomial() const { return sum.size() == 1; }
  bool operator==(const Polynomial &other) const { return sum == other.sum; }
  bool contains(Atom atom) const;
  /// The coefficients of the powers of an atom.
  std::map<int, Polynomial> powersOf(Atom atom) const;
  const std::map<Monomial, double> &terms() const { return sum; }

  /// Emits its value; a difference of squares as a product, which keeps the digits near its zero.
  mlir::Value emit(Emit &emit, const Atoms &atoms, mlir::Type type) const;
  /// Whether rounding leaves the sign of the value: a difference of two values that are exact, or
  /// of their squares, keeps it; so does what is no sum.
  bool keepsItsSign() const;

private:
  std::map<Monomial, double> sum;
};

Polynomial operator+(const Polynomial &a, const Polynomial &b);
Polynomial operator-(const Polynomial &a, const Polynomial &b);
Polynomial operator*(const Polynomial &a, const Polynomial &b);

mlir::Value emitMonomial(Emit &emit, const Atoms &atoms, mlir::Type type, const Monomial &monomial,
                         double coefficient);

/// Above / below, without common monomials; the first coefficient below is positive.
struct Fraction {
  Polynomial above, below = 1;

  Fraction(Polynomial above = {}, Polynomial below = 1);
  mlir::Value emit(Emit &emit, const Atoms &atoms, mlir::Type type) const;
  /// The same where the value over the reals is known not to be below 0, and rounding of a sum
  /// might hide it.
  mlir::Value emitPositive(Emit &emit, const Atoms &atoms, mlir::Type type) const;
};

Fraction operator+(const Fraction &a, const Fraction &b);
Fraction operator-(const Fraction &a, const Fraction &b);
Fraction operator*(const Fraction &a, const Fraction &b);
Fraction operator/(const Fraction &a, const Fraction &b);
/// A whole power, below 0 too.
Fraction power(const Fraction &base, int exponent);

} // namespace bregman::calculus
