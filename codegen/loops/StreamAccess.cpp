// Emits loads, stores and prefetches as operations of the LLVM dialect, which keep what memref's
// would lose: alignment, masks, the way around the cache.
#include "codegen/loops/StreamAccess.h"
#include "codegen/ValueNames.h"
#include "codegen/loops/Storage.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace bregman {

VectorType StreamAccess::typeOf(const LoopStream &stream) const {
  return VectorType::get({lanes}, memoryElement(stream.storage));
}

int StreamAccess::elementAlignment(const LoopStream &stream) const {
  return static_cast<int>(stream.storage.getIntOrFloatBitWidth() / 8);
}

Value StreamAccess::addressOf(const LoopStream &stream, Value index) {
  return LLVM::GEPOp::create(builder, locOf(stream), stream.address.getType(),
                             memoryElement(stream.storage), stream.address,
                             ArrayRef<LLVM::GEPArg>{index});
}

Value StreamAccess::load(const LoopStream &stream, Value index, Value mask) {
  Value address = addressOf(stream, index);
  int alignment = elementAlignment(stream);
  Value lanes;
  if (mask)
    lanes = LLVM::MaskedLoadOp::create(builder, locOf(stream), typeOf(stream), address, mask,
                                       /*pass_thru=*/Value(), builder.getI32IntegerAttr(alignment),
                                       /*nontemporal=*/UnitAttr());
  else
    lanes = LLVM::LoadOp::create(builder, locOf(stream), typeOf(stream), address, alignment);
  keepName(lanes.getDefiningOp(), stream.name + ".lanes");
  return lanes;
}

void StreamAccess::store(const LoopStream &stream, Value index, Value mask, Value value) {
  Value address = addressOf(stream, index);
  int alignment = elementAlignment(stream);
  if (mask)
    LLVM::MaskedStoreOp::create(builder, locOf(stream), value, address, mask, alignment);
  else
    LLVM::StoreOp::create(builder, locOf(stream), value, address, alignment);
}

void StreamAccess::storeAround(const LoopStream &stream, Value index, Value value) {
  LLVM::StoreOp::create(builder, locOf(stream), value, addressOf(stream, index),
                        elementAlignment(stream) * lanes, /*isVolatile=*/false,
                        /*isNonTemporal=*/true);
}

void StreamAccess::prefetch(const LoopStream &stream, Value index, int distance) {
  Value ahead = LLVM::GEPOp::create(builder, locOf(stream), stream.address.getType(),
                                    memoryElement(stream.storage), addressOf(stream, index),
                                    ArrayRef<LLVM::GEPArg>{distance * lanes});
  // For reading, into every level of the cache, data.
  LLVM::Prefetch::create(builder, locOf(stream), ahead, /*rw=*/0, /*hint=*/3, /*cache=*/1);
}

Value StreamAccess::maskBelow(Location loc, Value left) {
  SmallVector<int32_t> numbers(lanes);
  std::iota(numbers.begin(), numbers.end(), 0);
  auto type = VectorType::get({lanes}, builder.getI32Type());
  Value lane = arith::ConstantOp::create(builder, loc,
                                         DenseElementsAttr::get(type, ArrayRef<int32_t>(numbers)));
  Value narrow = arith::TruncIOp::create(builder, loc, builder.getI32Type(), left);
  Value bound = vector::BroadcastOp::create(builder, loc, type, narrow);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, lane, bound);
}

} // namespace bregman
