// The generated op definitions and what the ops answer about themselves.
#include "dialect/AsmFormat.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::format;

void ParamOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  // The optimizer's parameters are `optimizer.lr`; `lr` reads better.
  setName(getResult(),
          getName().rsplit('.').second.empty() ? getName() : getName().rsplit('.').second);
}
void CounterOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getResult(), (stringifyCounter(getKind()) + (getNext() ? "_next" : "")).str());
}
void ScheduleOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }
void LevelsOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), "levels"); }
void LatentOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), "x"); }
void StateOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }
void ProjectOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }
void WeightOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }

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
PublishOp MethodOp::getPublish() { return onlyOf<PublishOp>(*this); }
FinalOp MethodOp::getFinal() { return onlyOf<FinalOp>(*this); }

bool KernelOp::isRead(unsigned stream) {
  return cast<StringAttr>(getAccess()[stream]).getValue() != "out";
}
bool KernelOp::isWritten(unsigned stream) {
  return cast<StringAttr>(getAccess()[stream]).getValue() != "in";
}
StringRef KernelOp::streamName(unsigned index) {
  return cast<StringAttr>(getStreams()[index]).getValue();
}

#define GET_OP_CLASSES
#include "dialect/BregmanOps.cpp.inc"
