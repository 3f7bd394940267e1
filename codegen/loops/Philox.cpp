// The generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
// (2011): ten rounds of two multiplications. A number depends on its counter alone, so that it is
// the same for every cut of the tensor, every number of threads, and after a resume.
#include "codegen/loops/Philox.h"
#include "codegen/KernelABI.h"
#include "codegen/loops/Lanes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <cstddef>
#include <numeric>

using namespace mlir;

namespace bregman {

static constexpr int rounds = 10;
static constexpr uint32_t multipliers[] = {0xD2511F53, 0xCD9E8D57};
/// What the key grows by from round to round.
static constexpr uint32_t increments[] = {0x9E3779B9, 0xBB67AE85};

RandomKey RandomKey::load(OpBuilder &builder, Location loc, Value record) {
  auto field = [&](Type type, int offset) -> Value {
    Value place = LLVM::GEPOp::create(builder, loc, record.getType(), builder.getI8Type(), record,
                                      ArrayRef<LLVM::GEPArg>{offset});
    return LLVM::LoadOp::create(builder, loc, type, place,
                                /*alignment=*/type.getIntOrFloatBitWidth() / 8);
  };
  Type i32 = builder.getI32Type();
  constexpr int seed = offsetof(abi::Random, seed);
  // Counters are 128 bits; of the step they hold the low word.
  return {.first = field(builder.getI64Type(), offsetof(abi::Random, first)),
          .parameter = field(i32, offsetof(abi::Random, parameter)),
          .step = field(i32, offsetof(abi::Random, step)),
          .next = field(i32, offsetof(abi::Random, next)),
          .seed = {field(i32, seed), field(i32, seed + 4)}};
}

Philox::Philox(OpBuilder &builder, Location loc, int lanes, const RandomKey &key)
    : builder(builder), loc(loc), words(lanesOf(builder.getI32Type(), lanes)), first(key.first),
      parameter(spread(key.parameter)), step(spread(key.step)), next(spread(key.next)) {
  for (int word : {0, 1}) {
    Value sum = key.seed[word];
    Value increment = arith::ConstantOp::create(
        builder, loc, builder.getI32IntegerAttr(static_cast<int32_t>(increments[word])));
    for (int round = 0; round < rounds; ++round) {
      keys[word].push_back(spread(sum));
      sum = arith::AddIOp::create(builder, loc, sum, increment);
    }
  }
}

Value Philox::constant(uint32_t value) {
  return constantLanes(builder, loc, words, builder.getI32IntegerAttr(static_cast<int32_t>(value)));
}

Value Philox::spread(Value number) { return spreadLanes(builder, loc, words, number); }

Value Philox::numbers(Value index, bool isNext) {
  Value base = arith::AddIOp::create(builder, loc, first, index);
  Value thirtyTwo = arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(32));
  Value above = arith::ShRUIOp::create(builder, loc, base, thirtyTwo);
  auto wordOf = [&](Value number) {
    return spread(arith::TruncIOp::create(builder, loc, builder.getI32Type(), number));
  };
  Value low = wordOf(base), high = wordOf(above);
  if (auto vector = dyn_cast<VectorType>(words)) {
    SmallVector<int32_t> numbers(vector.getDimSize(0));
    std::iota(numbers.begin(), numbers.end(), 0);
    Value lane = arith::ConstantOp::create(
        builder, loc, DenseElementsAttr::get(vector, ArrayRef<int32_t>(numbers)));
    low = arith::AddIOp::create(builder, loc, low, lane);
    Value carries = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, low, lane);
    high = arith::AddIOp::create(builder, loc, high,
                                 arith::ExtUIOp::create(builder, loc, words, carries));
  }

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
  Type lanes = likeLanes(words, builder.getF32Type());
  Value number = arith::SIToFPOp::create(builder, loc, lanes, bits);
  Value unit = constantLanes(builder, loc, lanes, builder.getF32FloatAttr(0x1p-24f));
  return arith::MulFOp::create(builder, loc, number, unit);
}

} // namespace bregman
