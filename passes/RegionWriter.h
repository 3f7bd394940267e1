// Writing one region of a method: the ops of a quantizer's region with everything that they capture
// put in its place, at one time.
#pragma once

#include "passes/Clauses.h"
#include "passes/HostScalars.h"

namespace bregman {

/// What is stored, and which declaration's result stands for it.
struct StoredValue {
  std::string name;
  mlir::Type type;
  mlir::Value declaration;
  mlir::Location loc;
};

/// The base optimizer of the latent or of one learned value, with parameters and states of its own.
struct Instance {
  mlir::Value moves;  ///< the latent's declaration or a learned value's
  std::string prefix; ///< of the names of parameters and states
  OptimizerOp optimizer;

  /// Which weights share one of the numbers that it moves; null: each has its own.
  ExtentAttr extent() const;
};

/// What the regions of one method share.
struct Composition {
  Clauses clauses;
  /// The latent's first.
  std::vector<Instance> instances;
  HostScalars &host;
  /// The latent first, then the quantizer's values and each instance's states, in textual order.
  std::vector<StoredValue> stored;

  Instance &instanceOf(mlir::Value moved);
};

class RegionWriter {
public:
  /// Starts the region; with a `first` argument (g, w0) where that is not empty.
  RegionWriter(Composition &composition, mlir::Region &region, Time time, llvm::StringRef first);

  mlir::Value addArgument(llvm::StringRef name, mlir::Type type);
  mlir::BlockArgument firstArgument() { return block->getArgument(0); }
  mlir::OpBuilder &getBuilder() { return builder; }
  void map(mlir::Value source, mlir::Value value) { mapping.map(source, value); }

  /// Clones `source`'s operations, resolving what they capture.
  mlir::LogicalResult clone(mlir::Region &source);
  /// The region's counterpart of a value that has been cloned, or that is captured: something
  /// stored, a clause's value, a condition of the host. Null after a diagnostic.
  mlir::Value get(mlir::Value source);
  /// The value of a clause, cloned here.
  mlir::Value clause(mlir::Region &source);
  /// `value` with a level axis where `type` has one.
  mlir::Value widen(mlir::Value value, mlir::Type type);

  /// The states' new values that `bregman.base` has left.
  llvm::ArrayRef<std::pair<std::string, mlir::Value>> newStates() const { return states; }

  /// Drops the arguments that nothing reads; returns the others' names.
  mlir::ArrayAttr finish();

private:
  mlir::LogicalResult clone(mlir::Operation &op);
  mlir::LogicalResult expandBase(BaseOp op);
  ExtentAttr extentMovedBy(mlir::Operation *optimizer);
  mlir::LogicalResult expandApply(ApplyOp op);
  mlir::LogicalResult expandState(OptimizerStateOp op);
  mlir::Value hostArgument(mlir::Value source, mlir::Location loc);
  mlir::Value scalarArgument(mlir::arith::TruncFOp op);
  mlir::Value condition(mlir::Value source);

  Composition &composition;
  mlir::Block *block;
  Time time;
  mlir::OpBuilder builder;
  mlir::IRMapping mapping;
  llvm::SmallVector<mlir::Attribute> names;
  llvm::SmallVector<std::pair<std::string, mlir::Value>> states;
};

} // namespace bregman
