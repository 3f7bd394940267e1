// Takes the level axis apart: a value of d levels becomes d values, a stream of d planes d streams.
#include "codegen/Passes.h"
#include "dialect/BregmanDialect.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace bregman {

#define GEN_PASS_DEF_UNROLLLEVELS
#include "codegen/Passes.h.inc"

/// Whether a value of this type has a level axis.
static bool hasLevels(Type type) { return isa<VectorType>(type); }

static std::string planeName(StringRef stream, int64_t plane) {
  return (stream + "[" + Twine(plane) + "]").str();
}

namespace {
/// Copies one kernel without its level axes.
class Unroller {
public:
  explicit Unroller(KernelOp kernel) : kernel(kernel), builder(kernel) {}

  LogicalResult run() {
    KernelOp copy = copySignature();
    if (failed(copyBlock(kernel.getBody().front(), &copy.getBody().front())))
      return failure();
    kernel.erase();
    return success();
  }

private:
  KernelOp copySignature();
  LogicalResult copyBlock(Block &from, Block *to);
  LogicalResult copy(Operation *op);
  LogicalResult copySweep(SweepOp sweep);
  void copyYield(YieldOp yield);
  Type storageOf(StringRef stream);
  LogicalResult copyLevelByLevel(Operation *op);

  /// By value: the map moves its entries as it grows.
  SmallVector<Value> of(Value value) { return values.lookup(value); }
  /// `from`'s counterparts are new arguments of `to`.
  void addArguments(BlockArgument from, Block *to) {
    for (int64_t level = 0; level < levelCount(from.getType()); ++level)
      values[from].push_back(to->addArgument(getElementTypeOrSelf(from), from.getLoc()));
  }

  KernelOp kernel;
  OpBuilder builder;
  llvm::DenseMap<Value, SmallVector<Value>> values;
};
} // namespace

KernelOp Unroller::copySignature() {
  SmallVector<Attribute> streams, access, storage, extents;
  for (auto [name, kind, type, extent] : llvm::zip(kernel.getStreams(), kernel.getAccess(),
                                                   kernel.getStorage(), kernel.getExtents())) {
    Type stored = cast<TypeAttr>(type).getValue();
    StringRef stream = cast<StringAttr>(name).getValue();
    for (int64_t plane = 0; plane < levelCount(stored); ++plane) {
      streams.push_back(hasLevels(stored) ? builder.getStringAttr(planeName(stream, plane))
                                          : Attribute(name));
      access.push_back(kind);
      storage.push_back(TypeAttr::get(getElementTypeOrSelf(stored)));
      extents.push_back(extent);
    }
  }
  auto copy = KernelOp::create(builder, kernel.getLoc(), kernel.getSymNameAttr(),
                               kernel.getOverAttr(), kernel.getScalars(),
                               builder.getArrayAttr(streams), builder.getArrayAttr(access),
                               builder.getArrayAttr(storage), builder.getArrayAttr(extents));
  copy->setDiscardableAttrs(kernel->getDiscardableAttrDictionary());
  Block &body = copy.getBody().emplaceBlock();
  for (BlockArgument argument : kernel.getBody().getArguments())
    addArguments(argument, &body);
  return copy;
}

LogicalResult Unroller::copyBlock(Block &from, Block *to) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(to);
  for (Operation &op : from)
    if (failed(copy(&op)))
      return failure();
  return success();
}

LogicalResult Unroller::copySweep(SweepOp sweep) {
  SmallVector<Value> reads;
  for (Value read : sweep.getReads())
    llvm::append_range(reads, of(read));
  auto copy = SweepOp::create(builder, sweep.getLoc(), reads);
  Block &body = copy.getBody().emplaceBlock();
  for (BlockArgument argument : sweep.getBody().getArguments())
    addArguments(argument, &body);
  return copyBlock(sweep.getBody().front(), &body);
}

Type Unroller::storageOf(StringRef stream) {
  unsigned index = 0;
  while (kernel.streamName(index) != stream)
    ++index;
  return cast<TypeAttr>(kernel.getStorage()[index]).getValue();
}

void Unroller::copyYield(YieldOp yield) {
  SmallVector<Value> written;
  SmallVector<Attribute> names;
  for (auto [index, value] : llvm::enumerate(yield.getValues())) {
    SmallVector<Value> planes = of(value);
    StringRef reduced = yield.nameOf(index);
    if (reduced.consume_back(".where")) {
      // One condition for every plane of what it belongs to.
      Type stored = storageOf(reduced);
      for (int64_t plane = 0; plane < levelCount(stored); ++plane) {
        std::string name = hasLevels(stored) ? planeName(reduced, plane) : reduced.str();
        names.push_back(builder.getStringAttr(name + ".where"));
        written.push_back(planes.front());
      }
      continue;
    }
    for (size_t plane = 0; plane < planes.size(); ++plane)
      names.push_back(builder.getStringAttr(hasLevels(value.getType())
                                                ? planeName(yield.nameOf(index), plane)
                                                : yield.nameOf(index).str()));
    llvm::append_range(written, planes);
  }
  YieldOp::create(builder, yield.getLoc(), written, builder.getArrayAttr(names));
}

/// The same op once per level, on the level's operands. A constant is split.
LogicalResult Unroller::copyLevelByLevel(Operation *op) {
  auto isLevelwise = [&] {
    return op->hasTrait<OpTrait::Elementwise>() || isa<arith::ConstantOp>(op) ||
           llvm::none_of(op->getOperandTypes(), hasLevels);
  };
  if (op->getNumResults() != 1 || op->getNumRegions() != 0 || !isLevelwise())
    return op->emitOpError("cannot be taken apart by levels; --bregman-expand-values before this "
                           "pass leaves no such operation");
  Value result = op->getResult(0);
  Type element = getElementTypeOrSelf(result);
  for (int64_t level = 0; level < levelCount(result.getType()); ++level) {
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      TypedAttr number = constant.getValue();
      if (auto elements = dyn_cast<DenseElementsAttr>(constant.getValue()))
        number = cast<TypedAttr>(elements.getValues<Attribute>()[level]);
      values[result].push_back(arith::ConstantOp::create(builder, op->getLoc(), number));
      continue;
    }
    IRMapping mapping;
    for (Value operand : op->getOperands()) {
      SmallVector<Value> all = of(operand); // a select's condition may be without a level axis
      mapping.map(operand, all.size() == 1 ? all.front() : all[level]);
    }
    Value copy = builder.clone(*op, mapping)->getResult(0);
    copy.setType(element);
    values[result].push_back(copy);
  }
  return success();
}

LogicalResult Unroller::copy(Operation *op) {
  auto failedAt = [&](StringRef what) { return op->emitOpError(what); };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](SweepOp sweep) { return copySweep(sweep); })
      .Case([&](YieldOp yield) { return copyYield(yield), success(); })
      .Case([&](vector::BroadcastOp broadcast) -> LogicalResult {
        if (hasLevels(broadcast.getSource().getType()))
          return failedAt("repeats a value that has a level axis");
        Value level = of(broadcast.getSource()).front();
        values[broadcast].assign(levelCount(broadcast.getType()), level);
        return success();
      })
      .Case([&](vector::FromElementsOp levels) {
        SmallVector<Value> all;
        for (Value level : levels.getElements())
          all.push_back(of(level).front());
        values[levels.getResult()] = std::move(all);
        return success();
      })
      .Case([&](vector::ExtractOp extract) -> LogicalResult {
        if (extract.hasDynamicPosition() || extract.getStaticPosition().size() != 1)
          return failedAt("picks a level that is not known here");
        Value level = of(extract.getSource())[extract.getStaticPosition().front()];
        values[extract.getResult()].push_back(level);
        return success();
      })
      .Default([&](Operation *other) { return copyLevelByLevel(other); });
}

namespace {
struct UnrollLevels : impl::UnrollLevelsBase<UnrollLevels> {
  void runOnOperation() override {
    WalkResult result = getOperation()->walk([](KernelOp kernel) {
      return failed(Unroller(kernel).run()) ? WalkResult::interrupt() : WalkResult::skip();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace

} // namespace bregman
