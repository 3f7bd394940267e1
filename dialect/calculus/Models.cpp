// Registration of the calculus of all functions.
#include "dialect/calculus/Models.h"

void bregman::registerCalculusModels(mlir::DialectRegistry &registry) {
  registerArithmeticModels(registry);
  registerConditionModels(registry);
  registerElementaryModels(registry);
  registerStaircaseModels(registry);
  registerLookupModels(registry);
  registerLevelModels(registry);
  registerAcrossLevelsModels(registry);
}
