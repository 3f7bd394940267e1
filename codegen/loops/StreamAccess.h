// The memory side of a loop: addresses, whole and masked moves, prefetches.
#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace bregman {

/// One stream of one plane, as a loop sees it.
struct LoopStream {
  std::string name;
  mlir::Type storage; ///< f32, bf16 or f16
  bool isRead, isWritten;
  bool isSwept;        ///< has an element for each that the loop goes over
  mlir::Value address; ///< of its first element
};

/// Emits the accesses to streams in one iteration of a loop, at the insertion point.
class StreamAccess {
public:
  StreamAccess(mlir::OpBuilder &builder, int lanes) : builder(builder), lanes(lanes) {}

  /// The lanes at element `index`, as stored. `mask` is null for a whole vector.
  mlir::Value load(const LoopStream &stream, mlir::Value index, mlir::Value mask);
  /// Stores what narrow() gave.
  void store(const LoopStream &stream, mlir::Value index, mlir::Value mask, mlir::Value value);
  /// Stores past the cache; the address is aligned to the vector.
  void storeAround(const LoopStream &stream, mlir::Value index, mlir::Value value);
  /// Asks for the vector that the loop will read `distance` iterations later; past the end of the
  /// stream that does nothing.
  void prefetch(const LoopStream &stream, mlir::Value index, int distance);

  /// Which lanes lie below `left`, a number of elements less than the lanes.
  mlir::Value maskBelow(mlir::Location loc, mlir::Value left);
  /// The type of what is loaded.
  mlir::VectorType typeOf(const LoopStream &stream) const;

private:
  mlir::Value addressOf(const LoopStream &stream, mlir::Value index);
  /// The location of accesses to `stream`, which carries its name.
  mlir::Location locOf(const LoopStream &stream) const { return stream.address.getLoc(); }
  /// The alignment in bytes that an element alone has.
  int elementAlignment(const LoopStream &stream) const;

  mlir::OpBuilder &builder;
  int lanes;
};

} // namespace bregman
