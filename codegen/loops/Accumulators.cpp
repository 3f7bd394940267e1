// Sums are kept in double, in which the squares of f32 are exact.
#include "codegen/loops/Accumulators.h"
#include "codegen/KernelABI.h"
#include "codegen/loops/ReductionMath.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace bregman {

void Accumulators::declare(Reduction kind, Value record, bool isMasked) {
  reductions.push_back({kind, record, isMasked});
}

int Accumulators::slots() const { return abi::accumulators / lanes; }

Value Accumulators::splat(Type element, double value) {
  auto type = lanesOf(element);
  Attribute number = isa<FloatType>(element) ? Attribute(builder.getFloatAttr(element, value))
                                             : builder.getIntegerAttr(element, int64_t(value));
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, number));
}

Value Accumulators::neutral(const Accumulated &reduction) {
  return splat(builder.getF32Type(), neutralOf(reduction.kind));
}

SmallVector<Value> Accumulators::initial() {
  SmallVector<Value> state;
  for (const Accumulated &reduction : reductions) {
    Value zero = isExtremum(reduction.kind) ? neutral(reduction) : splat(builder.getF64Type(), 0);
    state.append(slots() * (reduction.hasSquares() ? 2 : 1), zero);
    if (reduction.isMasked)
      state.push_back(splat(builder.getI32Type(), 0));
  }
  return state;
}

SmallVector<Value> Accumulators::add(ValueRange state, ArrayRef<Elements> elements,
                                     ArrayRef<Value> tail) {
  SmallVector<Value> result(state);
  auto wide = lanesOf(builder.getF64Type());
  size_t first = 0;
  for (auto [reduction, vectors] : llvm::zip(reductions, elements)) {
    size_t squares = first + slots();
    size_t count = reduction.hasSquares() ? squares + slots() : squares;
    for (auto [part, value] : llvm::enumerate(vectors.values)) {
      Value condition = reduction.isMasked ? vectors.conditions[part] : Value();
      if (tail[part])
        condition =
            condition ? arith::AndIOp::create(builder, loc, condition, tail[part]) : tail[part];
      Value taken = value;
      if (condition)
        taken = arith::SelectOp::create(builder, loc, condition, value, neutral(reduction));
      size_t slot = part % slots();
      Value &sum = result[first + slot];
      if (isExtremum(reduction.kind)) {
        sum = extremumOf(builder, loc, reduction.kind, sum, taken);
      } else {
        Value exact = arith::ExtFOp::create(builder, loc, wide, taken);
        sum = arith::AddFOp::create(builder, loc, sum, exact);
        if (reduction.hasSquares()) {
          Value square = arith::MulFOp::create(builder, loc, exact, exact);
          Value &squareSum = result[squares + slot];
          squareSum = arith::AddFOp::create(builder, loc, squareSum, square);
        }
      }
      if (reduction.isMasked) {
        Value one = arith::ExtUIOp::create(builder, loc, result[count].getType(), condition);
        result[count] = arith::AddIOp::create(builder, loc, result[count], one);
      }
    }
    first = count + (reduction.isMasked ? 1 : 0);
  }
  return result;
}

Value Accumulators::combine(const Accumulated &reduction, ValueRange slots) {
  SmallVector<Value> halves(slots);
  auto join = [&](Value a, Value b) { return joinOf(builder, loc, reduction.kind, a, b); };
  Value all = halves.size() == 2 ? join(halves[0], halves[1]) : halves[0];
  for (int64_t width = cast<VectorType>(all.getType()).getDimSize(0) / 2; width > 0; width /= 2) {
    SmallVector<int64_t> lower(width), upper(width);
    std::iota(lower.begin(), lower.end(), 0);
    std::iota(upper.begin(), upper.end(), width);
    all = join(vector::ShuffleOp::create(builder, loc, all, all, lower),
               vector::ShuffleOp::create(builder, loc, all, all, upper));
  }
  return vector::ExtractOp::create(builder, loc, all, ArrayRef<int64_t>{0});
}

void Accumulators::store(ValueRange state, Value size) {
  Type f64 = builder.getF64Type();
  for (const Accumulated &reduction : reductions) {
    auto take = [&](int count) {
      ValueRange taken = state.take_front(count);
      state = state.drop_front(count);
      return combine(reduction, taken);
    };
    Value sum = take(slots());
    if (isExtremum(reduction.kind))
      sum = arith::ExtFOp::create(builder, loc, f64, sum);
    storePartialField(builder, loc, reduction.record, 0, sum);
    Value squares = reduction.hasSquares()
                        ? take(slots())
                        : arith::ConstantOp::create(builder, loc, builder.getF64FloatAttr(0));
    storePartialField(builder, loc, reduction.record, 1, squares);
    Value count = size;
    if (reduction.isMasked) {
      count = arith::ExtUIOp::create(builder, loc, builder.getI64Type(), take(1));
    }
    storePartialField(builder, loc, reduction.record, 2,
                      arith::SIToFPOp::create(builder, loc, f64, count));
  }
}

} // namespace bregman
