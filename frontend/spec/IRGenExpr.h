// Expressions as operations. Private to IR generation.
#pragma once

#include "frontend/spec/Typed.h"

#include "dialect/BregmanDialect.h"

namespace bregman::spec {

class ExprEmitter {
public:
  ExprEmitter(mlir::OpBuilder &builder, const Source &source) : builder(builder), source(source) {}

  /// The value as it is: f64 or i1 for the host, f32 or a level axis of it for a weight.
  mlir::Value emit(const Node &node);
  /// The value as a number per weight with a level axis of `levels`, or none. A host value is
  /// computed in double and rounded once.
  mlir::Value emitWeight(const Node &node, int levels);
  /// A condition of the host, or one with a level axis of `levels`.
  mlir::Value emitCondition(const Node &node, int levels);

  /// What a declaration stands for from now on.
  void define(const Declaration *declaration, mlir::Value value) { declared[declaration] = value; }

  /// `element`, or a level axis of it; the class axis is scalable.
  static mlir::Type axisType(mlir::Type element, int levels);
  /// Null for a value per weight.
  ExtentAttr extentAttr(const Extent &extent);

  mlir::Location at(SourceRange range) const;
  /// A place with the name that the spec gives to what is there.
  mlir::Location named(mlir::Location place, const std::string &name) const;

  mlir::Value constantF64(double value, mlir::Location location);
  mlir::Value constantF32(double value, int levels, mlir::Location location);

  /// What was emitted in a region is not seen outside of it.
  class Region {
  public:
    explicit Region(ExprEmitter &emitter)
        : emitter(emitter), values(emitter.values), weights(emitter.weights),
          reciprocals(emitter.reciprocals), fits(emitter.fits), guard(emitter.builder) {}
    ~Region() {
      emitter.values = std::move(values);
      emitter.weights = std::move(weights);
      emitter.reciprocals = std::move(reciprocals);
      emitter.fits = std::move(fits);
    }

  private:
    ExprEmitter &emitter;
    std::map<const Node *, mlir::Value> values;
    std::map<std::pair<const Node *, int>, mlir::Value> weights;
    std::map<const Node *, mlir::Value> reciprocals;
    std::map<const Node *, FitOp> fits;
    mlir::OpBuilder::InsertionGuard guard;
  };

  mlir::OpBuilder &builder;

private:
  mlir::Value compute(const Node &node);
  mlir::Value computeHost(const Node &node, mlir::Location location);
  mlir::Value computeSet(const Node &node, mlir::Location location);
  mlir::Value computeReduction(const Node &node, mlir::Location location);
  mlir::Value computeLookup(const Node &node, mlir::Location location);
  FitOp fit(const Node &node);
  mlir::Value computeSoftmax(const Node &node, mlir::Location location);
  mlir::Value elementwise(Op op, mlir::ValueRange operands, mlir::Location location);
  mlir::Value compare(const Node &node, mlir::Location location);
  mlir::Value reciprocal(const Node &divisor);
  mlir::Value broadcast(mlir::Value value, int levels, mlir::Location location);

  const Source &source;
  std::map<const Declaration *, mlir::Value> declared;
  std::map<const Node *, mlir::Value> values;
  std::map<std::pair<const Node *, int>, mlir::Value> weights;
  /// 1 / a host value, rounded to f32.
  std::map<const Node *, mlir::Value> reciprocals;
  std::map<const Node *, FitOp> fits;
};

} // namespace bregman::spec
