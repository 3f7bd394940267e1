// Shared memory holds a tile of what is reduced; after the last tile it holds the accumulators.
#include "codegen/gpu/BlockSums.h"
#include "codegen/CudaABI.h"
#include "codegen/loops/ReductionMath.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace bregman::gpu {

static constexpr int warp = 32;
static constexpr int warps = abi::cuda::threads / warp;
static constexpr int accumulators = abi::accumulators;
/// What a block has without asking the driver for more.
static constexpr int sharedBytes = 48 << 10;
static constexpr const char *sharedSymbol = "bregman_shared";

/// What a reduction leaves after the last tile: a count of every thread, then what its 16
/// accumulators have.
static constexpr int countsBytes = 4 * abi::cuda::threads;
static constexpr int squaresAt = countsBytes + 8 * accumulators;
static constexpr int countAt = squaresAt + 8 * accumulators;
static constexpr int finalBytes = countAt + 4 * accumulators;

void BlockSums::declare(Reduction kind, Value record, bool isMasked) {
  reductions.push_back({kind, record, isMasked});
}

Type BlockSums::accumulatorType(const Summed &reduction) {
  return isExtremum(reduction.kind) ? Type(emit.builder.getF32Type()) : emit.builder.getF64Type();
}

Value BlockSums::neutral(const Summed &reduction) {
  return arith::ConstantOp::create(
      emit.builder, emit.loc,
      emit.builder.getF32FloatAttr(static_cast<float>(neutralOf(reduction.kind))));
}

SmallVector<Value> BlockSums::initial() {
  SmallVector<Value> state;
  for (const Summed &reduction : reductions) {
    Value zero = isExtremum(reduction.kind) ? neutral(reduction) : emit.f64(0);
    state.append(1 + reduction.hasSquares(), zero);
    if (reduction.isMasked)
      state.push_back(emit.i32(0));
  }
  return state;
}

/// The half row more keeps two reductions' walkers in different banks.
int BlockSums::stride() const { return 4 * (elements * abi::cuda::threads + accumulators); }

unsigned BlockSums::groupSize() const { return sharedBytes / stride(); }

Value BlockSums::shared(int bytes) {
  auto function =
      emit.builder.getInsertionBlock()->getParent()->getParentOfType<LLVM::LLVMFuncOp>();
  auto module = function->getParentOfType<ModuleOp>();
  auto type = LLVM::LLVMArrayType::get(emit.builder.getI8Type(), bytes);
  auto global = module.lookupSymbol<LLVM::GlobalOp>(sharedSymbol);
  if (!global) {
    OpBuilder::InsertionGuard guard(emit.builder);
    emit.builder.setInsertionPoint(function);
    global = LLVM::GlobalOp::create(emit.builder, emit.loc, type, /*isConstant=*/false,
                                    LLVM::Linkage::Internal, sharedSymbol, Attribute(),
                                    /*alignment=*/16, sharedSpace);
  } else if (cast<LLVM::LLVMArrayType>(global.getGlobalType()).getNumElements() < unsigned(bytes)) {
    global.setGlobalType(type);
  }
  return LLVM::AddressOfOp::create(emit.builder, emit.loc, global);
}

Value BlockSums::isWalker(unsigned reduction) {
  Value begin = emit.i32(static_cast<int>(reduction % warps) * warp);
  Value number = emit.sub(thread, begin);
  return emit.compare(arith::CmpIPredicate::ult, number, emit.i32(accumulators));
}

Value BlockSums::isFirstWalker(unsigned reduction) {
  Value first = emit.i32(static_cast<int>(reduction % warps) * warp);
  return emit.compare(arith::CmpIPredicate::eq, thread, first);
}

SmallVector<Value> BlockSums::walk(const Summed &reduction, ValueRange sums, Value place,
                                   Value rows) {
  Type f32 = emit.builder.getF32Type();
  auto loop = emit.count(emit.i32(0), rows, 1, sums, [&](Value row, ValueRange state) {
    Value address = emit.at(place, emit.mul(row, accumulators), f32);
    Value number = emit.load(f32, address);
    if (isExtremum(reduction.kind))
      return SmallVector<Value>{
          extremumOf(emit.builder, emit.loc, reduction.kind, state[0], number)};
    Value exact = arith::ExtFOp::create(emit.builder, emit.loc, emit.builder.getF64Type(), number);
    SmallVector<Value> next{arith::AddFOp::create(emit.builder, emit.loc, state[0], exact)};
    if (reduction.hasSquares()) {
      Value square = arith::MulFOp::create(emit.builder, emit.loc, exact, exact);
      next.push_back(arith::AddFOp::create(emit.builder, emit.loc, state[1], square));
    }
    return next;
  });
  return loop.getResults();
}

SmallVector<Value> BlockSums::add(ValueRange state, ArrayRef<Elements> given,
                                  ArrayRef<Value> inside, Value size) {
  SmallVector<Value> next(state);
  unsigned group = std::min<unsigned>(groupSize(), reductions.size());
  Value memory = shared(static_cast<int>(group) * stride());
  static_assert(accumulators == 1 << 4);
  // The rows that hold an element of the chunk; what is beyond changes nothing.
  Value lastRow = emit.add(size, emit.i32(accumulators - 1));
  Value needed = arith::ShRUIOp::create(emit.builder, emit.loc, lastRow, emit.i32(4));
  Value all = emit.i32(elements * abi::cuda::threads / accumulators);
  Value rows = emit.select(emit.compare(arith::CmpIPredicate::slt, needed, all), needed, all);
  Type f32 = emit.builder.getF32Type();

  unsigned first = 0; // of the state
  for (unsigned begin = 0; begin < reductions.size(); begin += group) {
    unsigned end = std::min<unsigned>(begin + group, reductions.size());
    unsigned counted = first;
    for (unsigned index = begin; index < end; ++index) {
      const Summed &reduction = reductions[index];
      SmallVector<Value> taken;
      Value &count = next[counted + reduction.width() - 1];
      for (int number = 0; number < elements; ++number) {
        Value condition = inside[number];
        if (reduction.isMasked) {
          condition = emit.both(condition, given[index].conditions[number]);
          count = emit.add(count, arith::ExtUIOp::create(emit.builder, emit.loc,
                                                         emit.builder.getI32Type(), condition));
        }
        taken.push_back(emit.select(condition, given[index].values[number], neutral(reduction)));
      }
      counted += reduction.width();
      Value place = emit.at(memory, static_cast<int>(index - begin) * stride());
      place = emit.at(place, emit.mul(thread, elements), f32);
      for (int number = 0; number < elements; number += 4) {
        Value vector = vector::FromElementsOp::create(
            emit.builder, emit.loc, VectorType::get({4}, f32), ArrayRef(taken).slice(number, 4));
        emit.store(vector, number ? emit.at(place, number, f32) : place, /*alignment=*/16);
      }
    }
    emit.barrier();
    for (unsigned index = begin; index < end; ++index) {
      const Summed &reduction = reductions[index];
      SmallVector<Value> sums(ArrayRef(next).slice(first, 1 + reduction.hasSquares()));
      SmallVector<Value> walked = emit.branch(
          isWalker(index), ValueRange(sums).getTypes(),
          [&] {
            Value place = emit.at(memory, static_cast<int>(index - begin) * stride());
            Value number = emit.sub(thread, emit.i32(static_cast<int>(index % warps) * warp));
            return walk(reduction, sums, emit.at(place, number, f32), rows);
          },
          [&] { return sums; });
      llvm::copy(walked, next.begin() + first);
      first += reduction.width();
    }
    emit.barrier();
  }
  return next;
}

Value BlockSums::combine(const Summed &reduction, Type type, Value place) {
  SmallVector<Value> numbers;
  for (int number = 0; number < accumulators; ++number)
    numbers.push_back(emit.load(type, emit.at(place, number, type)));
  for (int width = accumulators / 2; width > 0; width /= 2)
    for (int number = 0; number < width; ++number)
      numbers[number] =
          joinOf(emit.builder, emit.loc, reduction.kind, numbers[number], numbers[number + width]);
  return numbers[0];
}

void BlockSums::store(ValueRange state, Value size) {
  Type i32 = emit.builder.getI32Type(), f64 = emit.builder.getF64Type();
  unsigned group = std::min<unsigned>(sharedBytes / finalBytes, reductions.size());
  Value memory = shared(static_cast<int>(group) * finalBytes);
  unsigned first = 0;
  for (unsigned begin = 0; begin < reductions.size(); begin += group) {
    unsigned end = std::min<unsigned>(begin + group, reductions.size());
    auto placeOf = [&](unsigned index) {
      return emit.at(memory, static_cast<int>(index - begin) * finalBytes);
    };
    unsigned next = first;
    for (unsigned index = begin; index < end; ++index) {
      next += reductions[index].width();
      if (reductions[index].isMasked)
        emit.store(state[next - 1], emit.at(placeOf(index), thread, i32));
    }
    emit.barrier();
    for (unsigned index = begin; index < end; ++index) {
      const Summed &reduction = reductions[index];
      emit.when(isWalker(index), [&] {
        Value place = placeOf(index);
        Value number = emit.sub(thread, emit.i32(static_cast<int>(index % warps) * warp));
        Type type = accumulatorType(reduction);
        emit.store(state[first], emit.at(emit.at(place, countsBytes), number, type));
        if (reduction.hasSquares())
          emit.store(state[first + 1], emit.at(emit.at(place, squaresAt), number, type));
        if (!reduction.isMasked)
          return;
        // Each of the 16 adds what 16 threads have counted.
        Value counts = emit.at(place, emit.mul(number, accumulators), i32);
        Value sum = emit.i32(0);
        for (int other = 0; other < abi::cuda::threads / accumulators; ++other)
          sum = emit.add(sum, emit.load(i32, emit.at(counts, other, i32)));
        emit.store(sum, emit.at(emit.at(place, countAt), number, i32));
      });
      first += reduction.width();
    }
    emit.barrier();
    for (unsigned index = begin; index < end; ++index) {
      const Summed &reduction = reductions[index];
      emit.when(isFirstWalker(index), [&] {
        Value place = placeOf(index);
        Type type = accumulatorType(reduction);
        Value sum = combine(reduction, type, emit.at(place, countsBytes));
        if (isExtremum(reduction.kind))
          sum = arith::ExtFOp::create(emit.builder, emit.loc, f64, sum);
        Value squares = reduction.hasSquares() ? combine(reduction, type, emit.at(place, squaresAt))
                                               : emit.f64(0);
        Value count = reduction.isMasked ? combine(reduction, i32, emit.at(place, countAt)) : size;
        Value exact = arith::SIToFPOp::create(emit.builder, emit.loc, f64, count);
        Value fields[] = {sum, squares, exact};
        for (auto [field, number] : llvm::enumerate(fields))
          storePartialField(emit.builder, emit.loc, reduction.record, static_cast<int>(field),
                            number);
      });
    }
    emit.barrier();
  }
}

} // namespace bregman::gpu
