// The tree of runtime/Combine.cpp: neighbours are joined until one record is left, an odd one at
// the end waits for the next round. A thread takes four of its rounds at once, on sixteen
// neighbours that it loads together: else a large tensor's records, thousands of them, would cost
// the latency of the memory so many times. The first thread makes the number. Operations and their
// order are the host's, so that the bits are too.
#include "codegen/gpu/CombineBuilder.h"
#include "codegen/CudaABI.h"
#include "codegen/gpu/Emitter.h"
#include "codegen/loops/ReductionMath.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

#include <limits>

using namespace mlir;

namespace bregman::gpu {

using abi::cuda::Combination, abi::cuda::Kind;

/// Records that one thread joins at once; a power of two, so that the tree is that of pairs.
static constexpr int groupBits = 4, groupSize = 1 << groupBits;

namespace {
class CombineBuilder {
public:
  explicit CombineBuilder(OpBuilder &builder)
      : builder(builder), loc(builder.getUnknownLoc()), emit{builder, loc},
        i32(builder.getI32Type()), f64(builder.getF64Type()),
        pointer(LLVM::LLVMPointerType::get(builder.getContext(), globalSpace)) {}

  void run();

private:
  struct Record {
    Value sum, squares, count;
  };

  Value recordAt(Value index) { return emit.at(records, emit.mul(index, sizeof(abi::Partial))); }
  Record load(Value index);
  void store(const Record &record, Value index);
  Record join(const Record &a, const Record &b);
  /// The record at `index`, or anything where there are no more than `count`.
  Record loadBelow(Value index, Value count);
  /// What the tree makes of a group, of whose records the first `size` are there.
  Record joinGroup(SmallVector<Record> group, Value size);
  /// Joins the groups of `count` records; all threads come here.
  void buildRound(Value count, Value groups);
  Value resultOf(const Record &all);
  void buildCombination(Value combination);

  OpBuilder &builder;
  Location loc;
  Emitter emit;
  Type i32, f64, pointer;
  Place place;
  Value records, isMin, isMax, isMean, isStd;
};
} // namespace

CombineBuilder::Record CombineBuilder::load(Value index) {
  Value record = recordAt(index);
  return {.sum = emit.load(f64, record),
          .squares = emit.load(f64, emit.at(record, offsetof(abi::Partial, sumOfSquares))),
          .count = emit.load(f64, emit.at(record, offsetof(abi::Partial, count)))};
}

void CombineBuilder::store(const Record &record, Value index) {
  Value address = recordAt(index);
  Value fields[] = {record.sum, record.squares, record.count};
  for (auto [field, number] : llvm::enumerate(fields))
    storePartialField(builder, loc, address, static_cast<int>(field), number);
}

CombineBuilder::Record CombineBuilder::join(const Record &a, const Record &b) {
  auto add = [&](Value x, Value y) -> Value { return arith::AddFOp::create(builder, loc, x, y); };
  Value least = extremumOf(builder, loc, Reduction::Min, a.sum, b.sum);
  Value greatest = extremumOf(builder, loc, Reduction::Max, a.sum, b.sum);
  Value sum = emit.select(isMin, least, emit.select(isMax, greatest, add(a.sum, b.sum)));
  return {sum, add(a.squares, b.squares), add(a.count, b.count)};
}

CombineBuilder::Record CombineBuilder::loadBelow(Value index, Value count) {
  Value isThere = emit.compare(arith::CmpIPredicate::slt, index, count);
  SmallVector<Value> fields = emit.branch(
      isThere, {f64, f64, f64},
      [&] {
        Record record = load(index);
        return SmallVector<Value>{record.sum, record.squares, record.count};
      },
      [&] { return SmallVector<Value>(3, emit.f64(0)); });
  return {fields[0], fields[1], fields[2]};
}

CombineBuilder::Record CombineBuilder::joinGroup(SmallVector<Record> group, Value size) {
  while (group.size() > 1) {
    for (size_t pair = 0; 2 * pair < group.size(); ++pair) {
      Record even = group[2 * pair], both = join(even, group[2 * pair + 1]);
      Value hasBoth =
          emit.compare(arith::CmpIPredicate::slt, emit.i32(int32_t(2 * pair + 1)), size);
      group[pair] = {emit.select(hasBoth, both.sum, even.sum),
                     emit.select(hasBoth, both.squares, even.squares),
                     emit.select(hasBoth, both.count, even.count)};
    }
    group.truncate(group.size() / 2);
    size = arith::ShRUIOp::create(builder, loc, emit.add(size, emit.i32(1)), emit.i32(1));
  }
  return group.front();
}

void CombineBuilder::buildRound(Value count, Value groups) {
  // A thread's record is not written before all threads have read theirs, and what is written lies
  // in front of all that is read later.
  emit.count(emit.i32(0), groups, abi::cuda::threads, {}, [&](Value first, ValueRange) {
    Value number = emit.add(first, place.thread);
    Value begin = emit.mul(number, groupSize);
    SmallVector<Record> group;
    for (int i = 0; i < groupSize; ++i)
      group.push_back(loadBelow(emit.add(begin, emit.i32(i)), count));
    Record joined = joinGroup(std::move(group), emit.sub(count, begin));
    emit.barrier();
    emit.when(emit.compare(arith::CmpIPredicate::slt, number, groups),
              [&] { store(joined, number); });
    emit.barrier();
    return SmallVector<Value>();
  });
}

Value CombineBuilder::resultOf(const Record &all) {
  auto less = arith::CmpFPredicate::OLT;
  auto sub = [&](Value a, Value b) -> Value { return arith::SubFOp::create(builder, loc, a, b); };
  auto mul = [&](Value a, Value b) -> Value { return arith::MulFOp::create(builder, loc, a, b); };
  auto div = [&](Value a, Value b) -> Value { return arith::DivFOp::create(builder, loc, a, b); };
  // The mean of nothing is 0; the deviation of fewer than two is NaN. Rounding may leave a variance
  // just below 0.
  Value hasAny = emit.compare(arith::CmpFPredicate::OGT, all.count, emit.f64(0));
  Value mean = emit.select(hasAny, div(all.sum, all.count), emit.f64(0));
  Value variance =
      div(sub(all.squares, div(mul(all.sum, all.sum), all.count)), sub(all.count, emit.f64(1)));
  variance = emit.select(emit.compare(less, variance, emit.f64(0)), emit.f64(0), variance);
  auto root = LLVM::SqrtOp::create(builder, loc, variance);
  Value deviation = emit.select(emit.compare(less, all.count, emit.f64(2)),
                                emit.f64(std::numeric_limits<double>::quiet_NaN()), root);
  Value number = emit.select(isMean, mean, emit.select(isStd, deviation, all.sum));
  return arith::TruncFOp::create(builder, loc, builder.getF32Type(), number);
}

void CombineBuilder::buildCombination(Value combination) {
  auto field = [&](size_t offset, Type type) {
    return emit.load(type, emit.at(combination, static_cast<int>(offset)));
  };
  records = field(offsetof(Combination, partials), pointer);
  Value count = field(offsetof(Combination, count), i32);
  Value kind = field(offsetof(Combination, kind), i32);
  Value result = field(offsetof(Combination, result), pointer);
  auto is = [&](Kind wanted) {
    return emit.compare(arith::CmpIPredicate::eq, kind, emit.i32(static_cast<int32_t>(wanted)));
  };
  isMin = is(Kind::Min), isMax = is(Kind::Max), isMean = is(Kind::Mean), isStd = is(Kind::Std);

  auto rounds = scf::WhileOp::create(
      builder, loc, TypeRange(i32), ValueRange(count),
      [&](OpBuilder &, Location, ValueRange left) {
        Value isMore = emit.compare(arith::CmpIPredicate::sgt, left[0], emit.i32(1));
        scf::ConditionOp::create(builder, loc, isMore, left);
      },
      [&](OpBuilder &, Location, ValueRange left) {
        Value up = emit.add(left[0], emit.i32(groupSize - 1));
        Value groups = arith::ShRUIOp::create(builder, loc, up, emit.i32(groupBits));
        buildRound(left[0], groups);
        scf::YieldOp::create(builder, loc, groups);
      });
  builder.setInsertionPointAfter(rounds);
  Value isFirst = emit.compare(arith::CmpIPredicate::eq, place.thread, emit.i32(0));
  emit.when(isFirst, [&] {
    Value hasAny = emit.compare(arith::CmpIPredicate::sgt, count, emit.i32(0));
    SmallVector<Value> all = emit.branch(
        hasAny, {f64, f64, f64},
        [&] {
          Record record = load(emit.i32(0));
          return SmallVector<Value>{record.sum, record.squares, record.count};
        },
        [&] {
          Value ofMax = emit.f64(neutralOf(Reduction::Max));
          Value none = emit.select(isMax, ofMax, emit.f64(0));
          none = emit.select(isMin, emit.f64(neutralOf(Reduction::Min)), none);
          return SmallVector<Value>{none, emit.f64(0), emit.f64(0)};
        });
    emit.store(resultOf({all[0], all[1], all[2]}), result);
  });
}

void CombineBuilder::run() {
  auto function = createEntry(builder, loc, abi::cuda::combineSymbol,
                              {{"combinations", pointer}, {"count", i32}});
  Block *entry = &function.getBody().front();
  place = readPlace(builder, loc);
  auto loop = scf::ForOp::create(builder, loc, place.block, entry->getArgument(1), place.blocks);
  LLVM::ReturnOp::create(builder, loc, ValueRange());
  builder.setInsertionPointToStart(loop.getBody());
  Value number = arith::ExtUIOp::create(builder, loc, builder.getI64Type(), loop.getInductionVar());
  Value bytes =
      arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(sizeof(Combination)));
  Value offset = arith::MulIOp::create(builder, loc, number, bytes);
  buildCombination(emit.at(entry->getArgument(0), offset));
}

OwningOpRef<ModuleOp> buildCombine(MLIRContext *context) {
  context
      ->loadDialect<arith::ArithDialect, scf::SCFDialect, LLVM::LLVMDialect, NVVM::NVVMDialect>();
  OpBuilder builder(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  builder.setInsertionPointToEnd(module->getBody());
  CombineBuilder(builder).run();
  return module;
}

} // namespace bregman::gpu
