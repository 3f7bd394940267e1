// The builder of derivatives and inverses.
#include "dialect/calculus/Emit.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace bregman;

Value Emit::constant(Type type, double value) {
  Attribute number = FloatAttr::get(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    number = DenseElementsAttr::get(vector, number);
  return make<arith::ConstantOp>(type, cast<TypedAttr>(number));
}

Value Emit::add(Value a, Value b) { return make<arith::AddFOp>(a, b); }
Value Emit::sub(Value a, Value b) { return make<arith::SubFOp>(a, b); }
Value Emit::mul(Value a, Value b) { return make<arith::MulFOp>(a, b); }
Value Emit::div(Value a, Value b) { return make<arith::DivFOp>(a, b); }
Value Emit::neg(Value a) { return make<arith::NegFOp>(a); }

Value Emit::compare(arith::CmpFPredicate predicate, Value a, Value b) {
  return make<arith::CmpFOp>(predicate, a, b);
}
Value Emit::select(Value condition, Value a, Value b) {
  return make<arith::SelectOp>(condition, a, b);
}
Value Emit::keep(Value condition, Value a) {
  return select(condition, a, constant(a.getType(), 0));
}

Value Emit::spread(Value scalar, Type type) {
  return scalar.getType() == type ? scalar : make<vector::BroadcastOp>(type, scalar);
}
Value Emit::reduce(Reduction kind, Value levels) { return make<ReduceOp>(kind, levels); }
Value Emit::extract(Value levels, int64_t index) {
  return make<vector::ExtractOp>(levels, ArrayRef<int64_t>{index});
}
Value Emit::fromElements(ArrayRef<Value> elements) {
  auto type = VectorType::get({static_cast<int64_t>(elements.size())}, elements[0].getType());
  return make<vector::FromElementsOp>(type, elements);
}

std::optional<double> bregman::constantOf(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<arith::TruncFOp, arith::ExtFOp, vector::BroadcastOp>(op))
      break;
    value = op->getOperand(0);
  }
  Attribute attribute;
  if (!matchPattern(value, m_Constant(&attribute)))
    return std::nullopt;
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return number.getValueAsDouble();
  auto dense = dyn_cast<DenseFPElementsAttr>(attribute);
  if (!dense || !dense.isSplat())
    return std::nullopt;
  APFloat number = dense.getSplatValue<APFloat>();
  bool lossy = false;
  number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lossy);
  return number.convertToDouble();
}
