// Copies a kernel's body onto vectors. It stands once in the code: only loads, stores and sums
// choose between whole and masked vectors, on a branch that is predicted until the last iteration.
// Of two stages the second works on the vectors of the iteration before, and the loop makes one
// more.
#include "codegen/loops/LoopBuilder.h"
#include "codegen/KernelABI.h"
#include "codegen/ValueNames.h"
#include "codegen/loops/Accumulators.h"
#include "codegen/loops/BodyCopier.h"
#include "codegen/loops/KernelForm.h"
#include "codegen/loops/Philox.h"
#include "codegen/loops/Stages.h"
#include "codegen/loops/Storage.h"
#include "codegen/loops/StreamAccess.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace bregman {

/// How far ahead the streaming variant asks for what it reads, in bytes of each stream. Between 512
/// and 4096 made no difference that could be measured; farther is worse.
static constexpr int prefetchBytes = 2048;

/// Several vectors in turn let a core with deep pipelines overlap their long chains of fma; more
/// than the registers hold is no gain. Two stages overlap already, and what one leaves to the other
/// takes registers. Without long chains streams are bound by memory, and one vector gives the
/// shortest code.
static int vectorsPerIteration(const LoopOptions &options, const Stages &stages) {
  if (options.vectors > 0)
    return options.vectors;
  if (stages.areTwo())
    return stages.carried.size() <= 2 ? 2 : 1;
  if (options.variant == LoopVariant::Streaming)
    return 1;
  return options.lanes == 16 ? 4 : 2;
}

namespace {
class LoopBuilder {
public:
  LoopBuilder(KernelOp kernel, LoopOptions options)
      : kernel(kernel), options(options), builder(kernel), loc(kernel.getLoc()),
        access(builder, options.lanes), sums(builder, loc, options.lanes) {}

  /// Replaces the kernel by its function.
  LogicalResult run();

private:
  void buildEntry(func::FuncOp function);
  void loadScalars(Value scalars);
  /// The address that stands at `index` among the streams'.
  Value addressAt(Value planes, unsigned index, Location place);
  /// A number in memory, in every lane.
  Value loadSpread(Value address, Location place, StringRef name);
  /// Copies the operations of `block` on vectors: in front of the loop what is the same for every
  /// weight, the rest at the insertion point; of the sweep's body the operations of one stage.
  LogicalResult copyBody(Block &block, bool late = false);
  LogicalResult copy(Operation *op);
  Value constant(int64_t value) {
    return arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
  }
  /// What a branch on whole and partial vectors emits, given a mask for each vector, null for
  /// whole.
  using PerMask = llvm::function_ref<SmallVector<Value>(ArrayRef<Value> masks)>;
  SmallVector<Value> underMask(TypeRange types, PerMask emit);
  /// Where the loads and stores that follow are: at the vectors from `first` on, before `end`.
  void moveTo(Value first, Value end);
  void buildLoads();
  void buildStores(bool late);
  /// Adds what the sweep yields to the sums and leaves those to the next iteration.
  void buildSums();
  /// The second stage, on what the iteration before has left; then leaves what this one has.
  LogicalResult buildLateStage();

  /// Null for the condition of a reduction.
  LoopStream *findStream(StringRef name) {
    auto found = llvm::find_if(streams, [&](LoopStream &stream) { return stream.name == name; });
    return found == streams.end() ? nullptr : &*found;
  }

  KernelOp kernel;
  LoopOptions options;
  OpBuilder builder;
  Location loc;
  StreamAccess access;
  Accumulators sums;
  std::optional<Philox> random; ///< where the kernel asks for numbers
  SweepOp sweep;
  SmallVector<LoopStream> streams;
  Stages stages;
  int vectorCount = 0; ///< of one iteration
  /// Of the kernel's scalar values, for each of those.
  SmallVector<IRMapping> vectors;
  scf::ForOp loop;
  Value size;                 ///< of the tensor
  Value step;                 ///< elements of one iteration
  SmallVector<Value> indices; ///< of the first element of each vector
  Value end;                  ///< of the elements that may be touched
  Value isWhole;              ///< whether all vectors lie before it; null: they do
};
} // namespace

void LoopBuilder::buildEntry(func::FuncOp function) {
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  constexpr StringRef names[] = {"size", "streams", "scalars"};
  for (auto [argument, name] : llvm::zip(entry->getArguments(), names)) {
    argument.setLoc(named(name, loc));
    function.setArgAttr(argument.getArgNumber(), nameAttribute, builder.getStringAttr(name));
  }
  size = entry->getArgument(0);
  Value planes = entry->getArgument(1);
  auto yield = cast<YieldOp>(sweep.getBody().front().getTerminator());
  unsigned count = kernel.getStreams().size();
  for (unsigned index = 0; index < count; ++index) {
    LoopStream &stream = streams[index];
    Location place = named(stream.name, kernel.getStream(index).getLoc());
    if (stream.isRead || stream.isWritten) {
      stream.address = addressAt(planes, index, place);
      keepName(stream.address.getDefiningOp(), stream.name);
    }
    if (std::optional<Reduction> reduction = kernel.reductionOf(index))
      sums.declare(*reduction, stream.address, yield.get(stream.name + ".where") != nullptr);
    if (!stream.isRead || stream.isSwept)
      continue;
    Value spread = loadSpread(stream.address, place, stream.name + ".value");
    for (auto [read, argument] : llvm::zip(sweep.getReads(), sweep.getBody().getArguments()))
      if (read == kernel.getStream(index))
        for (IRMapping &part : vectors)
          part.map(argument, spread);
  }
  if (!sweep.getBody().getOps<RandomOp>().empty())
    random.emplace(builder, loc, options.lanes,
                   RandomKey::load(builder, loc, addressAt(planes, count, named("random", loc))));
  loadScalars(entry->getArgument(2));
}

Value LoopBuilder::addressAt(Value planes, unsigned index, Location place) {
  Type pointer = planes.getType();
  Value slot = LLVM::GEPOp::create(builder, loc, pointer, pointer, planes,
                                   ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  return LLVM::LoadOp::create(builder, place, pointer, slot, /*alignment=*/8);
}

Value LoopBuilder::loadSpread(Value address, Location place, StringRef name) {
  Type f32 = builder.getF32Type();
  Value number = LLVM::LoadOp::create(builder, place, f32, address, /*alignment=*/4);
  keepName(number.getDefiningOp(), name);
  return vector::BroadcastOp::create(builder, place, VectorType::get({options.lanes}, f32), number);
}

void LoopBuilder::loadScalars(Value scalars) {
  for (unsigned index = 0; index < kernel.getScalars().size(); ++index) {
    Value scalar = kernel.getScalar(index);
    if (scalar.use_empty())
      continue;
    StringRef name = cast<StringAttr>(kernel.getScalars()[index]).getValue();
    Value slot = LLVM::GEPOp::create(builder, loc, scalars.getType(), builder.getF32Type(), scalars,
                                     ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
    Value spread = loadSpread(slot, named(name, scalar.getLoc()), name);
    for (IRMapping &part : vectors)
      part.map(scalar, spread);
  }
}

LogicalResult LoopBuilder::copy(Operation *op) {
  if (isa<SweepOp, YieldOp>(op))
    return success();
  if (auto numbers = dyn_cast<RandomOp>(op)) {
    for (auto [part, index] : llvm::zip(vectors, indices))
      part.map(op->getResult(0), random->numbers(index, numbers.getNext()));
    return success();
  }
  return BodyCopier(builder, options.lanes, vectors).copy(op, loop);
}

LogicalResult LoopBuilder::copyBody(Block &block, bool late) {
  for (Operation &op : block)
    if (stages.late.contains(&op) == late && failed(copy(&op)))
      return failure();
  return success();
}

SmallVector<Value> LoopBuilder::underMask(TypeRange types, PerMask emit) {
  if (!isWhole)
    return emit(SmallVector<Value>(vectorCount));
  auto branch = scf::IfOp::create(builder, loc, types, isWhole, /*withElseRegion=*/true);
  for (bool whole : {true, false}) {
    Block *block = whole ? branch.thenBlock() : branch.elseBlock();
    OpBuilder::InsertionGuard guard(builder);
    if (block->mightHaveTerminator())
      builder.setInsertionPoint(block->getTerminator());
    else
      builder.setInsertionPointToEnd(block);
    SmallVector<Value> masks(vectorCount);
    if (!whole)
      for (auto [mask, index] : llvm::zip(masks, indices)) {
        Value left = arith::SubIOp::create(builder, loc, end, index);
        mask = access.maskBelow(loc, left);
      }
    SmallVector<Value> results = emit(masks);
    if (!types.empty())
      scf::YieldOp::create(builder, loc, results);
  }
  return branch.getResults();
}

void LoopBuilder::moveTo(Value first, Value newEnd) {
  indices.assign({first});
  for (int part = 1; part < vectorCount; ++part)
    indices.push_back(arith::AddIOp::create(builder, loc, first, constant(part * options.lanes)));
  end = newEnd;
  if (options.variant == LoopVariant::Streaming && vectorCount == 1 && !stages.areTwo())
    return;
  Value left = arith::SubIOp::create(builder, loc, end, first);
  isWhole = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, left, step);
}

void LoopBuilder::buildLoads() {
  SmallVector<LoopStream *> reads;
  SmallVector<BlockArgument> arguments;
  SmallVector<Type> types;
  for (auto [read, argument] : llvm::zip(sweep.getReads(), sweep.getBody().getArguments())) {
    unsigned number = cast<BlockArgument>(read).getArgNumber() - kernel.getScalars().size();
    if (!streams[number].isSwept)
      continue;
    reads.push_back(&streams[number]);
    arguments.push_back(argument);
    types.append(vectorCount, access.typeOf(*reads.back()));
  }
  if (reads.empty())
    return;
  SmallVector<Value> loaded = underMask(types, [&](ArrayRef<Value> masks) {
    SmallVector<Value> values;
    for (LoopStream *stream : reads)
      for (auto [index, mask] : llvm::zip(indices, masks))
        values.push_back(access.load(*stream, index, mask));
    return values;
  });
  auto next = loaded.begin();
  for (auto [stream, argument] : llvm::zip(reads, arguments))
    for (IRMapping &part : vectors)
      part.map(argument, widen(builder, argument.getLoc(), *next++, stream->storage));
  if (options.variant == LoopVariant::Streaming)
    for (LoopStream *stream : reads)
      for (Value index : indices) {
        int vectorBytes =
            static_cast<int>(stream->storage.getIntOrFloatBitWidth()) / 8 * options.lanes;
        access.prefetch(*stream, index, prefetchBytes / vectorBytes);
      }
}

void LoopBuilder::buildStores(bool late) {
  auto yield = cast<YieldOp>(sweep.getBody().front().getTerminator());
  SmallVector<std::pair<LoopStream *, SmallVector<Value>>> writes;
  for (auto [number, value] : llvm::enumerate(yield.getValues())) {
    LoopStream *found = findStream(yield.nameOf(number));
    if (!found || !found->isSwept || stages.isLate(value) != late)
      continue;
    LoopStream &stream = *found;
    SmallVector<Value> values;
    for (IRMapping &part : vectors)
      values.push_back(narrow(builder, yield.getLoc(), part.lookup(value), stream.storage));
    writes.emplace_back(&stream, values);
  }
  if (writes.empty())
    return;
  underMask({}, [&](ArrayRef<Value> masks) {
    for (auto [stream, values] : writes) {
      bool isAround =
          options.variant == LoopVariant::Streaming && !stream->isRead && stream->storage.isF32();
      for (auto [index, value, mask] : llvm::zip(indices, values, masks))
        if (isAround && !mask)
          access.storeAround(*stream, index, value);
        else
          access.store(*stream, index, mask, value);
    }
    return SmallVector<Value>();
  });
}

void LoopBuilder::buildSums() {
  auto yield = cast<YieldOp>(sweep.getBody().front().getTerminator());
  SmallVector<Accumulators::Elements> elements;
  for (unsigned index = 0; index < streams.size(); ++index) {
    if (!kernel.reductionOf(index))
      continue;
    Value reduced = yield.get(streams[index].name);
    Value condition = yield.get(streams[index].name + ".where");
    Accumulators::Elements &added = elements.emplace_back();
    for (IRMapping &part : vectors) {
      added.values.push_back(part.lookup(reduced));
      if (condition)
        added.conditions.push_back(part.lookup(condition));
    }
  }
  ValueRange state = loop.getRegionIterArgs();
  SmallVector<Value> next = underMask(
      state.getTypes(), [&](ArrayRef<Value> masks) { return sums.add(state, elements, masks); });
  scf::YieldOp::create(builder, loc, next);
  builder.setInsertionPointAfter(loop);
  sums.store(loop.getResults(), size);
}

LogicalResult LoopBuilder::buildLateStage() {
  SmallVector<Value> left;
  auto before = loop.getRegionIterArgs().begin();
  for (Value value : stages.carried)
    for (IRMapping &part : vectors) {
      left.push_back(part.lookup(value));
      before->setLoc(value.getLoc());
      part.map(value, *before++);
    }
  // The first iteration has none before it, and stores nothing here.
  Value i = loop.getInductionVar();
  Value first = arith::SubIOp::create(builder, loc, i, step);
  Value isFirst =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, i, loop.getLowerBound());
  moveTo(first, arith::SelectOp::create(builder, loc, isFirst, first, size));
  if (failed(copyBody(sweep.getBody().front(), /*late=*/true)))
    return failure();
  buildStores(/*late=*/true);
  if (!left.empty()) // a loop that carries nothing has its end already
    scf::YieldOp::create(builder, loc, left);
  return success();
}

LogicalResult LoopBuilder::run() {
  FailureOr<SweepOp> sole = soleSweep(kernel);
  if (failed(sole))
    return failure();
  sweep = *sole;
  streams = loopStreamsOf(kernel, sweep);
  bool hasSums = reduces(kernel);
  stages = hasSums ? Stages() : findStages(kernel, sweep);
  vectorCount = vectorsPerIteration(options, stages);
  if (hasSums) // an iteration goes through all accumulators
    vectorCount = static_cast<int>(
        llvm::alignTo(vectorCount, std::max(1, abi::accumulators / options.lanes)));
  vectors.resize(vectorCount);
  bool isPlain = options.variant == LoopVariant::Plain;
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  auto type = builder.getFunctionType({builder.getI64Type(), pointer, pointer}, {});
  auto function =
      func::FuncOp::create(builder, loc, isPlain ? abi::plainSymbol : abi::streamingSymbol, type);
  buildEntry(function);

  step = constant(options.lanes * vectorCount);
  if (failed(copyBody(kernel.getBody().front())))
    return failure();
  Value last = size;
  SmallVector<Value> nothing = sums.initial();
  if (stages.areTwo()) {
    last = arith::AddIOp::create(builder, loc, size, step);
    auto type = VectorType::get({options.lanes}, builder.getF32Type());
    Value zero = arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, 0.0f));
    nothing.assign(stages.carried.size() * vectorCount, zero);
  }
  loop = scf::ForOp::create(builder, loc, constant(0), last, step, nothing);
  loop.getInductionVar().setLoc(named("i", loc));
  func::ReturnOp::create(builder, loc);
  builder.setInsertionPointToStart(loop.getBody());
  moveTo(loop.getInductionVar(), size);
  buildLoads();
  if (failed(copyBody(sweep.getBody().front())))
    return failure();
  buildStores(/*late=*/false);
  if (stages.areTwo() && failed(buildLateStage()))
    return failure();
  if (hasSums)
    buildSums();
  kernel.erase();
  return success();
}

LogicalResult buildLoop(KernelOp kernel, const LoopOptions &options) {
  return LoopBuilder(kernel, options).run();
}

} // namespace bregman
