// The kernels of a method, interpreted in double precision: what a training run would see, without
// code generation and without rounding.
#pragma once

#include "frontend/reference/Interpreter.h"
#include "passes/Clauses.h"
#include "runtime/Stepper.h"

#include <map>

namespace bregman::test {

class KernelRun {
public:
  KernelRun(mlir::ModuleOp module, Timing timing) : module(module), timing(timing) {
    method = *module.getOps<MethodOp>().begin();
    for (auto param : method.getBody().getOps<ParamOp>())
      parameters[param.getName().str()] = param.getValue().convertToDouble();
  }

  std::map<std::string, double> parameters;
  /// By stream, then weight, then level.
  std::map<std::string, std::vector<std::vector<double>>> memory;
  bool frozen = false;

  bool attach(llvm::ArrayRef<double> w0) {
    memory.clear();
    count = w0.size();
    memory["w"].assign(count, {0});
    for (size_t i = 0; i < count; ++i)
      memory["w"][i][0] = w0[i];
    return run("attach", 0, 0) && run("publish", 0, 0);
  }

  /// Step k, phases 2 to 5.
  bool advance(llvm::ArrayRef<double> gradient, int64_t k) {
    if (frozen)
      return true;
    memory["g"].assign(count, {0});
    for (size_t i = 0; i < count; ++i)
      memory["g"][i][0] = gradient[i];
    if (!run("step", k, k + 1))
      return false;
    auto outputs = host(k, k + 1);
    frozen = outputs.count("freeze") && outputs["freeze"].front().value != 0;
    return !frozen || run("final", k, k + 1);
  }

  int parityOf(const std::string &name) {
    for (auto stored : method.getBody().getOps<StoredOp>())
      if (stored.getName() == name)
        return stored.getParity().value_or(0);
    return 0;
  }

private:
  using Value = reference::Value;

  KernelOp kernel(const std::string &suffix) {
    return module.lookupSymbol<KernelOp>((method.getSymName() + "." + suffix).str());
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

  std::map<std::string, Value> host(int64_t step, int64_t next) {
    reference::Environment environment;
    for (mlir::Operation &op : method.getBody().front())
      if (auto param = llvm::dyn_cast<ParamOp>(op))
        environment[param.getResult()] = reference::constant(parameters.at(param.getName().str()));
      else if (auto clock = llvm::dyn_cast<CounterOp>(op))
        environment[clock.getResult()] = reference::constant(counter(clock, step, next));
    mlir::Block &block = method.getHost().getBody().front();
    EXPECT_TRUE(succeeded(reference::evaluate(block, environment)));
    std::map<std::string, Value> outputs;
    YieldOp yield = yieldOf(method.getHost().getBody());
    for (auto [index, value] : llvm::enumerate(yield.getValues()))
      outputs[yield.nameOf(index).str()] = environment.at(value);
    return outputs;
  }

  /// One sweep over every weight. A kernel that is not there has nothing to do.
  bool run(const std::string &suffix, int64_t step, int64_t next) {
    KernelOp op = kernel(suffix);
    if (!op)
      return true;
    auto outputs = host(step, next);
    auto sweep = *op.getBody().getOps<SweepOp>().begin();
    for (size_t weight = 0; weight < count; ++weight) {
      reference::Environment environment;
      for (auto [index, name] : llvm::enumerate(op.getScalars()))
        environment[op.getScalar(index)] =
            outputs.at(llvm::cast<mlir::StringAttr>(name).getValue().str());
      for (auto [read, argument] : llvm::zip(sweep.getReads(), sweep.getBody().getArguments())) {
        unsigned index =
            llvm::cast<mlir::BlockArgument>(read).getArgNumber() - op.getScalars().size();
        Value &value = environment[argument];
        for (double entry : memory.at(op.streamName(index).str())[weight])
          value.push_back({entry, 0});
      }
      if (failed(reference::evaluate(sweep.getBody().front(), environment)))
        return false;
      YieldOp yield = yieldOf(sweep.getBody());
      for (auto [index, value] : llvm::enumerate(yield.getValues())) {
        auto &stream = memory[yield.nameOf(index).str()];
        stream.resize(count);
        stream[weight].clear();
        for (const reference::Dual &entry : environment.at(value))
          stream[weight].push_back(entry.value);
      }
    }
    return true;
  }

  mlir::ModuleOp module;
  MethodOp method;
  Timing timing;
  size_t count = 0;
};

} // namespace bregman::test
