// bf16 by integer arithmetic: without AVX512-BF16 LLVM would call a library for each lane, and with
// it flush subnormals. f16 by the machine's conversion (F16C).
#include "codegen/loops/Storage.h"
#include "codegen/loops/Lanes.h"

using namespace mlir;

namespace bregman {

namespace {
/// Integer arithmetic on lanes of one width.
class Bits {
public:
  Bits(OpBuilder &builder, Location loc, Type lanes)
      : builder(builder), loc(loc), type(likeLanes(lanes, builder.getI32Type())) {}

  Type of(Type element) const { return likeLanes(type, element); }
  Value constant(int32_t value) {
    return constantLanes(builder, loc, type, builder.getI32IntegerAttr(value));
  }
  template <typename Op> Value binary(Value a, Value b) { return Op::create(builder, loc, a, b); }
  template <typename Op> Value cast(Type element, Value a) {
    return Op::create(builder, loc, of(element), a);
  }

  OpBuilder &builder;
  Location loc;
  Type type;
};
} // namespace

Type memoryElement(Type storage) {
  return storage.isF32() ? storage : IntegerType::get(storage.getContext(), 16);
}

Value widen(OpBuilder &builder, Location loc, Value loaded, Type storage) {
  if (storage.isF32())
    return loaded;
  Bits b(builder, loc, loaded.getType());
  if (storage.isF16())
    return b.cast<arith::ExtFOp>(builder.getF32Type(), b.cast<arith::BitcastOp>(storage, loaded));
  Value high = b.cast<arith::ExtUIOp>(builder.getI32Type(), loaded);
  return b.cast<arith::BitcastOp>(builder.getF32Type(),
                                  b.binary<arith::ShLIOp>(high, b.constant(16)));
}

Value narrow(OpBuilder &builder, Location loc, Value lanes, Type storage) {
  if (storage.isF32())
    return lanes;
  Type i16 = builder.getI16Type();
  Bits b(builder, loc, lanes.getType());
  if (storage.isF16())
    return b.cast<arith::BitcastOp>(i16, b.cast<arith::TruncFOp>(storage, lanes));
  // Half of the last place, less one where the kept part is even, carries into the kept part.
  Value bits = b.cast<arith::BitcastOp>(builder.getI32Type(), lanes);
  Value high = b.binary<arith::ShRUIOp>(bits, b.constant(16));
  Value odd = b.binary<arith::AndIOp>(high, b.constant(1));
  Value half = b.binary<arith::AddIOp>(odd, b.constant(0x7fff));
  Value rounded = b.binary<arith::ShRUIOp>(b.binary<arith::AddIOp>(bits, half), b.constant(16));
  // A NaN whose payload lies in the dropped part would become an infinity.
  Value quiet = b.binary<arith::OrIOp>(high, b.constant(0x40));
  Value isNaN = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNO, lanes, lanes);
  Value kept = arith::SelectOp::create(builder, loc, isNaN, quiet, rounded);
  return b.cast<arith::TruncIOp>(i16, kept);
}

} // namespace bregman
