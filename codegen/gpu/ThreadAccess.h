// The elements of one thread in one iteration: 16 bytes or a multiple at once, or one by one.
#pragma once

#include "codegen/gpu/Emitter.h"
#include "codegen/loops/StreamAccess.h"

namespace bregman::gpu {

class ThreadAccess {
public:
  /// A thread has `elements` of each stream in turn.
  ThreadAccess(mlir::OpBuilder &builder, mlir::Location loc, int elements)
      : emit{builder, loc}, elements(elements) {}

  /// The next accesses are to the elements from `first` on, those below `end`; `aligned` says
  /// whether the streams are.
  void moveTo(mlir::Value first, mlir::Value end, mlir::Value aligned);
  /// Whether element `number` of the thread is there.
  mlir::Value inside(int number) { return insides[number]; }

  /// For every stream the thread's elements as stored; 0 where there are none.
  llvm::SmallVector<llvm::SmallVector<mlir::Value>> load(llvm::ArrayRef<LoopStream *> streams);
  /// Stores `values`, for every stream the thread's elements.
  void store(llvm::ArrayRef<LoopStream *> streams,
             llvm::ArrayRef<llvm::SmallVector<mlir::Value>> values);

private:
  /// The elements of `stream` that 16 bytes hold.
  int perMove(const LoopStream &stream) const;
  mlir::Value addressOf(const LoopStream &stream, int number);

  Emitter emit;
  int elements;
  mlir::Value first, isWhole;
  llvm::SmallVector<mlir::Value> insides;
};

} // namespace bregman::gpu
