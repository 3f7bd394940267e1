// Registration of the dialect and the helpers that its users share.
#include "dialect/BregmanDialect.h"
#include "dialect/calculus/Models.h"

#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FoldInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace bregman;

#include "dialect/BregmanDialect.cpp.inc"
#include "dialect/BregmanEnums.cpp.inc"
#include "dialect/BregmanInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/BregmanAttrs.cpp.inc"

namespace {
/// Constants stay in the region that reads them: a stage reads like the formula that it is.
struct KeepConstants : DialectFoldInterface {
  using DialectFoldInterface::DialectFoldInterface;
  bool shouldMaterializeInto(Region *) const final { return true; }
};
} // namespace

void BregmanDialect::initialize() {
  addInterfaces<KeepConstants>();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/BregmanAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialect/BregmanOps.cpp.inc"
      >();
}

void bregman::registerBregmanDialects(DialectRegistry &registry) {
  registry.insert<BregmanDialect, arith::ArithDialect, math::MathDialect, vector::VectorDialect>();
  registerCalculusModels(registry);
}

BlockArgument bregman::argumentNamed(Region &region, ArrayAttr names, StringRef name) {
  for (auto [attribute, argument] : llvm::zip_equal(names, region.getArguments()))
    if (cast<StringAttr>(attribute).getValue() == name)
      return argument;
  return {};
}

Type bregman::withElement(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return VectorType::get(vector.getShape(), element);
  return element;
}

int64_t bregman::levelCount(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? vector.getNumElements() : 1;
}
