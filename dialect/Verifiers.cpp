// What must hold of each op by itself. Rules that need the whole quantizer are `bregman-prove`'s.
#include "dialect/BregmanDialect.h"
#include "dialect/Extents.h"

using namespace mlir;
using namespace bregman;

/// The terminator of a clause, which must be a yield of exactly one value of `type`.
static LogicalResult verifyYieldsOne(Operation *op, Region &body, Type type) {
  auto yield = dyn_cast_or_null<YieldOp>(body.front().empty() ? nullptr : &body.front().back());
  if (!yield)
    return op->emitOpError("expects its region to end with bregman.yield");
  if (yield.getValues().size() != 1)
    return op->emitOpError("expects its region to yield one value, got ")
           << yield.getValues().size();
  Type actual = yield.getValues().front().getType();
  if (actual != type)
    return (op->emitOpError("expects its region to yield ") << type << ", got " << actual)
               .attachNote(yield.getLoc())
           << "yielded here";
  return success();
}

/// One name per argument, none twice.
static LogicalResult verifyNames(Operation *op, Region &body, ArrayAttr names) {
  if (names.size() != body.getNumArguments())
    return op->emitOpError("expects a name for each argument: ")
           << body.getNumArguments() << " arguments, " << names.size() << " names";
  llvm::SmallDenseSet<Attribute> seen;
  for (Attribute name : names)
    if (!seen.insert(name).second)
      return op->emitOpError("names two arguments ") << name;
  return success();
}

/// Only host scalars and host conditions in a region.
static LogicalResult verifyHost(Operation *op, Region &body) {
  for (Operation &inner : body.front())
    for (Type type : inner.getResultTypes())
      if (!type.isF64() && !type.isInteger(1))
        return (op->emitOpError("computes host scalars only, got ") << type)
                   .attachNote(inner.getLoc())
               << "computed here";
  return success();
}

static YieldOp yieldOf(Region &body) {
  return dyn_cast_or_null<YieldOp>(body.front().empty() ? nullptr : &body.front().back());
}

LogicalResult QuantizerOp::verifyRegions() {
  auto atMostOne = [&](auto ops, StringRef clause) -> LogicalResult {
    if (std::distance(ops.begin(), ops.end()) > 1)
      return emitOpError("Q2: has two `") << clause << "` clauses";
    return success();
  };
  Block &body = getBody().front();
  if (failed(atMostOne(body.getOps<LevelsOp>(), "levels")) ||
      failed(atMostOne(body.getOps<LatentOp>(), "latent")) ||
      failed(atMostOne(body.getOps<ProjectOp>(), "project")) ||
      failed(atMostOne(body.getOps<WeightOp>(), "weight")) ||
      failed(atMostOne(body.getOps<UpdateOp>(), "update")) ||
      failed(atMostOne(body.getOps<FinalOp>(), "final")) ||
      failed(atMostOne(body.getOps<FreezeOp>(), "freeze")))
    return failure();
  // Q16: update iff project; weight only after a project with another target.
  bool projects = !body.getOps<ProjectOp>().empty();
  if (projects == body.getOps<UpdateOp>().empty())
    return emitOpError("Q16: ") << (projects ? "has `project` but no `update`"
                                             : "has `update` but no `project`");
  if (!projects && !body.getOps<WeightOp>().empty())
    return emitOpError("Q16: has `weight` but no `project`");
  return success();
}

LogicalResult OptimizerOp::verifyRegions() {
  Block &body = getBody().front();
  if (body.empty() || !isa<DescendOp>(body.back()))
    return emitOpError("expects its body to end with bregman.descend");
  if (getArgNames().size() != 2 || body.getNumArguments() != 2)
    return emitOpError("expects two arguments, g and x");
  for (BlockArgument argument : body.getArguments())
    if (!argument.getType().isF32())
      return emitOpError("expects f32 arguments, got ") << argument.getType();
  return success();
}

LogicalResult ScheduleOp::verifyRegions() {
  if (failed(verifyYieldsOne(*this, getBody(), getResult().getType())))
    return failure();
  return verifyHost(*this, getBody());
}
/// A value of `type` for every `extent`: a host scalar for the run, and nowhere else.
static LogicalResult verifyExtent(Operation *op, ExtentAttr extent, Type type) {
  bool ofRun = extent && extent.getScope() == Scope::Run;
  if (ofRun != type.isF64())
    return op->emitOpError(ofRun ? "per run expects f64, got " : "expects f32, got ") << type;
  return success();
}

LogicalResult ReduceOp::verify() {
  if (!getExtent()) {
    if (!isa<VectorType>(getOperand().getType()))
      return emitOpError("expects a level axis to narrow, or `per` and what it narrows to");
    if (getCondition())
      return emitOpError("expects `where` with `per` only");
    return success();
  }
  if (getExtent()->getScope() == Scope::Run)
    return emitOpError("cannot narrow to the run: what is kept is known per weight");
  return success();
}

LogicalResult FitOp::verifyRegions() {
  if (getRounds() < 1)
    return emitOpError("expects one round or more, got ") << getRounds();
  if (getBody().getArgumentTypes() != getStart().getTypes())
    return emitOpError("expects an argument for each unknown");
  YieldOp yield = yieldOf(getBody());
  if (!yield || yield.getValues().size() != 1 || !isa<VectorType>(yield.getValues()[0].getType()))
    return emitOpError("expects its region to yield the levels");
  return success();
}

LogicalResult LearnOp::verifyRegions() {
  if (failed(verifyExtent(*this, getExtentAttr(), getResult().getType())) ||
      failed(verifyYieldsOne(*this, getBody(), getResult().getType())))
    return failure();
  if (getScale().empty())
    return success();
  return verifyYieldsOne(*this, getScale(), Float32Type::get(getContext()));
}

LogicalResult PenaltyOp::verifyRegions() {
  return verifyYieldsOne(*this, getBody(), Float32Type::get(getContext()));
}
LogicalResult HighOp::verifyRegions() {
  return verifyYieldsOne(*this, getBody(), Float32Type::get(getContext()));
}

LogicalResult LevelsOp::verifyRegions() {
  if (failed(verifyNames(*this, getBody(), getArgNames())))
    return failure();
  if (getBody().getNumArguments() > 1)
    return emitOpError("expects one argument at most, what is quantized");
  return verifyYieldsOne(*this, getBody(), getResult().getType());
}
LogicalResult StateOp::verifyRegions() {
  if (failed(verifyExtent(*this, getExtentAttr(), getResult().getType())))
    return failure();
  return verifyYieldsOne(*this, getBody(), getResult().getType());
}
LogicalResult ProjectOp::verifyRegions() {
  return verifyYieldsOne(*this, getBody(), getResult().getType());
}
LogicalResult WeightOp::verifyRegions() {
  if (!getResult().getType().isF32())
    return emitOpError("expects the weight to be f32, got ") << getResult().getType();
  return verifyYieldsOne(*this, getBody(), getResult().getType());
}
LogicalResult ProxOp::verifyRegions() {
  return verifyYieldsOne(*this, getBody(), Float32Type::get(getContext()));
}
LogicalResult FreezeOp::verifyRegions() {
  if (failed(verifyYieldsOne(*this, getBody(), IntegerType::get(getContext(), 1))))
    return failure();
  return verifyHost(*this, getBody());
}

LogicalResult LatentOp::verifyRegions() {
  if (failed(verifyNames(*this, getBody(), getArgNames())))
    return failure();
  if (getBody().getNumArguments() != 1 || !getBody().getArgument(0).getType().isF32())
    return emitOpError("expects one argument, w0 : f32");
  if (getScale() && !getDual())
    return emitOpError("is scaled `of` a number only as the dual coordinate");
  return verifyYieldsOne(*this, getBody(), getResult().getType());
}

LogicalResult UpdateOp::verifyRegions() {
  bool isGradient = getKind() == UpdateKind::Gradient;
  if (isGradient == getBody().empty())
    return emitOpError(isGradient ? "gradient expects a region"
                                  : "expects a region for gradient only");
  if (!isGradient)
    return success();
  auto latents = (*this)->getParentOfType<QuantizerOp>().getBody().getOps<LatentOp>();
  if (latents.empty())
    return emitOpError("expects a latent above it");
  return verifyYieldsOne(*this, getBody(), (*latents.begin()).getResult().getType());
}

LogicalResult EveryOp::verifyRegions() {
  YieldOp yield = yieldOf(getBody());
  if (!yield || yield.getNames().size() != yield.getValues().size() || yield.getValues().empty())
    return emitOpError("expects its region to yield new values by name");
  return success();
}

LogicalResult FinalOp::verifyRegions() {
  if (failed(verifyNames(*this, getBody(), getArgNames())))
    return failure();
  return verifyYieldsOne(*this, getBody(), Float32Type::get(getContext()));
}

LogicalResult StepOp::verifyRegions() {
  YieldOp yield = yieldOf(getBody());
  if (!yield || yield.getNames().size() != yield.getValues().size() || yield.getValues().empty())
    return emitOpError("expects its region to yield new values by name");
  return verifyNames(*this, getBody(), getArgNames());
}

LogicalResult EveryBlockOp::verifyRegions() {
  YieldOp yield = yieldOf(getBody());
  if (!yield || yield.getNames().size() != yield.getValues().size())
    return emitOpError("expects its region to yield new values by name");
  return verifyNames(*this, getBody(), getArgNames());
}

LogicalResult PublishOp::verifyRegions() {
  if (failed(verifyNames(*this, getBody(), getArgNames())))
    return failure();
  YieldOp yield = yieldOf(getBody());
  if (!yield || yield.getNames().empty())
    return verifyYieldsOne(*this, getBody(), Float32Type::get(getContext()));
  auto isWeight = [](Value value) { return value.getType().isF32(); };
  if (yield.getValues().size() != 2 || !yield.get("w") || !yield.get("w.high") ||
      !llvm::all_of(yield.getValues(), isWeight))
    return emitOpError("expects to yield the weight, or `w` and `w.high`, one number each");
  return success();
}

LogicalResult AttachOp::verifyRegions() {
  YieldOp yield = yieldOf(getBody());
  if (!yield || yield.getNames().size() != yield.getValues().size())
    return emitOpError("expects its region to yield stored values by name");
  return verifyNames(*this, getBody(), getArgNames());
}

LogicalResult HostOp::verifyRegions() {
  YieldOp yield = yieldOf(getBody());
  if (!yield || yield.getNames().size() != yield.getValues().size())
    return emitOpError("expects its region to yield host scalars by name");
  return verifyHost(*this, getBody());
}

LogicalResult SubjectToOp::verifyRegions() {
  if (getPeriod() < 1)
    return emitOpError("expects a period of one or more, got ") << getPeriod();
  if (failed(verifyNames(*this, getBody(), getArgNames())))
    return failure();
  if (getBody().getNumArguments() != 2)
    return emitOpError("expects two arguments, high and low");
  YieldOp value = yieldOf(getBody()), numbers = yieldOf(getNumbers());
  if (!value || value.getValues().size() != 1)
    return emitOpError("expects its region to yield one value");
  if (!numbers || numbers.getValues().size() != 3 || !numbers.get("bound") ||
      !numbers.get("multiplier") || !numbers.get("rate"))
    return emitOpError("expects its numbers to be bound, multiplier and rate");
  return verifyHost(*this, getNumbers());
}

LogicalResult CounterOp::verify() {
  if (getOf() && getKind() != Counter::T)
    return emitOpError("is of the whole run; only `t` is of a learned value");
  if (getOf() && !isa<MethodOp>((*this)->getParentOp()))
    return emitOpError("is of a learned value in a method alone");
  return success();
}

LogicalResult YieldOp::verify() {
  if (getNames().empty() ? getValues().size() > 1 : getNames().size() != getValues().size())
    return emitOpError("expects a name for each value: ")
           << getValues().size() << " values, " << getNames().size() << " names";
  return success();
}

LogicalResult DescendOp::verify() {
  if (getNames().size() != getStates().size())
    return emitOpError("expects a name for each state");
  auto optimizer = (*this)->getParentOfType<OptimizerOp>();
  for (auto [name, value] : llvm::zip(getNames(), getStates())) {
    StringRef wanted = cast<StringAttr>(name).getValue();
    auto states = optimizer.getBody().getOps<StateOp>();
    auto state = llvm::find_if(states, [&](StateOp state) { return state.getName() == wanted; });
    if (state == states.end())
      return emitOpError("gives a value to `") << wanted << "`, which is no state of the optimizer";
    if (value.getType().isF64() != (*state).getType().isF64())
      return emitOpError("gives ")
             << value.getType() << " to `" << wanted << "`, which is " << (*state).getType();
    Extent stored = Extent::of((*state).getExtentAttr()), given = Extents().of(value);
    if (!given.isAsWideAs(stored))
      return emitOpError("gives `")
             << wanted << "`, which is " << describe(stored) << ", a value " << describe(given);
  }
  return success();
}

/// The values that a method's regions may take, by name: what is stored, and the host's results.
LogicalResult MethodOp::verifyRegions() {
  if (!getHost() || !getAttach() || !getStep() || !getPublish())
    return emitOpError("expects host, attach, step and publish");
  llvm::StringMap<Type> known;
  Type f32 = Float32Type::get(getContext());
  for (auto stored : getBody().getOps<StoredOp>())
    if (!known.try_emplace(stored.getName(), stored.getType()).second)
      return emitOpError("stores `") << stored.getName() << "` twice";
  llvm::StringMap<Type> storedOnly = known;
  llvm::StringMap<Extent> extents;
  for (auto stored : getBody().getOps<StoredOp>())
    extents[stored.getName()] = Extent::of(stored.getExtentAttr());
  for (Attribute name : yieldOf(getHost().getBody()).getNames())
    if (!known.try_emplace(cast<StringAttr>(name).getValue(), f32).second)
      return getHost().emitOpError("yields a second value named ") << name;

  for (auto counter : getBody().getOps<CounterOp>()) {
    std::optional<StringRef> of = counter.getOf();
    if (of && llvm::none_of(getBody().getOps<StoredOp>(), [&](StoredOp stored) {
          return stored.getLearned() && stored.getName() == *of;
        }))
      return counter.emitOpError("is of `") << *of << "`, which is not learned";
  }
  YieldOp outputs = yieldOf(getHost().getBody());
  for (auto state : getBody().getOps<StateOp>())
    if (!state.getType().isF64())
      return state.emitOpError("of a method is per run; what is per weight is `bregman.stored`");
    else if (!outputs.get((state.getName() + ".new").str()))
      return getHost().emitOpError("expects `")
             << state.getName() << ".new`, the state's next value";
  for (EveryBlockOp block : getEveryBlocks())
    if (!outputs.get(block.getDue()))
      return block.emitOpError("is due by `")
             << block.getDue() << "`, which the host region does not yield";
  for (StringAttr name : getPositive().getAsRange<StringAttr>())
    if (!outputs.get(name))
      return emitOpError("takes `")
             << name.getValue() << "` as positive, which the host region does not yield";

  auto takesKnown = [&](Operation *op, Region &body, ArrayAttr names,
                        StringRef extra) -> LogicalResult {
    for (auto [name, argument] : llvm::zip(names, body.getArguments())) {
      StringRef key = cast<StringAttr>(name).getValue();
      auto found = known.find(key);
      bool isGiven = key == extra || (extra == "g" && key == "g.high");
      Type type = isGiven ? f32 : found == known.end() ? Type() : found->second;
      if (!type)
        return op->emitOpError("takes `") << key << "`, which is neither stored nor a host scalar";
      if (type != argument.getType())
        return op->emitOpError("takes `")
               << key << "` as " << argument.getType() << ", which is " << type;
    }
    return success();
  };
  auto givesStored = [&](Operation *op, Region &body, bool all) -> LogicalResult {
    YieldOp yield = yieldOf(body);
    for (auto [index, value] : llvm::enumerate(yield.getValues())) {
      auto found = storedOnly.find(yield.nameOf(index));
      if (found == storedOnly.end() || found->second != value.getType())
        return op->emitOpError("yields `")
               << yield.nameOf(index) << "` as " << value.getType() << ", which is not stored so";
      Extent stored = extents.lookup(yield.nameOf(index)), given = Extents().of(value);
      if (!given.isAsWideAs(stored))
        return op->emitOpError("yields `") << yield.nameOf(index) << "`, which is stored "
                                           << describe(stored) << ", " << describe(given);
    }
    if (all && yield.getValues().size() != storedOnly.size())
      return op->emitOpError("expects a value for each of the ")
             << storedOnly.size() << " stored values";
    return success();
  };
  if (failed(takesKnown(getAttach(), getAttach().getBody(), getAttach().getArgNames(), "w0")) ||
      failed(givesStored(getAttach(), getAttach().getBody(), /*all=*/true)) ||
      failed(takesKnown(getStep(), getStep().getBody(), getStep().getArgNames(), "g")) ||
      failed(givesStored(getStep(), getStep().getBody(), /*all=*/false)) ||
      failed(takesKnown(getPublish(), getPublish().getBody(), getPublish().getArgNames(), "")))
    return failure();
  for (EveryBlockOp block : getEveryBlocks())
    if (failed(takesKnown(block, block.getBody(), block.getArgNames(), "")) ||
        failed(givesStored(block, block.getBody(), /*all=*/false)))
      return failure();
  if (FinalOp last = getFinal())
    return takesKnown(last, last.getBody(), last.getArgNames(), "");
  return success();
}

LogicalResult KernelOp::verifyRegions() {
  size_t streams = getStreams().size();
  if (getAccess().size() != streams || getStorage().size() != streams ||
      getExtents().size() != streams ||
      getBody().getNumArguments() != getScalars().size() + streams)
    return emitOpError("expects an argument for each scalar and each stream");
  llvm::SmallDenseSet<Attribute> written;
  for (auto sweep : getBody().getOps<SweepOp>())
    for (Attribute name : yieldOf(sweep.getBody()).getNames())
      if (!cast<StringAttr>(name).getValue().ends_with(".where") && !written.insert(name).second)
        return sweep.emitOpError("writes ") << name << ", which an earlier sweep writes too";
  for (unsigned index = 0; index < streams; ++index)
    if (isWritten(index) != written.contains(getStreams()[index]))
      return emitOpError("stream `")
             << streamName(index) << "` is declared `"
             << cast<StringAttr>(getAccess()[index]).getValue() << "` but is "
             << (isWritten(index) ? "never written" : "written");
  for (unsigned index = 0; index < streams; ++index) {
    ExtentAttr extent = extentOf(index);
    if (reductionOf(index) && (!extent || getOver()))
      return emitOpError("stream `") << streamName(index)
                                     << (extent ? "` narrows, but the kernel is not over weights"
                                                : "` narrows, but to no extent");
    if (!reductionOf(index) && isWritten(index) && isUniform(index))
      return emitOpError("stream `")
             << streamName(index) << "` is written, but is not what the kernel goes over";
    if (getOver() && !extent)
      return emitOpError("stream `")
             << streamName(index) << "` has a value per weight, but the kernel is over an extent";
  }
  return success();
}

LogicalResult SweepOp::verifyRegions() {
  auto kernel = cast<KernelOp>((*this)->getParentOp());
  YieldOp yield = yieldOf(getBody());
  if (!yield || yield.getNames().size() != yield.getValues().size())
    return emitOpError("expects its region to yield streams by name");
  for (auto [read, argument] : llvm::zip(getReads(), getBody().getArguments())) {
    if (read.getType() != argument.getType())
      return emitOpError("reads ") << read.getType() << " as " << argument.getType();
    auto stream = dyn_cast<BlockArgument>(read);
    if (!stream || stream.getOwner() != &kernel.getBody().front() ||
        stream.getArgNumber() < kernel.getScalars().size())
      return emitOpError("reads a value that is no stream of its kernel");
    if (!kernel.isRead(stream.getArgNumber() - kernel.getScalars().size()))
      return emitOpError("reads stream `")
             << kernel.streamName(stream.getArgNumber() - kernel.getScalars().size())
             << "`, which is write-only";
  }
  for (auto [index, value] : llvm::enumerate(yield.getValues())) {
    StringRef name = yield.nameOf(index);
    bool isMask = name.consume_back(".where");
    int found = -1;
    for (unsigned stream = 0; stream < kernel.getStreams().size(); ++stream)
      if (kernel.streamName(stream) == name)
        found = stream;
    if (found < 0)
      return emitOpError("writes `") << name << "`, which is no stream of its kernel";
    if (isMask && (!kernel.reductionOf(found) || !value.getType().isInteger(1)))
      return emitOpError("yields `") << name << ".where`, which is the condition of a reduction";
    if (!isMask && kernel.getStream(found).getType() != value.getType())
      return emitOpError("writes ") << value.getType() << " to stream `" << name << "` of "
                                    << kernel.getStream(found).getType();
  }
  return success();
}
