// The generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
// (2011): ten rounds of two multiplications. A number depends on its counter alone, so that it is
// the same for every cut of the tensor, every number of threads, and after a resume.
#include "codegen/loops/Philox.h"
#include "codegen/KernelABI.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cstddef>
#include <numeric>

using namespace mlir;

namespace bregman {

static constexpr int rounds = 10;
static constexpr uint32_t multipliers[] = {0xD2511F53, 0xCD9E8D57};
/// What the key grows by from round to round.
static constexpr uint32_t increments[] = {0x9E3779B9, 0xBB67AE85};

Philox::Philox(OpBuilder &builder, Location loc, int lanes, Value record)
    : builder(builder), loc(loc), words(VectorType::get({lanes}, builder.getI32Type())),
      record(record) {
  Type i32 = builder.getI32Type(), i64 = builder.getI64Type();
  first = load(i64, offsetof(abi::Random, first));
  parameter = spread(load(i32, offsetof(abi::Random, parameter)));
  // Counters are 128 bits; of the step they hold the low word.
  step = spread(load(i32, offsetof(abi::Random, step)));
  next = spread(load(i32, offsetof(abi::Random, next)));
  for (int word : {0, 1}) {
    Value key = load(i32, offsetof(abi::Random, seed) + 4 * word);
    Value increment = arith::ConstantOp::create(
        builder, loc, builder.getI32IntegerAttr(static_cast<int32_t>(increments[word])));
    for (int round = 0; round < rounds; ++round) {
      keys[word].push_back(spread(key));
      key = arith::AddIOp::create(builder, loc, key, increment);
    }
  }
}

Value Philox::load(Type type, int offset) {
  Value place = LLVM::GEPOp::create(builder, loc, record.getType(), builder.getI8Type(), record,
                                    ArrayRef<LLVM::GEPArg>{offset});
  return LLVM::LoadOp::create(builder, loc, type, place,
                              /*alignment=*/type.getIntOrFloatBitWidth() / 8);
}

Value Philox::constant(uint32_t value) {
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(words, static_cast<int32_t>(value)));
}

Value Philox::spread(Value number) {
  return vector::BroadcastOp::create(builder, loc, words, number);
}

Value Philox::numbers(Value index, bool isNext) {
  Value base = arith::AddIOp::create(builder, loc, first, index);
  Value thirtyTwo = arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(32));
  Value above = arith::ShRUIOp::create(builder, loc, base, thirtyTwo);
  auto wordOf = [&](Value number) {
    return spread(arith::TruncIOp::create(builder, loc, builder.getI32Type(), number));
  };
  SmallVector<int32_t> numbers(words.getDimSize(0));
  std::iota(numbers.begin(), numbers.end(), 0);
  Value lane = arith::ConstantOp::create(builder, loc,
                                         DenseElementsAttr::get(words, ArrayRef<int32_t>(numbers)));
  Value low = arith::AddIOp::create(builder, loc, wordOf(base), lane);
  Value carries = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, low, lane);
  Value high = arith::AddIOp::create(builder, loc, wordOf(above),
                                     arith::ExtUIOp::create(builder, loc, words, carries));

  Value counter[] = {low, high, isNext ? next : step, parameter};
  for (int round = 0; round < rounds; ++round) {
    auto one = arith::MulUIExtendedOp::create(builder, loc, constant(multipliers[0]), counter[0]);
    auto two = arith::MulUIExtendedOp::create(builder, loc, constant(multipliers[1]), counter[2]);
    auto mix = [&](Value product, Value word, Value key) {
      return arith::XOrIOp::create(builder, loc, arith::XOrIOp::create(builder, loc, product, word),
                                   key);
    };
    Value mixed[] = {mix(two.getHigh(), counter[1], keys[0][round]), two.getLow(),
                     mix(one.getHigh(), counter[3], keys[1][round]), one.getLow()};
    std::copy(std::begin(mixed), std::end(mixed), std::begin(counter));
  }
  // 24 bits are what f32 holds; they are positive as integers.
  Value bits = arith::ShRUIOp::create(builder, loc, counter[0], constant(8));
  auto lanes = VectorType::get(words.getShape(), builder.getF32Type());
  Value number = arith::SIToFPOp::create(builder, loc, lanes, bits);
  Value unit = arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(lanes, 0x1p-24f));
  return arith::MulFOp::create(builder, loc, number, unit);
}

} // namespace bregman
