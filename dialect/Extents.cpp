// The extent of a value follows from its definition.
#include "dialect/Extents.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace bregman;

Extent Extent::of(ExtentAttr attribute) {
  if (!attribute)
    return weight();
  switch (attribute.getScope()) {
  case Scope::Run:
    return run();
  case Scope::Tensor:
    return {Tensor, 0};
  case Scope::Channel:
    return {Channel, 0};
  case Scope::Group:
    return {Group, attribute.getSize()};
  case Scope::Token:
    return {Token, 0};
  }
  llvm_unreachable("unknown scope");
}

ExtentAttr Extent::attribute(MLIRContext *context) const {
  switch (kind) {
  case Run:
    return ExtentAttr::get(context, Scope::Run, 0);
  case Tensor:
    return ExtentAttr::get(context, Scope::Tensor, 0);
  case Channel:
    return ExtentAttr::get(context, Scope::Channel, 0);
  case Group:
    return ExtentAttr::get(context, Scope::Group, group);
  case Token:
    return ExtentAttr::get(context, Scope::Token, 0);
  case Weight:
    return {};
  }
  llvm_unreachable("unknown extent");
}

/// Channels and tokens cross each other; groups nest where one's size divides the other's.
Extent bregman::narrowest(Extent a, Extent b) {
  if (a == b)
    return a;
  if (a.kind == b.kind) {
    if (a.group % b.group == 0)
      return b;
    return b.group % a.group == 0 ? a : Extent::weight();
  }
  if (a.kind > b.kind)
    std::swap(a, b);
  bool crosses = b.kind == Extent::Token && (a.kind == Extent::Channel || a.kind == Extent::Group);
  return crosses ? Extent::weight() : b;
}

bool Extent::isAsWideAs(Extent other) const { return narrowest(*this, other) == other; }

std::string bregman::describe(Extent extent) {
  switch (extent.kind) {
  case Extent::Run:
    return "per run";
  case Extent::Tensor:
    return "per tensor";
  case Extent::Channel:
    return "per channel";
  case Extent::Group:
    return "per group(" + std::to_string(extent.group) + ")";
  case Extent::Token:
    return "per token";
  case Extent::Weight:
    return "per weight";
  }
  llvm_unreachable("unknown extent");
}

Extent Extents::of(Value value) {
  if (value.getType().isF64())
    return Extent::run();
  if (auto found = known.find(value); found != known.end())
    return found->second;
  // What a verifier sees may read itself.
  known[value] = Extent::weight();
  auto argument = dyn_cast<BlockArgument>(value);
  Extent extent = argument ? ofArgument(argument)
                           : ofOp(value.getDefiningOp(), cast<OpResult>(value).getResultNumber());
  known[value] = extent;
  return extent;
}

static Value yielded(Region &region) { return region.front().back().getOperand(0); }

Extent Extents::ofOp(Operation *op, unsigned) {
  return llvm::TypeSwitch<Operation *, Extent>(op)
      .Case<StateOp, LearnOp>([](auto op) { return Extent::of(op.getExtentAttr()); })
      .Case([](FitOp op) { return Extent::of(op.getExtent()); })
      .Case([&](ReduceOp op) {
        return op.getExtentAttr() ? Extent::of(op.getExtentAttr()) : of(op.getOperand());
      })
      .Case([&](VjpOp op) { return of(op.getVariable() ? op.getVariable() : op.getPoint()); })
      .Case<LatentOp, RandomOp, OptimizerStateOp, ApplyOp, InverseOp>(
          [](Operation *) { return Extent::weight(); })
      .Case<LevelsOp, ProjectOp, WeightOp>([&](auto op) { return of(yielded(op.getBody())); })
      .Case([&](GradOp op) { return of(op.getTarget()); })
      .Default([&](Operation *op) { return ofOperands(op); });
}

Extent Extents::ofOperands(Operation *op) {
  Extent extent = Extent::run();
  for (Value operand : op->getOperands())
    extent = narrowest(extent, of(operand));
  return extent;
}

/// The name of a region's argument, where the op that it belongs to gives it one.
static StringRef nameOf(ArrayAttr names, BlockArgument argument) {
  return cast<StringAttr>(names[argument.getArgNumber()]).getValue();
}

/// What a method's regions take under a name: something stored, or a host scalar.
static Extent ofMethodsArgument(MethodOp method, StringRef name) {
  for (auto stored : method.getBody().getOps<StoredOp>())
    if (stored.getName() == name)
      return Extent::of(stored.getExtentAttr());
  return name == "g" || name == "g.high" || name == "w0" ? Extent::weight() : Extent::run();
}

Extent Extents::ofArgument(BlockArgument argument) {
  Operation *op = argument.getOwner()->getParentOp();
  if (auto fit = dyn_cast<FitOp>(op))
    return Extent::of(fit.getExtent());
  if (auto kernel = dyn_cast<KernelOp>(op)) {
    unsigned scalars = kernel.getScalars().size();
    return argument.getArgNumber() < scalars
               ? Extent::run()
               : Extent::of(kernel.extentOf(argument.getArgNumber() - scalars));
  }
  if (auto sweep = dyn_cast<SweepOp>(op))
    return of(sweep.getReads()[argument.getArgNumber()]);
  auto method = dyn_cast_or_null<MethodOp>(op->getParentOp());
  if (!method)
    return Extent::weight(); // g, x, w0, what is quantized
  return llvm::TypeSwitch<Operation *, Extent>(op)
      .Case<AttachOp, StepOp, EveryBlockOp, PublishOp, FinalOp>(
          [&](auto op) { return ofMethodsArgument(method, nameOf(op.getArgNames(), argument)); })
      .Default([](Operation *) { return Extent::weight(); });
}
