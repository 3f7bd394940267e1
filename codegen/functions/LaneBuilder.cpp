// Emits each operation of the functions' vocabulary in the form that its number of lanes needs.
#include "codegen/functions/LaneBuilder.h"
#include "codegen/functions/TablePool.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <bit>

using namespace mlir;

namespace bregman {

/// Adding it to |x| < 2^22 rounds x to an integer, held in the low bits of the sum.
static constexpr float roundingMagic = 0x1.8p+23f;

Region &ConstantPool::regionOf(Operation *op) {
  Region *region = op->getParentRegion();
  while (!region->getParentOp()->hasTrait<OpTrait::IsIsolatedFromAbove>())
    region = region->getParentRegion();
  return *region;
}

Value ConstantPool::get(Location loc, TypedAttr value) {
  Value &known = values[value];
  if (!known) {
    OpBuilder builder = OpBuilder::atBlockBegin(entry);
    if (newest)
      builder.setInsertionPointAfter(newest);
    newest = arith::ConstantOp::create(builder, loc, value);
    known = newest->getResult(0);
  }
  return known;
}

bool LaneBuilder::supports(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getElementType().isF32() && !vector.isScalable() && vector.getRank() == 1 &&
           (vector.getDimSize(0) == 8 || vector.getDimSize(0) == 16);
  return type.isF32();
}

LaneBuilder::LaneBuilder(OpBuilder &builder, Location loc, Type type, ConstantPool &pool,
                         TablePool *tables)
    : builder(builder), loc(loc), pool(pool), tables(tables), count(1), floatType(type) {
  assert(supports(type) && "functions take f32, vector<8xf32> or vector<16xf32>");
  intType = builder.getI32Type();
  if (auto vector = dyn_cast<VectorType>(type)) {
    count = vector.getDimSize(0);
    intType = VectorType::get(vector.getShape(), intType);
  }
}

Value LaneBuilder::constant(float value) {
  if (auto vector = dyn_cast<VectorType>(floatType))
    return pool.get(loc, DenseElementsAttr::get(vector, value));
  return pool.get(loc, builder.getF32FloatAttr(value));
}

Value LaneBuilder::bits(uint32_t value) {
  if (auto vector = dyn_cast<VectorType>(intType))
    return pool.get(loc, DenseElementsAttr::get(vector, static_cast<int32_t>(value)));
  return pool.get(loc, builder.getI32IntegerAttr(static_cast<int32_t>(value)));
}

Value LaneBuilder::add(Value a, Value b) { return arith::AddFOp::create(builder, loc, a, b); }
Value LaneBuilder::sub(Value a, Value b) { return arith::SubFOp::create(builder, loc, a, b); }
Value LaneBuilder::mul(Value a, Value b) { return arith::MulFOp::create(builder, loc, a, b); }
Value LaneBuilder::div(Value a, Value b) { return arith::DivFOp::create(builder, loc, a, b); }
Value LaneBuilder::fma(Value a, Value b, Value c) {
  return math::FmaOp::create(builder, loc, a, b, c);
}
Value LaneBuilder::neg(Value a) { return arith::NegFOp::create(builder, loc, a); }
Value LaneBuilder::abs(Value a) { return math::AbsFOp::create(builder, loc, a); }
Value LaneBuilder::copySign(Value magnitude, Value sign) {
  return math::CopySignOp::create(builder, loc, magnitude, sign);
}
Value LaneBuilder::sqrt(Value a) { return math::SqrtOp::create(builder, loc, a); }

Value LaneBuilder::floor(Value a) { return math::FloorOp::create(builder, loc, a); }

Value LaneBuilder::horner(Value x, ArrayRef<float> coefficients) {
  Value sum = constant(coefficients.back());
  for (float c : llvm::reverse(coefficients.drop_back()))
    sum = fma(sum, x, constant(c));
  return sum;
}

Value LaneBuilder::compare(arith::CmpFPredicate predicate, Value a, Value b) {
  return arith::CmpFOp::create(builder, loc, predicate, a, b);
}
Value LaneBuilder::compare(arith::CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, predicate, a, b);
}
Value LaneBuilder::both(Value a, Value b) { return arith::AndIOp::create(builder, loc, a, b); }
Value LaneBuilder::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(builder, loc, condition, a, b);
}

// Written as x86's min and max are defined; `arith.minimumf` would be three instructions.
Value LaneBuilder::atMost(float bound, Value a) {
  Value c = constant(bound);
  return select(compare(arith::CmpFPredicate::OLT, c, a), c, a);
}
Value LaneBuilder::atLeast(float bound, Value a) {
  Value c = constant(bound);
  return select(compare(arith::CmpFPredicate::OGT, c, a), c, a);
}

Value LaneBuilder::toBits(Value a) { return arith::BitcastOp::create(builder, loc, intType, a); }
Value LaneBuilder::fromBits(Value a) {
  return arith::BitcastOp::create(builder, loc, floatType, a);
}
Value LaneBuilder::toFloat(Value a) { return arith::SIToFPOp::create(builder, loc, floatType, a); }
Value LaneBuilder::addBits(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }
Value LaneBuilder::subBits(Value a, Value b) { return arith::SubIOp::create(builder, loc, a, b); }
Value LaneBuilder::andBits(Value a, Value b) { return arith::AndIOp::create(builder, loc, a, b); }
Value LaneBuilder::shiftLeft(Value a, int amount) {
  return arith::ShLIOp::create(builder, loc, a, bits(amount));
}
Value LaneBuilder::shiftRight(Value a, int amount) {
  return arith::ShRSIOp::create(builder, loc, a, bits(amount));
}

Rounded LaneBuilder::round(Value a, float scale) {
  Value sum = fma(a, constant(scale), constant(roundingMagic));
  return {sum, sub(sum, constant(roundingMagic))};
}

Value LaneBuilder::intrinsic(StringRef name, ValueRange arguments) {
  return LLVM::CallIntrinsicOp::create(builder, loc, floatType, builder.getStringAttr(name),
                                       arguments)
      .getResults();
}

Value LaneBuilder::lookUp(const Table8 &table, Value index) {
  auto vectorOf = [&](int64_t lanes) {
    SmallVector<float> entries;
    for (int64_t i = 0; i < lanes; ++i)
      entries.push_back(table[i % 8]);
    auto type = VectorType::get({lanes}, builder.getF32Type());
    return pool.get(loc, DenseElementsAttr::get(type, ArrayRef<float>(entries)));
  };
  // vpermps of 16 lanes looks at four bits of the index, so the entries stand there twice.
  if (count == 16)
    return intrinsic("llvm.x86.avx512.permvar.sf.512", {vectorOf(16), index});
  if (count == 8)
    return intrinsic("llvm.x86.avx2.permps", {vectorOf(8), index});
  if (tables)
    return tables->lookUp(builder, loc, table, andBits(index, bits(7)));
  // By the bits of the index; an element of a constant vector would be read from memory.
  SmallVector<Value> entries;
  for (float entry : table)
    entries.push_back(constant(entry));
  for (int bit = 0; bit < 3; ++bit) {
    Value isSet = compare(arith::CmpIPredicate::ne, andBits(index, bits(1 << bit)), bits(0));
    SmallVector<Value> chosen;
    for (size_t i = 0; i < entries.size(); i += 2)
      chosen.push_back(select(isSet, entries[i + 1], entries[i]));
    entries = chosen;
  }
  return entries.front();
}

Value LaneBuilder::scaleByPower(Value y, const Rounded &n, int fractionBits) {
  if (count == 16) {
    // vscalefps floors the exponent itself and rounds once. All lanes, current rounding mode.
    Value exponent = n.integer;
    if (fractionBits > 0)
      exponent = mul(exponent, constant(1.0f / static_cast<float>(1 << fractionBits)));
    Value allLanes = pool.get(loc, builder.getI16IntegerAttr(-1));
    Value currentMode = pool.get(loc, builder.getI32IntegerAttr(4));
    return intrinsic("llvm.x86.avx512.mask.scalef.ps.512", {y, exponent, y, allLanes, currentMode});
  }
  // Two powers: the first product is exact, the second rounds.
  Value k = subBits(toBits(n.sum), bits(std::bit_cast<uint32_t>(roundingMagic)));
  if (fractionBits > 0)
    k = shiftRight(k, fractionBits);
  auto power = [&](Value exponent) {
    return fromBits(shiftLeft(addBits(exponent, bits(127)), 23));
  };
  Value half = shiftRight(k, 1);
  return mul(mul(y, power(half)), power(subBits(k, half)));
}

} // namespace bregman
