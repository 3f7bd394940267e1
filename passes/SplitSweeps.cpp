// Cutting a program into sweeps: a reduction ends the sweep that feeds it.
//
// A value's stage is the first sweep in which it can be known: one more than the longest chain of
// reductions above it. Each sweep computes anew what it needs from what is in memory by then; what
// an earlier kernel has stored is read, not computed again. A stored value is written as early as
// it is known, unless its old value is still to be read. An array that is overwritten in the end
// may hold until then what every sweep would compute from more arrays.
#include "passes/KernelProgram.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace bregman;

namespace {

/// Sweeps over weights and, between them, kernels over the values of an extent, take turns: sweep k
/// runs at time 2 k + 1, the others before it at 2 k.
using Time = int;

struct Kernel {
  Time time;
  ExtentAttr over;                  ///< null: over the weights
  SmallVector<unsigned> writes;     ///< of the program's
  SmallVector<ReduceOp> reductions; ///< that end it
  SetVector<Value> reads;           ///< streams' values and results of reductions
  DenseSet<Operation *> ops;        ///< that it computes
};

class Splitter {
public:
  explicit Splitter(KernelProgram &program)
      : program(program), block(program.getBlock()), writes(program.getWrites()) {}

  void run(OpBuilder &builder, StringRef name);

private:
  int stageOf(Value value);
  void findReductions(Value value);
  bool isStream(Value value, unsigned &index);
  void plan();
  bool settle();
  bool isOverwritten(unsigned write, Time before);
  int64_t traffic();
  bool keepBetween(unsigned stream, Value value);
  void keepBetween();
  bool slice(Kernel &kernel, Value value);
  Value storedBefore(const Kernel &kernel, Value value);
  KernelOp write(OpBuilder &builder, StringRef name, Kernel &kernel);

  KernelProgram &program;
  Block &block;
  SmallVector<KernelProgram::Write> writes;
  DenseMap<Value, int> stages;
  SetVector<Operation *> reductions; ///< that something depends on, operands first
  DenseSet<Operation *> seen;
  SmallVector<Time> times; ///< of the writes
  SmallVector<Kernel> kernels;
};

bool isReduction(Operation *op) {
  auto reduce = dyn_cast_or_null<ReduceOp>(op);
  return reduce && reduce.getExtentAttr();
}

int Splitter::stageOf(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return 0;
  auto found = stages.find(value);
  if (found != stages.end())
    return found->second;
  int stage = 0;
  for (Value operand : op->getOperands())
    stage = std::max(stage, stageOf(operand));
  return stages[value] = stage + isReduction(op);
}

void Splitter::findReductions(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || !seen.insert(op).second)
    return;
  for (Value operand : op->getOperands())
    findReductions(operand);
  if (isReduction(op))
    reductions.insert(op);
}

bool Splitter::isStream(Value value, unsigned &index) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getArgNumber() >= program.getStreams().size())
    return false;
  index = argument.getArgNumber();
  return true;
}

/// Whether another write takes the place of this one before a kernel of that time reads it.
bool Splitter::isOverwritten(unsigned write, Time before) {
  for (auto [other, time] : llvm::zip(writes, times))
    if (other.stream == writes[write].stream && time > times[write] && time < before)
      return true;
  return false;
}

/// The stream that holds `value` for a kernel, as its argument; null where none does. A kernel over
/// an extent reads only streams that are as wide as that or wider.
Value Splitter::storedBefore(const Kernel &kernel, Value value) {
  for (auto [index, write] : llvm::enumerate(writes))
    if (write.value == value && times[index] < kernel.time && !isOverwritten(index, kernel.time) &&
        Extent::of(program.getStreams()[write.stream].extent).isAsWideAs(Extent::of(kernel.over)))
      return block.getArgument(write.stream);
  return {};
}

/// Adds what a kernel needs for `value`. False where it would have to read what an earlier kernel
/// has overwritten: that write has been put off.
bool Splitter::slice(Kernel &kernel, Value value) {
  Operation *op = value.getDefiningOp();
  if (op && op->hasTrait<OpTrait::ConstantLike>()) {
    kernel.ops.insert(op);
    return true;
  }
  if (Value stream = storedBefore(kernel, value)) {
    kernel.reads.insert(value);
    return true;
  }
  unsigned index;
  if (isStream(value, index)) {
    kernel.reads.insert(value);
    for (auto [write, time] : llvm::zip(writes, times)) {
      if (write.stream != index || time >= kernel.time)
        continue;
      // In a kernel of the same kind a value is read before it is written.
      bool isUniform = !kernel.over && program.getStreams()[index].extent;
      time = kernel.time + isUniform;
      return false;
    }
    return true;
  }
  if (!op || isReduction(op)) {
    kernel.reads.insert(value);
    return true;
  }
  if (!kernel.ops.insert(op).second)
    return true;
  return llvm::all_of(op->getOperands(), [&](Value operand) { return slice(kernel, operand); });
}

/// The kernels for the present times of the writes; false where a time had to change.
bool Splitter::settle() {
  kernels.clear();
  auto at = [&](Time time, ExtentAttr over) -> Kernel & {
    for (Kernel &kernel : kernels)
      if (kernel.time == time && kernel.over == over)
        return kernel;
    kernels.push_back({time, over, {}, {}, {}, {}});
    return kernels.back();
  };
  for (Operation *op : reductions) {
    auto reduce = cast<ReduceOp>(op);
    at(2 * (stageOf(reduce) - 1) + 1, ExtentAttr()).reductions.push_back(reduce);
  }
  for (auto [index, write] : llvm::enumerate(writes))
    at(times[index], program.getStreams()[write.stream].extent).writes.push_back(index);
  // At one time the narrower first: it may read what the wider then overwrites, never the reverse.
  llvm::sort(kernels, [](const Kernel &a, const Kernel &b) {
    Extent one = Extent::of(a.over), other = Extent::of(b.over);
    return std::tuple(a.time, -one.kind, one.group) < std::tuple(b.time, -other.kind, other.group);
  });
  for (Kernel &kernel : kernels) {
    for (ReduceOp reduce : kernel.reductions)
      for (Value operand : reduce->getOperands())
        if (!slice(kernel, operand))
          return false;
    for (unsigned write : kernel.writes)
      if (!slice(kernel, writes[write].value))
        return false;
  }
  return true;
}

void Splitter::plan() {
  for (const KernelProgram::Write &write : writes) {
    findReductions(write.value);
    bool perWeight = !program.getStreams()[write.stream].extent;
    times.push_back(2 * stageOf(write.value) + perWeight);
  }
  // A constant can wait for a kernel that there is anyway.
  for (auto [index, write] : llvm::enumerate(writes)) {
    Operation *op = write.value.getDefiningOp();
    ExtentAttr extent = program.getStreams()[write.stream].extent;
    if (!extent || !op || !op->hasTrait<OpTrait::ConstantLike>())
      continue;
    for (auto [other, time] : llvm::zip(writes, times))
      if (program.getStreams()[other.stream].extent == extent)
        times[index] = std::max(times[index], time);
  }
  while (!settle())
    ;
  keepBetween();
}

/// The bytes per weight that all sweeps read and write.
int64_t Splitter::traffic() {
  int64_t bytes = 0;
  for (const Kernel &kernel : kernels) {
    llvm::SmallSetVector<unsigned, 8> read, written;
    for (Value value : kernel.reads) {
      unsigned index;
      Value holder = storedBefore(kernel, value);
      if (isStream(holder ? holder : value, index) && !program.getStreams()[index].extent)
        read.insert(index);
    }
    for (unsigned write : kernel.writes)
      if (!program.getStreams()[writes[write].stream].extent)
        written.insert(writes[write].stream);
    for (const auto &streams : {read, written})
      for (unsigned index : streams) {
        Type storage = program.getStreams()[index].storage;
        bytes += levelCount(storage) * getElementTypeOrSelf(storage).getIntOrFloatBitWidth() / 8;
      }
  }
  return bytes;
}

/// Keeps `value` in a stream from where it is known to where the stream is written for good, if
/// that saves memory traffic.
bool Splitter::keepBetween(unsigned stream, Value value) {
  auto before = std::tuple(writes, times);
  int64_t cost = traffic();
  Time known = 2 * stageOf(value) + 1;
  writes.push_back({stream, value, value.getLoc()});
  times.push_back(known);
  while (!settle())
    ;
  // Put off, it would no longer be between.
  if (times.back() == known && traffic() < cost)
    return true;
  std::tie(writes, times) = before;
  while (!settle())
    ;
  return false;
}

void Splitter::keepBetween() {
  if (kernels.size() < 2)
    return;
  Extents extents;
  for (BlockArgument argument : block.getArguments()) {
    unsigned index;
    extents.set(argument, isStream(argument, index) ? Extent::of(program.getStreams()[index].extent)
                                                    : Extent::run());
  }
  for (auto [index, stream] : llvm::enumerate(program.getStreams())) {
    // As it is computed, or the bits would change.
    if (stream.extent || stream.storage != stream.type)
      continue;
    auto last = llvm::find_if(program.getWrites(),
                              [&](const auto &write) { return write.stream == index; });
    if (last == program.getWrites().end())
      continue;
    Value final = last->value;
    // The last first: it is what most of the others are needed for.
    for (Operation &op : llvm::reverse(block)) {
      int users =
          llvm::count_if(kernels, [&](const Kernel &kernel) { return kernel.ops.contains(&op); });
      if (users > 1 && op.getNumResults() == 1 && op.getResult(0).getType() == stream.type &&
          stageOf(op.getResult(0)) < stageOf(final) && extents.of(op.getResult(0)).isWeight() &&
          keepBetween(index, op.getResult(0)))
        break;
    }
  }
}

KernelOp Splitter::write(OpBuilder &builder, StringRef name, Kernel &kernel) {
  ArrayAttr none = builder.getArrayAttr({});
  auto op = KernelOp::create(builder, program.getLoc(), builder.getStringAttr(name), kernel.over,
                             none, none, none, none, none);
  Block *outer = &op.getBody().emplaceBlock();
  OpBuilder inner = OpBuilder::atBlockEnd(outer);
  auto sweep = SweepOp::create(inner, program.getLoc(), ValueRange());
  Block *body = &sweep.getBody().emplaceBlock();
  IRMapping mapping;

  // Scalars in the order in which the program met them.
  SmallVector<Attribute> scalars;
  unsigned streamCount = program.getStreams().size();
  for (auto [index, scalar] : llvm::enumerate(program.getScalars())) {
    Value value = block.getArgument(streamCount + index);
    if (!kernel.reads.contains(value))
      continue;
    scalars.push_back(scalar);
    mapping.map(value, outer->addArgument(value.getType(), value.getLoc()));
  }

  SmallVector<Attribute> names, access, storage, extents, yieldNames;
  SmallVector<Value> reads, yields;
  auto addStream = [&](StringRef stream, StringRef how, Type type, Type stored, ExtentAttr extent) {
    names.push_back(builder.getStringAttr(stream));
    access.push_back(builder.getStringAttr(how));
    storage.push_back(TypeAttr::get(stored));
    extents.push_back(extent ? Attribute(extent) : builder.getUnitAttr());
    return outer->addArgument(type, program.getLoc());
  };
  auto read = [&](Value memory, ArrayRef<Value> values) {
    reads.push_back(memory);
    Value element = body->addArgument(memory.getType(), values.front().getLoc());
    for (Value value : values)
      mapping.map(value, element);
  };
  for (auto [index, stream] : llvm::enumerate(program.getStreams())) {
    SmallVector<Value> values; // that this stream holds now
    for (Value value : kernel.reads)
      if (Value holder = storedBefore(kernel, value);
          (holder ? holder : value) == block.getArgument(index))
        values.push_back(value);
    bool isWritten =
        llvm::any_of(kernel.writes, [&](unsigned write) { return writes[write].stream == index; });
    if (values.empty() && !isWritten)
      continue;
    Value memory = addStream(stream.name,
                             !isWritten       ? "in"
                             : values.empty() ? "out"
                                              : "inout",
                             stream.type, stream.storage, stream.extent);
    if (!values.empty())
      read(memory, values);
  }
  for (auto [index, reduction] : llvm::enumerate(reductions)) {
    auto reduce = cast<ReduceOp>(reduction);
    bool isRead = kernel.reads.contains(reduce.getResult());
    bool isMade = llvm::is_contained(kernel.reductions, reduce);
    if (!isRead && !isMade)
      continue;
    Value memory =
        addStream("$" + std::to_string(index), isMade ? stringifyReduction(reduce.getKind()) : "in",
                  reduce.getType(), reduce.getType(), reduce.getExtentAttr());
    if (isRead)
      read(memory, reduce.getResult());
  }
  sweep.getReadsMutable().assign(reads);

  OpBuilder bodyBuilder = OpBuilder::atBlockEnd(body);
  for (Operation &source : block)
    if (kernel.ops.contains(&source))
      bodyBuilder.clone(source, mapping);
  Location yieldLoc = program.getLoc();
  auto yield = [&](std::string stream, Value value) {
    yieldNames.push_back(builder.getStringAttr(stream));
    yields.push_back(mapping.lookup(value));
  };
  for (auto [index, stream] : llvm::enumerate(program.getStreams()))
    for (unsigned number : kernel.writes)
      if (const auto &write = writes[number]; write.stream == index) {
        if (yields.empty())
          yieldLoc = write.loc;
        yield(stream.name, write.value);
      }
  for (auto [index, reduction] : llvm::enumerate(reductions))
    if (auto reduce = cast<ReduceOp>(reduction); llvm::is_contained(kernel.reductions, reduce)) {
      yield("$" + std::to_string(index), reduce.getOperand());
      if (reduce.getCondition())
        yield("$" + std::to_string(index) + ".where", reduce.getCondition());
    }
  YieldOp::create(bodyBuilder, yieldLoc, yields, builder.getArrayAttr(yieldNames));
  op.setScalarsAttr(builder.getArrayAttr(scalars));
  op.setStreamsAttr(builder.getArrayAttr(names));
  op.setAccessAttr(builder.getArrayAttr(access));
  op.setStorageAttr(builder.getArrayAttr(storage));
  op.setExtentsAttr(builder.getArrayAttr(extents));
  return op;
}

void Splitter::run(OpBuilder &builder, StringRef name) {
  plan();
  for (auto [index, kernel] : llvm::enumerate(kernels))
    write(builder, kernels.size() == 1 ? name.str() : (name + "." + Twine(index)).str(), kernel);
}

} // namespace

void bregman::writeKernels(OpBuilder &builder, StringRef name, KernelProgram &program) {
  Splitter(program).run(builder, name);
}
