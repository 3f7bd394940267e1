// Arithmetic on host scalars that folds literals, so that derived formulas read like formulas.
#pragma once

#include "dialect/BregmanDialect.h"

#include <optional>

namespace bregman {

/// A host scalar: an f64 value, or a literal.
struct HostScalar {
  mlir::Value value;
  double literal = 0;

  HostScalar(double literal) : literal(literal) {}
  /// `value` is f64; constants are literals.
  explicit HostScalar(mlir::Value value);

  bool isLiteral() const { return !value; }
  bool is(double number) const { return !value && literal == number; }
  bool operator==(const HostScalar &other) const {
    return value == other.value && literal == other.literal;
  }
};

/// The host scalar that an f32 value or a level vector is in every lane; nothing where it is none.
std::optional<HostScalar> hostScalarOf(mlir::Value value);

class HostArithmetic {
public:
  HostArithmetic(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  HostScalar add(HostScalar a, HostScalar b);
  HostScalar mul(HostScalar a, HostScalar b);
  HostScalar div(HostScalar a, HostScalar b);
  HostScalar pow(HostScalar a, HostScalar power);
  HostScalar neg(HostScalar a);
  HostScalar abs(HostScalar a);

  /// As f64, and rounded to f32.
  mlir::Value number(HostScalar a);
  mlir::Value rounded(HostScalar a);

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace bregman
