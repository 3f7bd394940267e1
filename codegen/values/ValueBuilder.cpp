// Emits each operation of the vocabulary.
#include "codegen/values/ValueBuilder.h"
#include "dialect/BregmanDialect.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace bregman {

using Predicate = arith::CmpFPredicate;

Value ValueBuilder::constant(Value like, float value) {
  FloatAttr scalar = builder.getF32FloatAttr(value);
  if (auto vector = dyn_cast<VectorType>(like.getType()))
    return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(vector, value));
  return arith::ConstantOp::create(builder, loc, scalar);
}

Value ValueBuilder::add(Value a, Value b) { return arith::AddFOp::create(builder, loc, a, b); }
Value ValueBuilder::sub(Value a, Value b) { return arith::SubFOp::create(builder, loc, a, b); }
Value ValueBuilder::mul(Value a, Value b) { return arith::MulFOp::create(builder, loc, a, b); }
Value ValueBuilder::div(Value a, Value b) { return arith::DivFOp::create(builder, loc, a, b); }
Value ValueBuilder::neg(Value a) { return arith::NegFOp::create(builder, loc, a); }
Value ValueBuilder::abs(Value a) { return math::AbsFOp::create(builder, loc, a); }
Value ValueBuilder::floor(Value a) { return math::FloorOp::create(builder, loc, a); }
Value ValueBuilder::sqrt(Value a) { return math::SqrtOp::create(builder, loc, a); }
Value ValueBuilder::exp(Value a) { return math::ExpOp::create(builder, loc, a); }
Value ValueBuilder::sigmoid(Value a) { return SigmoidOp::create(builder, loc, a.getType(), a); }

Value ValueBuilder::compare(Predicate predicate, Value a, Value b) {
  return arith::CmpFOp::create(builder, loc, predicate, a, b);
}
Value ValueBuilder::less(Value a, Value b) { return compare(Predicate::OLT, a, b); }
Value ValueBuilder::greater(Value a, Value b) { return compare(Predicate::OGT, a, b); }
Value ValueBuilder::atLeast(Value a, Value b) { return compare(Predicate::OGE, a, b); }
Value ValueBuilder::equal(Value a, Value b) { return compare(Predicate::OEQ, a, b); }
Value ValueBuilder::eitherIsNaN(Value a, Value b) { return compare(Predicate::UNO, a, b); }

Value ValueBuilder::both(Value a, Value b) { return arith::AndIOp::create(builder, loc, a, b); }
Value ValueBuilder::either(Value a, Value b) { return arith::OrIOp::create(builder, loc, a, b); }
Value ValueBuilder::negate(Value condition) {
  TypedAttr yes = builder.getBoolAttr(true);
  if (auto vector = dyn_cast<VectorType>(condition.getType()))
    yes = DenseElementsAttr::get(vector, true);
  Value one = arith::ConstantOp::create(builder, loc, yes);
  return arith::XOrIOp::create(builder, loc, condition, one);
}
Value ValueBuilder::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(builder, loc, condition, a, b);
}

/// Whether `value` is a constant without a NaN.
static bool isConstantNumber(Value value) {
  Attribute constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return false;
  if (auto scalar = dyn_cast<FloatAttr>(constant))
    return !scalar.getValue().isNaN();
  auto elements = dyn_cast<DenseFPElementsAttr>(constant);
  return elements && llvm::none_of(elements, [](const APFloat &f) { return f.isNaN(); });
}

// vminps gives its second operand where either is NaN. The constant stands first, and the other
// passes; of two unknown ones the first must be asked as well.
Value ValueBuilder::minimum(Value a, Value b) {
  if (isConstantNumber(b))
    std::swap(a, b);
  Value least = minimumOfNumbers(a, b);
  return isConstantNumber(a) ? least : select(eitherIsNaN(a, a), a, least);
}
Value ValueBuilder::maximum(Value a, Value b) {
  if (isConstantNumber(b))
    std::swap(a, b);
  Value most = maximumOfNumbers(a, b);
  return isConstantNumber(a) ? most : select(eitherIsNaN(a, a), a, most);
}
Value ValueBuilder::minimumOfNumbers(Value a, Value b) { return select(less(a, b), a, b); }
Value ValueBuilder::maximumOfNumbers(Value a, Value b) { return select(greater(a, b), a, b); }

SmallVector<Value> ValueBuilder::levelsOf(Value vector) {
  SmallVector<Value> levels;
  for (int64_t level = 0; level < levelCount(vector.getType()); ++level)
    levels.push_back(vector::ExtractOp::create(builder, loc, vector, level));
  return levels;
}

Value ValueBuilder::fromLevels(ArrayRef<Value> levels) {
  auto type = VectorType::get({static_cast<int64_t>(levels.size())}, levels.front().getType());
  return vector::FromElementsOp::create(builder, loc, type, levels);
}

Value ValueBuilder::tree(ArrayRef<Value> values, Combine combine) {
  SmallVector<Value> row(values);
  while (row.size() > 1) {
    SmallVector<Value> next;
    for (size_t i = 0; i + 1 < row.size(); i += 2)
      next.push_back(combine(row[i], row[i + 1]));
    if (row.size() % 2)
      next.push_back(row.back());
    row = std::move(next);
  }
  return row.front();
}

Value ValueBuilder::sum(ArrayRef<Value> values) {
  return tree(values, [&](Value a, Value b) { return add(a, b); });
}

} // namespace bregman
