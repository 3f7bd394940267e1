// The host region of a method while it is being written: which host scalars there are, at which
// time, and what they are called.
#pragma once

#include "dialect/BregmanDialect.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

namespace bregman {

/// The step's own clock, or the clock after the step, by which phase 5 goes.
enum class Time { Now, Next };

/// Whether a value is known once per step: f64, or a condition on such values.
bool isHost(mlir::Value value);

class HostScalars {
public:
  /// Parameters and counters are added to `method`, everything else to `host`, which are empty.
  HostScalars(MethodOp method, HostOp host);

  /// Makes a parameter of the quantizer or, with the prefix `optimizer.`, of the optimizer one of
  /// the method.
  void addParameter(ParamOp param, llvm::StringRef prefix);
  /// Makes the `t` that the optimizer of the learned value `learned` reads one of its own.
  void addClock(OptimizerOp optimizer, mlir::StringAttr learned);
  /// Makes a state `per run` one of the method, under `name`.
  mlir::LogicalResult addState(StateOp state, llvm::StringRef name);
  /// From here on the state has this value, a host value of the quantizer or the optimizer; with
  /// `due`, a condition of the host, only where that holds. What is published by it keeps its first
  /// value at attach.
  mlir::LogicalResult update(StateOp state, mlir::Value value, bool isPublished,
                             mlir::Value due = {});
  /// No scalar will have this name: something is stored under it.
  void reserve(llvm::StringRef name) { taken.insert(name); }

  /// `source`, a host value of the quantizer or the optimizer, in the host region. Null after a
  /// diagnostic where it reads something that the method does not have.
  mlir::Value at(mlir::Value source, Time time);
  /// The name under which the host region yields `source`, made up on the first request. Null after
  /// a diagnostic. A condition is yielded as 1 or 0.
  mlir::StringAttr scalar(mlir::Value source, Time time);
  /// The name under which the host region yields `source` so far, or null.
  mlir::StringAttr nameOf(mlir::Value source, Time time) { return names.lookup(at(source, time)); }
  /// Yields `source` under exactly this name.
  mlir::LogicalResult yieldAs(llvm::StringRef name, mlir::Value source, Time time);

  /// Ends the host region.
  void finish(mlir::Location loc);

private:
  mlir::Value counter(Counter kind, bool next, mlir::Location loc, mlir::StringAttr of = {});
  mlir::Value learningRate(CounterOp op);
  mlir::Value share(mlir::Operation *op);
  mlir::Value asNumber(mlir::Value condition);
  mlir::Value place(mlir::Value source, mlir::IRMapping &mapping);
  bool dependsOnTime(mlir::Value source);
  std::string describe(mlir::Value source);
  std::string describe(mlir::Operation *op);

  MethodOp method;
  HostOp host;
  mlir::OpBuilder builder;
  mlir::IRMapping parameters; ///< and the `t` of learned values
  mlir::Value lr;
  /// The states of the method, in order, with what they hold at this point of the step.
  llvm::MapVector<mlir::Value, std::pair<StateOp, mlir::Value>> states;
  int updates = 0;
  llvm::DenseMap<std::pair<mlir::Value, int>, mlir::Value> memo;
  llvm::StringSet<> taken;
  llvm::MapVector<mlir::StringAttr, mlir::Value> yielded;
  llvm::DenseMap<mlir::Value, mlir::StringAttr> names;
};

} // namespace bregman
