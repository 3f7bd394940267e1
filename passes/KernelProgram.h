// What one region of a method does to its streams, in one block: the matter that kernels are cut
// from.
#pragma once

#include "dialect/Extents.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

namespace bregman {

/// An array that a kernel reads or writes.
struct KernelStream {
  std::string name;
  mlir::Type type, storage;
  ExtentAttr extent; ///< null: a value per weight
};

/// The block's first arguments are the streams' values before, those behind them host scalars.
class KernelProgram {
public:
  struct Write {
    unsigned stream;
    mlir::Value value;
    mlir::Location loc;
  };

  KernelProgram(mlir::MLIRContext *context, mlir::Location loc,
                llvm::ArrayRef<KernelStream> streams);

  /// What a region's arguments of that name read from now on.
  void rename(llvm::StringRef argument, llvm::StringRef stream) { alias[argument] = stream.str(); }
  /// What `stream` holds after this, for regions that follow.
  void update(llvm::StringRef stream, mlir::Value value) { current[stream] = value; }
  /// Clones a region of the method; returns the values that it yields. Equal operations are one.
  llvm::SmallVector<mlir::Value> inlineRegion(mlir::Region &region, mlir::ArrayAttr names);
  /// Writes a stream, unless it would be what is there already.
  void write(llvm::StringRef stream, mlir::Value value, mlir::Location loc);

  llvm::ArrayRef<KernelStream> getStreams() const { return streams; }
  llvm::ArrayRef<Write> getWrites() const { return writes; }
  llvm::ArrayRef<mlir::StringAttr> getScalars() const { return scalars; }
  mlir::Block &getBlock() { return region.front(); }
  mlir::Location getLoc() const { return loc; }

private:
  mlir::Value lookup(mlir::StringAttr name, mlir::BlockArgument argument);
  mlir::Operation *shared(mlir::Operation *op);

  mlir::OpBuilder builder;
  mlir::Location loc;
  llvm::ArrayRef<KernelStream> streams;
  mlir::Region region;
  llvm::StringMap<std::string> alias;
  llvm::StringMap<mlir::Value> current;
  llvm::SmallVector<mlir::StringAttr> scalars;
  llvm::SmallVector<Write> writes;
  llvm::DenseMap<unsigned, llvm::SmallVector<mlir::Operation *>> byHash;
};

/// Cuts a program into kernels of one sweep each, written where the builder stands: `name`, or
/// `name.0`, `name.1`, ... where one sweep is not enough. A program that writes nothing gives none.
void writeKernels(mlir::OpBuilder &builder, llvm::StringRef name, KernelProgram &program);

/// The type of a parameter's elements, from the option of a pass; null, with an error at `op`, for
/// any other name.
mlir::Type elementNamed(llvm::StringRef name, mlir::Operation *op);

} // namespace bregman
