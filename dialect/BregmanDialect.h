// The Bregman dialect: everything that a pass or a front end needs to make and read its ops.
#pragma once

#include "dialect/Calculus.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialect/BregmanDialect.h.inc"
#include "dialect/BregmanEnums.h.inc"
#include "dialect/BregmanInterfaces.h.inc"

namespace bregman {
class AttachOp;
class EveryBlockOp;
class FinalOp;
class HostOp;
class PublishOp;
class StepOp;
} // namespace bregman

#define GET_ATTRDEF_CLASSES
#include "dialect/BregmanAttrs.h.inc"

#define GET_OP_CLASSES
#include "dialect/BregmanOps.h.inc"

namespace bregman {

/// Our dialect and the upstream dialects whose ops appear in a spec, up to the stage `kernel`.
void registerBregmanDialects(mlir::DialectRegistry &registry);

/// The argument of a region that carries `name`, or null. `names` is the op's arg_names.
mlir::BlockArgument argumentNamed(mlir::Region &region, mlir::ArrayAttr names,
                                  llvm::StringRef name);

/// f32 or bf16 of the same shape as `type`.
mlir::Type withElement(mlir::Type type, mlir::Type element);

/// The length of the level axis, or 1 for a value without one.
int64_t levelCount(mlir::Type type);

} // namespace bregman
