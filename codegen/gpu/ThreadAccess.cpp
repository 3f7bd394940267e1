// One branch on whole and aligned elements around all streams; the other side goes element by
// element.
#include "codegen/gpu/ThreadAccess.h"
#include "codegen/loops/Storage.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace bregman::gpu {

static constexpr int bytesPerMove = 16;

int ThreadAccess::perMove(const LoopStream &stream) const {
  return 8 * bytesPerMove / static_cast<int>(stream.storage.getIntOrFloatBitWidth());
}

void ThreadAccess::moveTo(Value newFirst, Value end, Value aligned) {
  first = newFirst;
  Value left = emit.sub(end, first);
  auto sge = arith::CmpIPredicate::sge;
  isWhole = emit.both(aligned, emit.compare(sge, left, emit.i32(elements)));
  insides.clear();
  for (int number = 0; number < elements; ++number)
    insides.push_back(emit.compare(arith::CmpIPredicate::sgt, left, emit.i32(number)));
}

Value ThreadAccess::addressOf(const LoopStream &stream, int number) {
  Emitter here{emit.builder, stream.address.getLoc()};
  Type element = memoryElement(stream.storage);
  Value address = here.at(stream.address, first, element);
  return number ? here.at(address, number, element) : address;
}

SmallVector<SmallVector<Value>> ThreadAccess::load(ArrayRef<LoopStream *> streams) {
  SmallVector<Type> types, one;
  for (LoopStream *stream : streams) {
    one.push_back(memoryElement(stream->storage));
    types.append(elements, one.back());
  }
  auto whole = [&] {
    SmallVector<Value> all;
    for (LoopStream *stream : streams) {
      auto type = VectorType::get({perMove(*stream)}, memoryElement(stream->storage));
      for (int number = 0; number < elements; number += perMove(*stream)) {
        Location loc = stream->address.getLoc();
        Value vector =
            Emitter{emit.builder, loc}.load(type, addressOf(*stream, number), bytesPerMove);
        llvm::append_range(all,
                           vector::ToElementsOp::create(emit.builder, loc, vector).getElements());
      }
    }
    return all;
  };
  auto oneByOne = [&] {
    SmallVector<Value> all(types.size());
    SmallVector<Value> nothing;
    for (Type type : one)
      nothing.push_back(
          arith::ConstantOp::create(emit.builder, emit.loc, emit.builder.getZeroAttr(type)));
    for (int number = 0; number < elements; ++number) {
      SmallVector<Value> loaded = emit.branch(
          insides[number], one,
          [&] {
            SmallVector<Value> values;
            for (auto [stream, type] : llvm::zip(streams, one))
              values.push_back(Emitter{emit.builder, stream->address.getLoc()}.load(
                  type, addressOf(*stream, number)));
            return values;
          },
          [&] { return nothing; });
      for (auto [stream, value] : llvm::enumerate(loaded))
        all[stream * elements + number] = value;
    }
    return all;
  };
  SmallVector<Value> all = emit.branch(isWhole, types, whole, oneByOne);
  SmallVector<SmallVector<Value>> result;
  for (size_t stream = 0; stream < streams.size(); ++stream)
    result.emplace_back(ArrayRef(all).slice(stream * elements, elements));
  return result;
}

void ThreadAccess::store(ArrayRef<LoopStream *> streams, ArrayRef<SmallVector<Value>> values) {
  auto whole = [&]() -> SmallVector<Value> {
    for (auto [stream, given] : llvm::zip(streams, values)) {
      auto type = VectorType::get({perMove(*stream)}, memoryElement(stream->storage));
      Location loc = stream->address.getLoc();
      for (int number = 0; number < elements; number += perMove(*stream)) {
        Value vector = vector::FromElementsOp::create(
            emit.builder, loc, type, ArrayRef(given).slice(number, perMove(*stream)));
        Emitter{emit.builder, loc}.store(vector, addressOf(*stream, number), bytesPerMove);
      }
    }
    return {};
  };
  auto oneByOne = [&]() -> SmallVector<Value> {
    for (int number = 0; number < elements; ++number)
      emit.when(insides[number], [&] {
        for (auto [stream, given] : llvm::zip(streams, values))
          Emitter{emit.builder, stream->address.getLoc()}.store(given[number],
                                                                addressOf(*stream, number));
      });
    return {};
  };
  emit.branch(isWhole, {}, whole, oneByOne);
}

} // namespace bregman::gpu
