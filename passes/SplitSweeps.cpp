// Cutting a program into sweeps: a reduction ends the sweep that feeds it.
//
// A value's stage is the first sweep in which it can be known: one more than the longest chain of
// reductions above it. Each sweep computes anew what it needs from what is in memory by then; what
// an earlier kernel has stored is read, not computed again. A stored value is written as early as
// it is known, unless its old value is still to be read.
#include "passes/KernelProgram.h"

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
  explicit Splitter(KernelProgram &program) : program(program), block(program.getBlock()) {}

  void run(OpBuilder &builder, StringRef name);

private:
  int stageOf(Value value);
  void findReductions(Value value);
  bool isStream(Value value, unsigned &index);
  void plan();
  bool settle();
  bool slice(Kernel &kernel, Value value);
  Value storedBefore(Time time, Value value);
  KernelOp write(OpBuilder &builder, StringRef name, Kernel &kernel);

  KernelProgram &program;
  Block &block;
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

/// The stream that holds `value` for a kernel of this time, as its argument; null where none does.
Value Splitter::storedBefore(Time time, Value value) {
  for (auto [index, write] : llvm::enumerate(program.getWrites()))
    if (write.value == value && times[index] < time)
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
  if (Value stream = storedBefore(kernel.time, value)) {
    kernel.reads.insert(value);
    return true;
  }
  unsigned index;
  if (isStream(value, index)) {
    kernel.reads.insert(value);
    for (auto [write, time] : llvm::zip(program.getWrites(), times)) {
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
  for (auto [index, write] : llvm::enumerate(program.getWrites()))
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
      if (!slice(kernel, program.getWrites()[write].value))
        return false;
  }
  return true;
}

void Splitter::plan() {
  for (const KernelProgram::Write &write : program.getWrites()) {
    findReductions(write.value);
    bool perWeight = !program.getStreams()[write.stream].extent;
    times.push_back(2 * stageOf(write.value) + perWeight);
  }
  // A constant can wait for a kernel that there is anyway.
  for (auto [index, write] : llvm::enumerate(program.getWrites())) {
    Operation *op = write.value.getDefiningOp();
    ExtentAttr extent = program.getStreams()[write.stream].extent;
    if (!extent || !op || !op->hasTrait<OpTrait::ConstantLike>())
      continue;
    for (auto [other, time] : llvm::zip(program.getWrites(), times))
      if (program.getStreams()[other.stream].extent == extent)
        times[index] = std::max(times[index], time);
  }
  while (!settle())
    ;
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
      if (Value holder = storedBefore(kernel.time, value);
          (holder ? holder : value) == block.getArgument(index))
        values.push_back(value);
    bool isWritten = llvm::any_of(
        kernel.writes, [&](unsigned write) { return program.getWrites()[write].stream == index; });
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
      if (const auto &write = program.getWrites()[number]; write.stream == index) {
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
