// Arithmetic on what a formula of weights is made of: host scalars as long as all are the host's,
// values of the kernel from there on.
#pragma once

#include "passes/HostArithmetic.h"

namespace bregman {

/// A host scalar in double precision, or an f32 value.
struct Coefficient {
  HostScalar host = 0;
  mlir::Value value; ///< set: this, and not `host`

  Coefficient(double literal) : host(literal) {}
  Coefficient(HostScalar host) : host(host) {}
  explicit Coefficient(mlir::Value value) : value(value) {}

  bool isHost() const { return !value; }
  bool isLiteral() const { return isHost() && host.isLiteral(); }
  bool is(double number) const { return isHost() && host.is(number); }
  bool operator==(const Coefficient &other) const {
    return value == other.value && host == other.host;
  }
};

/// What multiplies by 1, divides by 1 or adds 0 leaves no operation behind.
class CoefficientArithmetic {
public:
  CoefficientArithmetic(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc), host(builder, loc) {}

  Coefficient add(Coefficient a, Coefficient b);
  Coefficient sub(Coefficient a, Coefficient b) { return add(a, neg(b)); }
  Coefficient mul(Coefficient a, Coefficient b);
  Coefficient div(Coefficient a, Coefficient b);
  Coefficient neg(Coefficient a);
  Coefficient abs(Coefficient a);
  /// As f32.
  mlir::Value rounded(Coefficient a) { return a.isHost() ? host.rounded(a.host) : a.value; }

private:
  template <typename Op> Coefficient emit(Coefficient a, Coefficient b) {
    mlir::Value left = rounded(a), right = rounded(b);
    return Coefficient(Op::create(builder, loc, left, right).getResult());
  }

  mlir::OpBuilder &builder;
  mlir::Location loc;
  HostArithmetic host;
};

} // namespace bregman
