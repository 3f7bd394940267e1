// Exponents of host scalars: numbers, or made of parameters, as the p of x / (T^p + |x|^p)^(1/p).
#pragma once

#include "passes/HostArithmetic.h"
#include "passes/prove/Polynomial.h"

#include <string>

namespace bregman {

/// A rational expression, in exact arithmetic: two are the same where their difference is 0.
using Exponent = prove::Fraction;

/// What exponents are made of: parameters, and host values of them that are not looked into, such
/// as sqrt(p), which are the same where they are computed alike.
class Exponents {
public:
  /// What a power is raised to; nothing where it moves from step to step or from weight to weight.
  /// `isPositive` tells which host values are above 0 for whatever parameters are admissible.
  std::optional<Exponent> of(mlir::Value value, llvm::function_ref<bool(mlir::Value)> isPositive);

  /// For whatever parameters are admissible.
  bool isNeverZero(const Exponent &exponent) const;
  /// Whether no coefficient had to be rounded.
  static bool isExact(const Exponent &exponent);
  /// Where it is the same for all parameters.
  static std::optional<double> numberOf(const Exponent &exponent);
  /// In the language's words.
  std::string text(const Exponent &exponent) const;
  /// As the host computes it; `place` gives a value of the host where the builder stands.
  HostScalar build(const Exponent &exponent, HostArithmetic &host,
                   llvm::function_ref<mlir::Value(mlir::Value)> place) const;

private:
  struct Part {
    mlir::Value value;
    Interval range;
    bool isNeverZero;
  };
  prove::Atom atomOf(mlir::Value value, llvm::function_ref<bool(mlir::Value)> isPositive);
  Interval rangeOf(const prove::Polynomial &polynomial) const;
  bool isNeverZero(const prove::Polynomial &polynomial) const;
  std::string text(const prove::Polynomial &polynomial) const;
  HostScalar build(const prove::Polynomial &polynomial, HostArithmetic &host,
                   llvm::function_ref<mlir::Value(mlir::Value)> place) const;

  llvm::SmallVector<Part> parts; ///< by atom
};

} // namespace bregman
