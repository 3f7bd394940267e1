// The kernels of a method, interpreted in double precision: what a training run would see, without
// code generation and, where none is asked for, without rounding. A value that weights share is
// kept once per weight.
#pragma once

#include "frontend/reference/Interpreter.h"
#include "frontend/reference/Reductions.h"
#include "passes/Clauses.h"
#include "runtime/Stepper.h"

#include <gtest/gtest.h>
#include <map>
#include <optional>

namespace bregman::test {

class KernelRun {
public:
  KernelRun(mlir::ModuleOp module, Timing timing) : module(module), timing(timing) {
    method = *module.getOps<MethodOp>().begin();
    prefix = method.getSymName().str();
    for (auto param : method.getBody().getOps<ParamOp>())
      parameters[param.getName().str()] = param.getValue().convertToDouble();
  }

  std::map<std::string, double> parameters;
  /// By stream.
  std::map<std::string, reference::Tensor> memory;
  /// States per run.
  std::map<std::string, double> states;
  bool frozen = false;
  /// Of every f32.
  std::optional<reference::Rounding> rounding;

  bool attach(llvm::ArrayRef<double> w0, int64_t channels = 1) {
    memory.clear();
    shape = {int64_t(w0.size()), channels};
    memory["w"] = column(w0);
    for (auto state : method.getBody().getOps<StateOp>()) {
      reference::Environment environment{context(0)};
      declare(environment, 0, 0);
      auto initial = reference::yielded(state.getBody(), environment);
      if (failed(initial))
        return false;
      states[state.getName().str()] = initial->at(0).value;
    }
    return run("attach", 0, 0) && run("publish", -1, 0);
  }

  /// Step k, phases 2 to 5; of constrained training with the float branch's gradient too.
  bool advance(llvm::ArrayRef<double> gradient, int64_t k,
               llvm::ArrayRef<double> highGradient = {}) {
    if (frozen)
      return true;
    memory["g"] = column(gradient);
    memory["g.high"] = column(highGradient);
    if (!run("step", k, k + 1))
      return false;
    auto outputs = host(k, k + 1);
    bool moved = false;
    for (auto [index, block] : llvm::enumerate(method.getEveryBlocks())) {
      if (outputs.at(block.getDue().str()) == 0)
        continue;
      moved = true;
      if (!run("every." + std::to_string(index), k, k + 1))
        return false;
    }
    if (moved && !run("publish", k, k + 1))
      return false;
    frozen = outputs.count("freeze") && outputs["freeze"] != 0;
    if (frozen && !run("final", k, k + 1))
      return false;
    for (auto &[name, value] : states)
      value = outputs.at(name + ".new");
    return true;
  }

  /// One pass over an activation of these rows, with schedules at `step`; streams by name.
  bool pass(const std::string &name, reference::Shape rows, int64_t step) {
    shape = rows;
    prefix = method.getQuantizer().str();
    return run(name, step, step);
  }
  static reference::Tensor column(llvm::ArrayRef<double> values) {
    reference::Tensor result(values.size(), 1);
    for (auto [index, value] : llvm::enumerate(values))
      result(index).value = value;
    return result;
  }

  /// What is declared under a name; null for a stream of the kernels alone.
  StoredOp stored(const std::string &name) {
    for (auto op : method.getBody().getOps<StoredOp>())
      if (op.getName() == name)
        return op;
    return {};
  }
  reference::Shape getShape() const { return shape; }

private:
  using Tensor = reference::Tensor;

  /// The sweeps of a phase in order; none where it has nothing to do.
  std::vector<KernelOp> kernels(const std::string &suffix) {
    std::string name = prefix + "." + suffix;
    if (auto only = module.lookupSymbol<KernelOp>(name))
      return {only};
    std::vector<KernelOp> all;
    while (auto next = module.lookupSymbol<KernelOp>(name + "." + std::to_string(all.size())))
      all.push_back(next);
    return all;
  }

  double counter(CounterOp op, int64_t step, int64_t next) {
    int64_t at = op.getNext() ? next : step;
    switch (op.getKind()) {
    case Counter::Step:
      return at;
    case Counter::Epoch:
      return std::floor(double(at) / timing.stepsPerEpoch);
    case Counter::Steps:
      return timing.steps;
    case Counter::Epochs:
      return timing.epochs;
    case Counter::T:
      return step + 1;
    case Counter::LearningRate:
      break;
    }
    ADD_FAILURE() << "`lr` is a parameter here";
    return 0;
  }

  reference::Context context(int64_t step) {
    reference::Context context;
    context.shape = shape;
    context.step = step;
    context.rounding = rounding ? &*rounding : nullptr;
    return context;
  }

  void declare(reference::Environment &environment, int64_t step, int64_t next) {
    for (mlir::Operation &op : method.getBody().front())
      if (auto param = llvm::dyn_cast<ParamOp>(op))
        environment.set(param.getResult(), Tensor(parameters.at(param.getName().str())));
      else if (auto clock = llvm::dyn_cast<CounterOp>(op))
        environment.set(clock.getResult(), Tensor(counter(clock, step, next)));
      else if (auto state = llvm::dyn_cast<StateOp>(op);
               state && states.count(state.getName().str()))
        environment.set(state.getResult(), Tensor(states.at(state.getName().str())));
  }

  std::map<std::string, double> host(int64_t step, int64_t next) {
    reference::Environment environment{context(step)};
    declare(environment, step, next);
    mlir::Block &block = method.getHost().getBody().front();
    EXPECT_TRUE(succeeded(reference::evaluate(block, environment)));
    std::map<std::string, double> outputs;
    YieldOp yield = bregman::yieldOf(method.getHost().getBody());
    for (auto [index, value] : llvm::enumerate(yield.getValues()))
      outputs[yield.nameOf(index).str()] = environment.at(value).at(0).value;
    return outputs;
  }

  bool run(const std::string &suffix, int64_t step, int64_t next) {
    auto outputs = host(step, next);
    for (KernelOp op : kernels(suffix)) {
      reference::Environment environment{context(step)};
      for (auto [index, name] : llvm::enumerate(op.getScalars())) {
        double value = outputs.at(llvm::cast<mlir::StringAttr>(name).getValue().str());
        // Host scalars are rounded once, to the nearest.
        environment.set(op.getScalar(index), Tensor(rounding ? double(float(value)) : value));
      }
      auto sweep = *op.getBody().getOps<SweepOp>().begin();
      for (auto [read, argument] : llvm::zip(sweep.getReads(), sweep.getBody().getArguments()))
        environment.set(argument, memory.at(streamOf(op, read)));
      if (failed(reference::evaluate(sweep.getBody().front(), environment)))
        return false;
      write(op, bregman::yieldOf(sweep.getBody()), environment);
    }
    return true;
  }

  std::string streamOf(KernelOp op, mlir::Value argument) {
    unsigned index = llvm::cast<mlir::BlockArgument>(argument).getArgNumber();
    return op.streamName(index - op.getScalars().size()).str();
  }

  void write(KernelOp op, YieldOp yield, const reference::Environment &environment) {
    for (unsigned index = 0; index < op.getStreams().size(); ++index) {
      std::string name = op.streamName(index).str();
      mlir::Value value = yield.get(name), mask = yield.get(name + ".where");
      if (!value)
        continue;
      const Tensor &computed = environment.at(value);
      auto kind = op.reductionOf(index);
      Tensor result =
          kind ? reference::narrowWeights(*kind, reference::Segments(shape, op.extentOf(index)),
                                          computed, mask ? &environment.at(mask) : nullptr)
               : computed.spread(shape.size, levelCount(value.getType()));
      if (kind && rounding)
        result.map(*rounding);
      // Which the weights of a segment have in common, whatever was rounded.
      if (ExtentAttr extent = op.extentOf(index)) {
        reference::Segments segments(shape, extent);
        for (int64_t weight = 0; weight < shape.size; ++weight)
          result.setRow(weight, llvm::SmallVector<reference::Dual, 4>(
                                    result.row(segments.first(segments.of(weight)))));
      }
      memory[name] = std::move(result);
    }
  }

  mlir::ModuleOp module;
  MethodOp method;
  Timing timing;
  reference::Shape shape;
  std::string prefix; ///< of the kernels' names
};

} // namespace bregman::test
