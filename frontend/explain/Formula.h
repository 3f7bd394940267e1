// A value of the IR as a formula in the words of the language.
#pragma once

#include "dialect/BregmanDialect.h"

#include <string>
#include <vector>

namespace bregman::explain {

/// Writes values as a person would. What is declared goes by its name; what occurs more than once
/// and is long gets a name of its own, which `definitions` explains.
class Formulas {
public:
  /// The name of a value that has none of its own: a region's argument, a cotangent.
  void name(mlir::Value value, const std::string &text) { names[value] = text; }

  /// The formula of `value`.
  std::string text(mlir::Value value);

  /// `a = tanh(beta * x)`, in the order of their use, of the formulas written since `clear`.
  const std::vector<std::string> &definitions() const { return defined; }
  void clear();

private:
  /// How strongly the outermost operation binds; what binds less is put into parentheses.
  enum Binding { Choice, Or, And, Not, Comparison, Sum, Product, Sign, Power, Atom };
  struct Piece {
    std::string text;
    Binding binding = Atom;
  };

  Piece write(mlir::Value value);
  Piece compute(mlir::Operation *op);
  Piece product(mlir::Value a, mlir::Value b);
  std::optional<Piece> differenceOfSquares(mlir::Value a, mlir::Value b);
  Piece sum(mlir::Value a, mlir::Value b, bool minus);
  Piece call(const std::string &function, mlir::ValueRange operands);
  std::string in(mlir::Value value, Binding least);
  std::string parenthesize(const Piece &piece, Binding least);
  unsigned countUses(mlir::Value value);

  llvm::DenseMap<mlir::Value, std::string> names;
  llvm::DenseMap<mlir::Value, Piece> known;
  llvm::DenseMap<mlir::Value, unsigned> uses;
  std::vector<std::string> defined;
};

} // namespace bregman::explain
