#include "frontend/reference/BaseOptimizer.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

BaseOptimizer::BaseOptimizer(OptimizerOp op, std::string prefix, Shape shape, int64_t levels)
    : op(op), before(std::move(prefix)), shape(shape), levels(levels) {
  for (auto state : op.getBody().getOps<StateOp>()) {
    bool isOfRun = state.getExtent() && state.getExtent()->getScope() == Scope::Run;
    variables.emplace_back(before + state.getName().str(), shape, state.getExtentAttr(),
                           isOfRun ? 1 : levels);
  }
}

/// Its own where one was set, else that of the latent's optimizer, else the definition's.
double BaseOptimizer::parameter(ParamOp param, const Parameters &parameters) const {
  std::string name = param.getName().str();
  for (const std::string &full : {before + name, "optimizer." + name})
    if (auto found = parameters.find(full); found != parameters.end())
      return found->second;
  return param.getValue().convertToDouble();
}

LogicalResult BaseOptimizer::reset(const Parameters &parameters, const Clock &clock) {
  t = 1;
  Environment environment(Context{shape, clock.step});
  size_t slot = 0;
  for (Operation &inner : op.getBody().front().without_terminator()) {
    if (auto param = dyn_cast<ParamOp>(inner)) {
      environment.set(param.getResult(), Tensor(parameter(param, parameters)));
    } else if (auto counter = dyn_cast<CounterOp>(inner)) {
      environment.set(counter.getResult(), Tensor(read(counter, clock, t)));
    } else if (auto state = dyn_cast<StateOp>(inner)) {
      FailureOr<Tensor> start = yielded(state.getBody(), environment);
      if (failed(start))
        return failure();
      variables[slot++].assign(*start);
    }
  }
  return success();
}

/// One level of every weight.
static Tensor plane(const Tensor &all, int64_t level) {
  Tensor result(all.entries(), 1);
  for (int64_t entry = 0; entry < all.entries(); ++entry)
    result(entry) = {all.at(entry, level).value, 0};
  return result;
}

FailureOr<Tensor> BaseOptimizer::step(const Tensor &x, const Tensor &h,
                                      const Parameters &parameters, const Clock &clock) {
  Tensor d(shape.size, levels);
  std::vector<Variable> old = variables;
  for (int64_t level = 0; level < levels; ++level) {
    Environment environment(Context{shape, clock.step});
    environment.set(op.getBody().getArgument(0), plane(h, level));
    environment.set(op.getBody().getArgument(1), plane(x, level));
    size_t slot = 0;
    llvm::StringMap<size_t> slots;
    for (Operation &inner : op.getBody().front().without_terminator()) {
      if (auto param = dyn_cast<ParamOp>(inner)) {
        environment.set(param.getResult(), Tensor(parameter(param, parameters)));
      } else if (auto counter = dyn_cast<CounterOp>(inner)) {
        environment.set(counter.getResult(), Tensor(read(counter, clock, t)));
      } else if (auto state = dyn_cast<StateOp>(inner)) {
        slots[state.getName()] = slot;
        environment.set(state.getResult(), plane(old[slot].tensor(), level));
        ++slot;
      } else if (failed(evaluate(inner, environment))) {
        return failure();
      }
    }
    auto descend = cast<DescendOp>(op.getBody().front().getTerminator());
    for (int64_t entry = 0; entry < shape.size; ++entry)
      d(entry, level) = environment.at(descend.getStep()).at(entry);
    for (auto [name, value] : llvm::zip(descend.getNames(), descend.getStates())) {
      Variable &state = variables[slots[cast<StringAttr>(name).getValue()]];
      const Tensor &next = environment.at(value);
      // One of the run is the same for every level.
      for (int64_t segment = 0; segment < state.segments.count(); ++segment)
        state.values[segment][isOfRun(state) ? 0 : level] =
            next.at(state.segments.first(segment)).value;
    }
  }
  ++t;
  return d;
}
