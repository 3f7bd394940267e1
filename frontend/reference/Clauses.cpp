#include "frontend/reference/Clauses.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

template <typename Op> static Op only(QuantizerOp quantizer) {
  auto ops = quantizer.getBody().getOps<Op>();
  return ops.empty() ? Op() : *ops.begin();
}

Clauses::Clauses(QuantizerOp quantizer)
    : quantizer(quantizer), latent(only<LatentOp>(quantizer)), project(only<ProjectOp>(quantizer)),
      weight(only<WeightOp>(quantizer)), high(only<HighOp>(quantizer)),
      update(only<UpdateOp>(quantizer)), final(only<FinalOp>(quantizer)) {
  for (Operation &op : quantizer.getBody().front()) {
    if (isa<LevelsOp, ProjectOp, WeightOp, HighOp, PenaltyOp>(op))
      reach = wider(reach, mixing(op.getRegion(0).front()));
    else if (auto reduce = dyn_cast<ReduceOp>(op))
      reach = wider(reach, reduce.getExtentAttr());
  }
}

mlir::Value Clauses::targetValue() const {
  return project ? ProjectOp(project).getResult() : LatentOp(latent).getResult();
}

mlir::Value Clauses::weightValue() const {
  return weight ? WeightOp(weight).getResult() : targetValue();
}

static bool isOfRun(Operation &op) {
  auto state = dyn_cast<StateOp>(op);
  return state && state.getExtent() && state.getExtent()->getScope() == Scope::Run;
}

LogicalResult Clauses::host(Environment &environment, const Clock &clock,
                            const Parameters &parameters, const Point &point) const {
  for (Operation &op : QuantizerOp(quantizer).getBody().front()) {
    if (auto param = dyn_cast<ParamOp>(op)) {
      environment.set(param.getResult(), Tensor(parameters.at(param.getName().str())));
    } else if (auto counter = dyn_cast<CounterOp>(op)) {
      environment.set(counter.getResult(), Tensor(read(counter, clock)));
    } else if (auto schedule = dyn_cast<ScheduleOp>(op)) {
      FailureOr<Tensor> value = yielded(schedule.getBody(), environment);
      if (failed(value))
        return failure();
      environment.set(schedule.getResult(), std::move(*value));
    } else if (isOfRun(op)) {
      if (auto found = point.stored.find(&op); found != point.stored.end()) {
        environment.set(op.getResult(0), found->second);
        continue;
      }
      FailureOr<Tensor> first = yielded(op.getRegion(0), environment);
      if (failed(first))
        return failure();
      environment.set(op.getResult(0), std::move(*first));
    } else if (op.getNumRegions() == 0 && op.getNumResults() == 1) {
      bool isHost = llvm::all_of(op.getOperands(), [&](mlir::Value operand) {
        return environment.find(operand) != nullptr;
      });
      if (isHost && failed(evaluate(op, environment)))
        return failure();
    }
  }
  return success();
}

LogicalResult Clauses::declare(Operation &op, Environment &environment, const Point &point) const {
  auto give = [&](Region &region) -> LogicalResult {
    FailureOr<Tensor> value = yielded(region, environment);
    if (failed(value))
      return failure();
    bool holds =
        point.holdsWeight && (op.getResult(0) == weightValue() || op.getResult(0) == targetValue());
    environment.set(op.getResult(0), holds ? value->held() : std::move(*value));
    return success();
  };
  if (op.getNumResults() == 0 || environment.find(op.getResult(0)))
    return success();
  if (isa<LatentOp>(op)) {
    environment.set(op.getResult(0), point.x);
    return success();
  }
  if (isa<StateOp, LearnOp>(op)) {
    if (auto found = point.stored.find(&op); found != point.stored.end())
      environment.set(op.getResult(0), found->second);
    return success();
  }
  if (auto levels = dyn_cast<LevelsOp>(op))
    return levels.getArgNames().empty() && !levels.use_empty() ? give(levels.getBody()) : success();
  if (isa<ProjectOp, WeightOp>(op))
    return give(op.getRegion(0));
  return evaluate(op, environment);
}

LogicalResult Clauses::declare(Environment &environment, const Point &point, bool target) const {
  for (Operation &op : QuantizerOp(quantizer).getBody().front())
    if ((target || !isa<ProjectOp, WeightOp>(op)) && failed(declare(op, environment, point)))
      return failure();
  return success();
}

/// The declarations that an op reads, itself and through others.
static void collectReads(Operation *reader, llvm::SetVector<Operation *> &reads) {
  reader->walk([&](Operation *inner) {
    for (mlir::Value operand : inner->getOperands())
      if (Operation *declared = operand.getDefiningOp();
          declared && !reader->isAncestor(declared) && reads.insert(declared))
        collectReads(declared, reads);
  });
}

LogicalResult Clauses::declareReads(Operation *reader, Environment &environment,
                                    const Point &point) const {
  llvm::SetVector<Operation *> reads;
  collectReads(reader, reads);
  for (Operation &op : QuantizerOp(quantizer).getBody().front())
    if (reads.contains(&op) && failed(declare(op, environment, point)))
      return failure();
  return success();
}
