// Exponents of host scalars: numbers, or made of parameters, as the p of x / (T^p + |x|^p)^(1/p).
#pragma once

#include "dialect/Calculus.h"
#include "passes/HostArithmetic.h"

#include <array>
#include <memory>
#include <string>

namespace bregman {

/// A rational expression of parameters. Two are the same where they are so at the samples, which
/// are more than such an expression has zeros.
class Exponent {
public:
  Exponent(double number = 0);
  /// What a power is raised to; nothing where more than parameters and numbers is in it.
  static std::optional<Exponent> of(mlir::Value value);

  Exponent operator+(const Exponent &other) const { return made('+', other); }
  Exponent operator-(const Exponent &other) const { return made('-', other); }
  Exponent operator*(const Exponent &other) const { return made('*', other); }
  Exponent operator/(const Exponent &other) const { return made('/', other); }

  bool isZero() const { return number && *number == 0; }
  /// For whatever parameters are admissible.
  bool isNeverZero() const { return !range.contains(0); }

  /// Where it is the same for all parameters.
  std::optional<double> number;
  /// In the language's words.
  std::string text() const;
  /// As the host computes it; `place` gives a parameter where the builder stands.
  HostScalar build(HostArithmetic &host, llvm::function_ref<mlir::Value(mlir::Value)> place) const;

private:
  struct Node {
    char op; ///< of the arithmetic; p of a parameter, n of a number
    double number = 0;
    mlir::Value parameter = {};
    std::shared_ptr<const Node> left = {}, right = {};
  };
  static std::string textOf(const Node &node);
  static HostScalar build(const Node &node, HostArithmetic &host,
                          llvm::function_ref<mlir::Value(mlir::Value)> place);
  Exponent made(char op, const Exponent &other) const;
  void simplify();
  static void collect(const std::shared_ptr<const Node> &node,
                      std::vector<std::shared_ptr<const Node>> &parameters);

  std::shared_ptr<const Node> node;
  std::array<double, 24> samples;
  Interval range; ///< at all admissible parameters
};

} // namespace bregman
