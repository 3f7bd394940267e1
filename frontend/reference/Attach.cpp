// How a run begins: the latent, then learned values and states in textual order, then w_0.
#include "frontend/reference/Inverse.h"
#include "frontend/reference/Learned.h"
#include "frontend/reference/Oracle.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

LogicalResult Oracle::attach(ArrayRef<double> w0, int64_t channels) {
  shape = {int64_t(w0.size()), channels};
  w.assign(w0.size(), 0);
  wHigh.assign(constrained ? w0.size() : 0, 0);
  step = 0;
  frozen = false;
  values.clear();
  bases.clear();
  LatentOp latent = clauses.latent;
  int64_t levels = levelCount(latent.getResult().getType());
  bases.emplace_back(optimizer, "optimizer.", shape, levels);
  if (failed(bases.front().reset(parameters, clock())))
    return failure();

  Environment host(context());
  if (failed(hostAt(host, Point())))
    return failure();
  auto scale = scaleOf(host);
  auto first = firstLatent(clauses, host, Tensor::of(w0));
  if (failed(scale) || failed(first))
    return failure();
  first->multiply(*scale);
  x = Variable(clauses.agile() ? "dual" : "x", shape, {}, levels);
  x.assign(*first);
  return failure(failed(initialize()) || failed(publish()));
}

/// Learned values and states in textual order, seeing earlier ones.
LogicalResult Oracle::initialize() {
  Environment host(context());
  if (failed(hostAt(host, Point())))
    return failure();
  auto scale = scaleOf(host);
  if (failed(scale))
    return failure();
  for (Operation &op : clauses.quantizer.getBody().front()) {
    if (!isa<StateOp, LearnOp>(op))
      continue;
    Point at = point();
    at.x.divide(*scale);
    Environment environment(context());
    // Schedules may read states of the run, which come into being here.
    for (Operation &above : clauses.quantizer.getBody().front()) {
      if (&above == &op)
        break;
      if (auto schedule = dyn_cast<ScheduleOp>(above)) {
        auto value = yielded(schedule.getBody(), environment);
        if (failed(value))
          return failure();
        environment.set(schedule.getResult(), std::move(*value));
      } else if (auto param = dyn_cast<ParamOp>(above)) {
        environment.set(param.getResult(), Tensor(parameters.at(param.getName().str())));
      } else if (auto counter = dyn_cast<CounterOp>(above)) {
        environment.set(counter.getResult(), Tensor(read(counter, clock())));
      } else if (failed(clauses.declare(above, environment, at))) {
        return failure();
      }
    }
    auto start = yielded(op.getRegion(0), environment);
    if (failed(start))
      return failure();
    auto learn = dyn_cast<LearnOp>(op);
    ExtentAttr extent = learn ? learn.getExtentAttr() : cast<StateOp>(op).getExtentAttr();
    Variable variable((learn ? learn.getName() : cast<StateOp>(op).getName()).str(), shape, extent,
                      levelCount(op.getResult(0).getType()));
    variable.assign(*start);
    if (learn) {
      auto own = ofLearned.find(variable.name);
      bases.push_back(
          optimizerOf(variable, own == ofLearned.end() ? optimizer : own->second, shape));
    }
    values.emplace_back(&op, std::move(variable));
  }
  return resetStates();
}

LogicalResult Oracle::resetStates(const std::string &learned) {
  std::string prefix = learned.empty() ? "optimizer." : learned + ".optimizer.";
  for (BaseOptimizer &base : bases)
    if (base.prefix() == prefix)
      return base.reset(parameters, clock());
  return failure();
}

LogicalResult Oracle::resetStates() {
  for (BaseOptimizer &base : bases)
    if (failed(base.reset(parameters, clock())))
      return failure();
  return success();
}
