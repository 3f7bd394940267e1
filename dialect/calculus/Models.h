// External models of CalculusOpInterface for every function that a spec may contain.
#pragma once

#include "mlir/IR/DialectRegistry.h"

namespace bregman {

/// All of the below.
void registerCalculusModels(mlir::DialectRegistry &registry);

void registerArithmeticModels(mlir::DialectRegistry &registry);
void registerConditionModels(mlir::DialectRegistry &registry);
void registerElementaryModels(mlir::DialectRegistry &registry);
void registerStaircaseModels(mlir::DialectRegistry &registry);
void registerLookupModels(mlir::DialectRegistry &registry);
void registerLevelModels(mlir::DialectRegistry &registry);
void registerAcrossLevelsModels(mlir::DialectRegistry &registry);

} // namespace bregman
