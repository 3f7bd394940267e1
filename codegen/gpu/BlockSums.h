// The reductions of a chunk, by the threads of a block, with the host's bits.
//
// Element i of a chunk goes to accumulator i mod 16 in the order of i. So all threads write what is
// to be reduced into shared memory, and for each reduction 16 threads of one warp are the
// accumulators, and walk over it.
#pragma once

#include "codegen/gpu/Emitter.h"
#include "dialect/BregmanDialect.h"

namespace bregman::gpu {

class BlockSums {
public:
  /// A thread has `elements` in each iteration.
  BlockSums(mlir::OpBuilder &builder, mlir::Location loc, int elements, mlir::Value thread)
      : emit{builder, loc}, elements(elements), thread(thread) {}

  /// A reduction whose record is written to `record`; `isMasked` says whether it has a condition.
  void declare(Reduction kind, mlir::Value record, bool isMasked);
  bool empty() const { return reductions.empty(); }

  /// What a thread begins a chunk with: for each reduction its accumulators, then its count.
  llvm::SmallVector<mlir::Value> initial();

  /// What a thread has of one reduction in one iteration, and where, or nothing.
  struct Elements {
    llvm::SmallVector<mlir::Value> values, conditions;
  };
  /// The state after an iteration in which the block has done `size` elements at most; `inside` has
  /// which elements of the thread there are. All threads come here.
  llvm::SmallVector<mlir::Value> add(mlir::ValueRange state, llvm::ArrayRef<Elements> given,
                                     llvm::ArrayRef<mlir::Value> inside, mlir::Value size);

  /// Writes the records of a chunk of `size` elements. All threads come here.
  void store(mlir::ValueRange state, mlir::Value size);

private:
  struct Summed {
    Reduction kind;
    mlir::Value record;
    bool isMasked;

    bool hasSquares() const { return kind == Reduction::Std; }
    /// Values of the state.
    unsigned width() const { return 1 + hasSquares() + isMasked; }
  };

  mlir::Type accumulatorType(const Summed &reduction);
  mlir::Value neutral(const Summed &reduction);
  /// Bytes from one reduction's elements in shared memory to the next one's.
  int stride() const;
  /// How many reductions' elements shared memory takes at once.
  unsigned groupSize() const;
  /// The address of the block's shared memory, of which at least `bytes` are asked for.
  mlir::Value shared(int bytes);
  /// The part of the state that the walkers of `reduction` have after `rows` rows at `place`.
  llvm::SmallVector<mlir::Value> walk(const Summed &reduction, mlir::ValueRange sums,
                                      mlir::Value place, mlir::Value rows);
  /// Whether this thread is one of the accumulators of a reduction, or the first of them.
  mlir::Value isWalker(unsigned reduction);
  mlir::Value isFirstWalker(unsigned reduction);
  /// One number of the 16 of `type` at `place`.
  mlir::Value combine(const Summed &reduction, mlir::Type type, mlir::Value place);

  Emitter emit;
  int elements;
  mlir::Value thread;
  llvm::SmallVector<Summed> reductions;
};

} // namespace bregman::gpu
