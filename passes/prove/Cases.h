// The finitely many values of an expression: one for each case of its staircases, conditions and
// states.
#pragma once

#include "passes/Clauses.h"
#include "passes/prove/Algebra.h"

namespace bregman::prove {

class Cases {
public:
  Cases(Clauses &clauses, Scratch &scratch, Algebra &algebra);

  /// Every value that `root` may take, each an expression of the host's numbers; nothing where they
  /// are not finitely many, or too many.
  std::optional<std::vector<Fraction>> valuesOf(mlir::Value root);
  /// Whether the values of a state are among the cases.
  bool isEnumerated(mlir::Value state) const { return states.contains(state); }
  /// Whether a state may be this number, as far as its values are finitely many.
  bool mayBe(const Leaf &leaf, double number) const;
  /// Whether two expressions have one value, up to the rounding of a constant.
  bool areEqual(const Fraction &a, const Fraction &b);

private:
  using Choices = std::optional<std::vector<Fraction>>;
  /// What each choice is in the case at hand: a value, a condition as 0 or 1, a hardmax as an
  /// index.
  using Case = llvm::DenseMap<mlir::Value, Fraction>;

  void findStates();
  bool hasChoice(mlir::Value value);
  bool isDetermined(mlir::Value value);
  /// offset + k step, for some integers k.
  struct Grid {
    Fraction step, offset;
  };
  std::optional<Grid> gridOf(mlir::Value value);
  Choices alternatives(mlir::Value value);
  Choices elements(mlir::Value row);
  bool enumerate(mlir::Value root, Case &chosen, std::vector<Fraction> &values);
  bool isConsistent(const Case &chosen);
  std::optional<Fraction> evaluate(mlir::Value value, unsigned level, const Case &chosen);
  std::optional<Fraction> fold(mlir::Operation *op, unsigned level, const Case &chosen);
  std::optional<Fraction> foldReduction(mlir::Operation *op, const Case &chosen);
  std::optional<Fraction> choose(mlir::Value value, unsigned level, const Case &chosen);
  std::optional<Fraction> extreme(llvm::ArrayRef<Fraction> all, bool highest);

  Clauses &clauses;
  Scratch &scratch;
  Algebra &algebra;
  Piece line;
  /// Of the leaf of a state, its values.
  llvm::DenseMap<mlir::Value, std::vector<Fraction>> states;
  llvm::DenseMap<mlir::Value, bool> known; ///< memo of hasChoice
  mlir::Value open;                        ///< the choice that an evaluation stopped at
  unsigned cases = 0;
};

} // namespace bregman::prove
