// The generated op definitions and what the ops answer about themselves.
#include "dialect/AsmFormat.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::format;

void ParamOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  // The optimizer's parameters are `optimizer.lr`; `lr` reads better.
  setName(getResult(),
          getName().rsplit('.').second.empty() ? getName() : getName().rsplit('.').second);
}
void CounterOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  std::string name = (stringifyCounter(getKind()) + (getNext() ? "_next" : "")).str();
  setName(getResult(), getOf() ? (name + "_of_" + *getOf()).str() : name);
}
void ScheduleOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }
void LevelsOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), "levels"); }
void LearnOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }
void LatentOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getResult(), getDual() ? "dual" : "x");
}
void StateOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }
void ProjectOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }
void WeightOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }

/// `optimizer.m` prints as %m.
static void nameArguments(ValueRange arguments, ArrayAttr names, OpAsmSetValueNameFn setName) {
  for (auto [argument, name] : llvm::zip(arguments, names)) {
    StringRef whole = cast<StringAttr>(name).getValue();
    whole.consume_front("optimizer.");
    setName(argument, whole);
  }
}

template <typename Op> static void nameBody(Op op, Region &region, OpAsmSetValueNameFn setName) {
  if (!region.empty() && op.getArgNamesAttr())
    nameArguments(region.getArguments(), op.getArgNamesAttr(), setName);
}

void OptimizerOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameBody(*this, region, setName);
}
void LevelsOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameBody(*this, region, setName);
}
void LatentOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameBody(*this, region, setName);
}
void UpdateOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameBody(*this, region, setName);
}
void FinalOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameBody(*this, region, setName);
}
void SubjectToOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameBody(*this, region, setName);
}
void StepOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameBody(*this, region, setName);
}
void PublishOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameBody(*this, region, setName);
}
void AttachOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameBody(*this, region, setName);
}
void EveryBlockOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameBody(*this, region, setName);
}
void KernelOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  SmallVector<Attribute> names(getScalars().begin(), getScalars().end());
  llvm::append_range(names, getStreams());
  nameArguments(region.getArguments(), ArrayAttr::get(getContext(), names), setName);
}
/// A stream's value at one weight prints as the stream, followed by `i`.
void SweepOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  auto kernel = (*this)->getParentOfType<KernelOp>();
  for (auto [argument, read] : llvm::zip(region.getArguments(), getReads())) {
    auto stream = dyn_cast<BlockArgument>(read);
    unsigned scalars = kernel ? kernel.getScalars().size() : 0;
    if (!stream || stream.getArgNumber() < scalars)
      continue;
    StringRef name = kernel.streamName(stream.getArgNumber() - scalars);
    name.consume_front("optimizer.");
    setName(argument, (name + "i").str());
  }
}

/// One value for the level axis, or the operand's own type.
LogicalResult ReduceOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Type type = adaptor.getOperand().getType();
  types.push_back(adaptor.getExtentAttr() ? type : getElementTypeOrSelf(type));
  return success();
}

/// What the derivative is taken in: the point, where nothing else is named.
LogicalResult VjpOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  Value variable = adaptor.getVariable() ? adaptor.getVariable() : adaptor.getPoint();
  types.push_back(variable.getType());
  return success();
}

LogicalResult FitOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  llvm::append_range(types, adaptor.getStart().getTypes());
  return success();
}

Value YieldOp::get(StringRef name) {
  for (auto [attribute, value] : llvm::zip(getNames(), getValues()))
    if (cast<StringAttr>(attribute).getValue() == name)
      return value;
  return {};
}

StringRef YieldOp::nameOf(unsigned index) {
  return getNames().empty() ? StringRef() : cast<StringAttr>(getNames()[index]).getValue();
}

template <typename Op> static Op onlyOf(MethodOp method) {
  auto ops = method.getBody().getOps<Op>();
  return ops.empty() ? Op() : *ops.begin();
}

HostOp MethodOp::getHost() { return onlyOf<HostOp>(*this); }
AttachOp MethodOp::getAttach() { return onlyOf<AttachOp>(*this); }
StepOp MethodOp::getStep() { return onlyOf<StepOp>(*this); }
SmallVector<EveryBlockOp> MethodOp::getEveryBlocks() {
  return llvm::to_vector(getBody().getOps<EveryBlockOp>());
}
PublishOp MethodOp::getPublish() { return onlyOf<PublishOp>(*this); }
FinalOp MethodOp::getFinal() { return onlyOf<FinalOp>(*this); }

bool KernelOp::isRead(unsigned stream) {
  return cast<StringAttr>(getAccess()[stream]).getValue().starts_with("in");
}
std::optional<Reduction> KernelOp::reductionOf(unsigned stream) {
  return symbolizeReduction(cast<StringAttr>(getAccess()[stream]).getValue());
}
ExtentAttr KernelOp::extentOf(unsigned stream) {
  return dyn_cast<ExtentAttr>(getExtents()[stream]);
}
bool KernelOp::isUniform(unsigned stream) {
  return extentOf(stream) && extentOf(stream) != getOverAttr();
}
bool KernelOp::isWritten(unsigned stream) {
  return cast<StringAttr>(getAccess()[stream]).getValue() != "in";
}
StringRef KernelOp::streamName(unsigned index) {
  return cast<StringAttr>(getStreams()[index]).getValue();
}

#define GET_OP_CLASSES
#include "dialect/BregmanOps.cpp.inc"
