// The extent of a value: which weights share it. Types do not say it, definitions do.
#pragma once

#include "dialect/BregmanDialect.h"

namespace bregman {

/// Which weights share one value, from the widest to the narrowest.
struct Extent {
  enum Kind { Run, Tensor, Channel, Group, Token, Weight };

  Kind kind = Weight;
  int64_t group = 0; ///< the size of a group

  static Extent run() { return {Run, 0}; }
  static Extent weight() { return {Weight, 0}; }
  /// No attribute: one value per weight.
  static Extent of(ExtentAttr attribute);
  /// Null for one value per weight.
  ExtentAttr attribute(mlir::MLIRContext *context) const;

  bool operator==(const Extent &other) const = default;
  bool isWeight() const { return kind == Weight; }
  /// Whether each value of this extent is shared by whole values of `other`: `other` may be written
  /// where this one is stored only if it is as wide or wider.
  bool isAsWideAs(Extent other) const;
};

/// The widest extent that both extents' values are whole values of: what a function of both has.
Extent narrowest(Extent a, Extent b);

/// `per tensor`, `per group(64)`, `per weight`.
std::string describe(Extent extent);

/// The extents of values, each found once. Valid as long as the IR above the values stays.
class Extents {
public:
  Extent of(mlir::Value value);
  /// Says what cannot be seen from a definition, or has changed.
  void set(mlir::Value value, Extent extent) { known[value] = extent; }

private:
  Extent ofArgument(mlir::BlockArgument argument);
  Extent ofOp(mlir::Operation *op, unsigned result);
  Extent ofOperands(mlir::Operation *op);

  llvm::DenseMap<mlir::Value, Extent> known;
};

} // namespace bregman
