// From a unit to the stage `bregman`: one op per clause, expressions as arith, math, vector and
// bregman ops, every op with the place of the expression that it stands for.
#pragma once

#include "frontend/spec/Unit.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace bregman::spec {

/// All definitions and plans that the unit holds. The dialects of registerBregmanDialects are
/// loaded into the context. Fails only by our own fault, which the context's handler is told.
mlir::OwningOpRef<mlir::ModuleOp> generate(const Unit &unit, mlir::MLIRContext &context);

/// Adds one definition, as `find` gives it, to a module that does not have it yet.
void generateInto(const Definition &definition, mlir::ModuleOp module);

/// Adds a plan of the file `source`.
void generateInto(const TypedPlan &plan, const Source &source, mlir::ModuleOp module);

} // namespace bregman::spec
