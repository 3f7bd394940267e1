// Short names for the integer arithmetic and the moves that code for a GPU is made of.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"

namespace bregman::gpu {

/// Address spaces of the target.
inline constexpr unsigned globalSpace = 1, sharedSpace = 3;

/// Emits at the insertion point of `builder`.
struct Emitter {
  mlir::OpBuilder &builder;
  mlir::Location loc;

  mlir::Value i32(int32_t value);
  mlir::Value f64(double value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, int32_t b);
  mlir::Value both(mlir::Value a, mlir::Value b);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value a, mlir::Value b);
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value a, mlir::Value b);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);

  /// The address `index` elements (i32 or i64) behind `base`; of bytes by default.
  mlir::Value at(mlir::Value base, mlir::Value index, mlir::Type element = {});
  mlir::Value at(mlir::Value base, int32_t index, mlir::Type element = {});
  /// Aligned to the element unless said.
  mlir::Value load(mlir::Type type, mlir::Value address, int alignment = 0);
  void store(mlir::Value value, mlir::Value address, int alignment = 0);

  /// What `emit` gives under `condition`, else what `otherwise` gives.
  llvm::SmallVector<mlir::Value>
  branch(mlir::Value condition, mlir::TypeRange types,
         llvm::function_ref<llvm::SmallVector<mlir::Value>()> emit,
         llvm::function_ref<llvm::SmallVector<mlir::Value>()> otherwise);
  /// `emit` under `condition`.
  void when(mlir::Value condition, llvm::function_ref<void()> emit);
  /// Counts from `low` to below `high`, with what goes from iteration to iteration.
  mlir::scf::ForOp
  count(mlir::Value low, mlir::Value high, int32_t step, mlir::ValueRange initial,
        llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> body);

  /// Waits until every thread of the block is here, and sees what each has stored.
  void barrier();
};

/// The kernel's function: an entry without a body whose arguments have these names. `blocks` is how
/// many a multiprocessor must hold at once, which bounds the registers; 0 leaves that to ptxas.
mlir::LLVM::LLVMFuncOp createEntry(mlir::OpBuilder &builder, mlir::Location loc,
                                   llvm::StringRef symbol,
                                   llvm::ArrayRef<std::pair<llvm::StringRef, mlir::Type>> arguments,
                                   int blocks = 0);

/// This thread's number in its block, its block's, and how many blocks there are; i32.
struct Place {
  mlir::Value thread, block, blocks;
};
Place readPlace(mlir::OpBuilder &builder, mlir::Location loc);

} // namespace bregman::gpu
