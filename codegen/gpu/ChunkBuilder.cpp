// Copies a kernel's body onto the elements of a thread. It stands once in the code for each of
// them; loads and stores choose between whole and single ones.
#include "codegen/gpu/ChunkBuilder.h"
#include "codegen/CudaABI.h"
#include "codegen/ValueNames.h"
#include "codegen/gpu/BlockSums.h"
#include "codegen/gpu/ThreadAccess.h"
#include "codegen/loops/BodyCopier.h"
#include "codegen/loops/KernelForm.h"
#include "codegen/loops/Philox.h"
#include "codegen/loops/Storage.h"

#include <cstddef>
#include <optional>

using namespace mlir;

namespace bregman::gpu {

/// 16 bytes of the narrowest stream, so that each is moved in whole 16 bytes.
static int elementsOfThread(ArrayRef<LoopStream> streams) {
  for (const LoopStream &stream : streams)
    if (stream.isSwept && !stream.storage.isF32())
      return 8;
  return 4;
}

/// How many blocks a multiprocessor is to hold at once; 0 leaves it to ptxas. Two blocks of threads
/// with eight elements each have as much under way as four with four. Left alone, ptxas makes room
/// for more of them by keeping values in memory. Where what a thread has loaded takes half of the
/// registers that two blocks leave it, one block has enough under way, and room for the arithmetic.
static int blocksAtOnce(ArrayRef<LoopStream> streams, int elements) {
  if (elements == 4)
    return 0;
  auto loaded = llvm::count_if(
      streams, [](const LoopStream &stream) { return stream.isRead && stream.isSwept; });
  constexpr int registersOfTwo = 65536 / (2 * abi::cuda::threads);
  return elements * loaded > registersOfTwo / 2 ? 1 : 2;
}

namespace {
class ChunkBuilder {
public:
  ChunkBuilder(KernelOp kernel, SweepOp sweep)
      : kernel(kernel), sweep(sweep), streams(loopStreamsOf(kernel, sweep)),
        elements(elementsOfThread(streams)), parts(elements), builder(kernel), loc(kernel.getLoc()),
        emit{builder, loc}, copier(builder, /*lanes=*/1, parts) {
    pointer = LLVM::LLVMPointerType::get(builder.getContext(), globalSpace);
  }

  /// Replaces the kernel by its function.
  LogicalResult run();

private:
  YieldOp yield() { return cast<YieldOp>(sweep.getBody().front().getTerminator()); }
  void mapAll(Value from, Value to) {
    for (IRMapping &part : parts)
      part.map(from, to);
  }
  void loadScalars(Value scalars);
  /// The addresses of the streams of the chunk at `chunk`, and what is the same for all of it.
  void openChunk(Value chunk, Value draw);
  /// The loop over the elements of a chunk of `size`.
  LogicalResult buildElements(Value size, Value aligned);
  LogicalResult buildIteration(Value first, Value size, Value aligned);
  void buildLoads();
  void buildStores();
  SmallVector<BlockSums::Elements> reducedElements();

  KernelOp kernel;
  SweepOp sweep;
  SmallVector<LoopStream> streams;
  int elements;                 ///< of a thread in one iteration
  SmallVector<IRMapping> parts; ///< of the kernel's values, for each of those
  OpBuilder builder;
  Location loc;
  Emitter emit;
  BodyCopier copier;
  Type pointer;
  Place place;
  std::optional<ThreadAccess> access;
  std::optional<BlockSums> sums;
  std::optional<Philox> random; ///< where the kernel asks for numbers
  Operation *loop = nullptr;    ///< over the elements of a chunk
};
} // namespace

void ChunkBuilder::loadScalars(Value scalars) {
  for (unsigned index = 0; index < kernel.getScalars().size(); ++index) {
    Value scalar = kernel.getScalar(index);
    if (scalar.use_empty())
      continue;
    StringRef name = cast<StringAttr>(kernel.getScalars()[index]).getValue();
    Emitter here{builder, named(name, scalar.getLoc())};
    Type f32 = builder.getF32Type();
    Value number = here.load(f32, emit.at(scalars, static_cast<int>(index), f32));
    keepName(number.getDefiningOp(), name);
    mapAll(scalar, number);
  }
}

void ChunkBuilder::openChunk(Value chunk, Value draw) {
  sums.emplace(builder, loc, elements, place.thread);
  for (auto [index, stream] : llvm::enumerate(streams)) {
    if (!stream.isRead && !stream.isWritten)
      continue;
    Value declared = kernel.getStream(index);
    Emitter here{builder, named(stream.name, declared.getLoc())};
    int offset = static_cast<int>(abi::cuda::chunkBytes(index));
    stream.address = here.load(pointer, emit.at(chunk, offset));
    keepName(stream.address.getDefiningOp(), stream.name);
    if (std::optional<Reduction> reduction = kernel.reductionOf(index))
      sums->declare(*reduction, stream.address, yield().get(stream.name + ".where") != nullptr);
    if (!stream.isRead || stream.isSwept)
      continue;
    Value number = here.load(builder.getF32Type(), stream.address);
    keepName(number.getDefiningOp(), stream.name + ".value");
    for (auto [read, argument] : llvm::zip(sweep.getReads(), sweep.getBody().getArguments()))
      if (read == declared)
        mapAll(argument, number);
  }
  if (sweep.getBody().getOps<RandomOp>().empty())
    return;
  using abi::cuda::Chunk, abi::cuda::Draw;
  Type i32 = builder.getI32Type();
  auto field = [&](Value record, size_t offset, Type type) {
    return emit.load(type, emit.at(record, static_cast<int>(offset)));
  };
  // Counters are 128 bits; of the step they hold the low word.
  RandomKey key{
      .first = field(chunk, offsetof(Chunk, first), builder.getI64Type()),
      .parameter = field(chunk, offsetof(Chunk, parameter), i32),
      .step = field(draw, offsetof(Draw, step), i32),
      .next = field(draw, offsetof(Draw, next), i32),
      .seed = {field(draw, offsetof(Draw, seed), i32), field(draw, offsetof(Draw, seed) + 4, i32)}};
  random.emplace(builder, loc, /*lanes=*/1, key);
}

void ChunkBuilder::buildLoads() {
  SmallVector<LoopStream *> reads;
  SmallVector<BlockArgument> arguments;
  for (auto [read, argument] : llvm::zip(sweep.getReads(), sweep.getBody().getArguments())) {
    unsigned number = cast<BlockArgument>(read).getArgNumber() - kernel.getScalars().size();
    if (!streams[number].isSwept)
      continue;
    reads.push_back(&streams[number]);
    arguments.push_back(argument);
  }
  if (reads.empty())
    return;
  auto loaded = access->load(reads);
  for (auto [stream, argument, values] : llvm::zip(reads, arguments, loaded))
    for (auto [part, value] : llvm::zip(parts, values))
      part.map(argument, widen(builder, argument.getLoc(), value, stream->storage));
}

void ChunkBuilder::buildStores() {
  SmallVector<LoopStream *> writes;
  SmallVector<SmallVector<Value>> values;
  for (auto [number, value] : llvm::enumerate(yield().getValues())) {
    StringRef name = yield().nameOf(number);
    auto found = llvm::find_if(streams, [&](LoopStream &stream) { return stream.name == name; });
    if (found == streams.end() || !found->isSwept) // a reduction, or its condition
      continue;
    writes.push_back(&*found);
    SmallVector<Value> &narrowed = values.emplace_back();
    for (IRMapping &part : parts)
      narrowed.push_back(narrow(builder, yield().getLoc(), part.lookup(value), found->storage));
  }
  if (!writes.empty())
    access->store(writes, values);
}

SmallVector<BlockSums::Elements> ChunkBuilder::reducedElements() {
  SmallVector<BlockSums::Elements> result;
  for (unsigned index = 0; index < streams.size(); ++index) {
    if (!kernel.reductionOf(index))
      continue;
    Value reduced = yield().get(streams[index].name);
    Value condition = yield().get(streams[index].name + ".where");
    BlockSums::Elements &added = result.emplace_back();
    for (IRMapping &part : parts) {
      added.values.push_back(part.lookup(reduced));
      if (condition)
        added.conditions.push_back(part.lookup(condition));
    }
  }
  return result;
}

LogicalResult ChunkBuilder::buildIteration(Value first, Value size, Value aligned) {
  access.emplace(builder, loc, elements);
  access->moveTo(first, size, aligned);
  buildLoads();
  // One element after the other: fewer values live at once than operation by operation.
  Value index = arith::ExtUIOp::create(builder, loc, builder.getI64Type(), first);
  for (auto [number, part] : llvm::enumerate(parts)) {
    BodyCopier alone(builder, /*lanes=*/1, part);
    for (Operation &op : sweep.getBody().front()) {
      if (auto numbers = dyn_cast<RandomOp>(op)) {
        Value offset = arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(number));
        part.map(numbers.getResult(), random->numbers(emit.add(index, offset), numbers.getNext()));
      } else if (!isa<YieldOp>(op) && failed(alone.copy(&op, loop))) {
        return failure();
      }
    }
  }
  buildStores();
  return success();
}

LogicalResult ChunkBuilder::buildElements(Value size, Value aligned) {
  int tile = elements * abi::cuda::threads;
  Value mine = emit.mul(place.thread, elements);
  // Threads that reduce meet in every iteration; others go through their elements and are done.
  bool meets = !sums->empty();
  SmallVector<Value> state = sums->initial();
  auto over =
      scf::ForOp::create(builder, loc, meets ? emit.i32(0) : mine, size, emit.i32(tile), state);
  loop = over;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(over.getBody());
  Value first = over.getInductionVar();
  first.setLoc(named(meets ? "tile" : "i", loc));
  if (failed(buildIteration(meets ? emit.add(first, mine) : first, size, aligned)))
    return failure();
  if (!meets)
    return success();
  SmallVector<Value> inside;
  for (int number = 0; number < elements; ++number)
    inside.push_back(access->inside(number));
  Value left = emit.sub(size, first);
  scf::YieldOp::create(builder, loc,
                       sums->add(over.getRegionIterArgs(), reducedElements(), inside, left));
  builder.setInsertionPointAfter(over);
  sums->store(over.getResults(), size);
  return success();
}

LogicalResult ChunkBuilder::run() {
  Type i32 = builder.getI32Type();
  auto function =
      createEntry(builder, loc, abi::cuda::symbol,
                  {{"chunks", pointer}, {"count", i32}, {"scalars", pointer}, {"draw", pointer}},
                  blocksAtOnce(streams, elements));
  Block *entry = &function.getBody().front();
  place = readPlace(builder, loc);
  loadScalars(entry->getArgument(2));
  for (Operation &op : kernel.getBody().front())
    if (!isa<SweepOp>(op) && failed(copier.copy(&op, nullptr)))
      return failure();
  auto chunks = scf::ForOp::create(builder, loc, place.block, entry->getArgument(1), place.blocks);
  LLVM::ReturnOp::create(builder, loc, ValueRange());
  builder.setInsertionPointToStart(chunks.getBody());
  chunks.getInductionVar().setLoc(named("c", loc));
  using abi::cuda::Chunk;
  auto bytes = static_cast<int>(abi::cuda::chunkBytes(streams.size()));
  Value number =
      arith::ExtUIOp::create(builder, loc, builder.getI64Type(), chunks.getInductionVar());
  Value offset = arith::MulIOp::create(
      builder, loc, number,
      arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(bytes)));
  Value chunk = Emitter{builder, named("chunk", loc)}.at(entry->getArgument(0), offset);
  Emitter sized{builder, named("size", loc)};
  Value size = sized.load(i32, emit.at(chunk, offsetof(Chunk, size)));
  Value flags = emit.load(i32, emit.at(chunk, offsetof(Chunk, flags)));
  Value bit = arith::AndIOp::create(builder, loc, flags, emit.i32(abi::cuda::aligned));
  Value aligned =
      Emitter{builder, named("aligned", loc)}.compare(arith::CmpIPredicate::ne, bit, emit.i32(0));
  openChunk(chunk, entry->getArgument(3));
  if (failed(buildElements(size, aligned)))
    return failure();
  kernel.erase();
  return success();
}

LogicalResult buildChunks(KernelOp kernel) {
  FailureOr<SweepOp> sweep = soleSweep(kernel);
  if (failed(sweep))
    return failure();
  return ChunkBuilder(kernel, *sweep).run();
}

} // namespace bregman::gpu
