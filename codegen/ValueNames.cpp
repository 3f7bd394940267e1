// Carries names through an attribute, since MLIR's own values have none.
#include "codegen/ValueNames.h"
#include "dialect/BregmanDialect.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/LLVMTranslationInterface.h"
#include "mlir/Target/LLVMIR/ModuleTranslation.h"
#include "llvm/IR/Function.h"

using namespace mlir;

namespace bregman {

Location named(StringRef name, Location loc) {
  return NameLoc::get(StringAttr::get(loc.getContext(), name), loc);
}

void keepName(Operation *op, StringRef name) {
  op->setDiscardableAttr(nameAttribute, StringAttr::get(op->getContext(), name));
}

namespace {
struct NameTranslation : LLVMTranslationDialectInterface {
  using LLVMTranslationDialectInterface::LLVMTranslationDialectInterface;

  LogicalResult amendOperation(Operation *op, ArrayRef<llvm::Instruction *> instructions,
                               NamedAttribute attribute, LLVM::ModuleTranslation &) const override {
    bool isName = attribute.getName() == nameAttribute && op->getNumResults() == 1;
    if (isName && !instructions.empty())
      instructions.back()->setName(cast<StringAttr>(attribute.getValue()).getValue());
    return success();
  }

  LogicalResult convertParameterAttr(LLVM::LLVMFuncOp function, int index, NamedAttribute attribute,
                                     LLVM::ModuleTranslation &translation) const override {
    if (attribute.getName() == nameAttribute)
      translation.lookupFunction(function.getName())
          ->getArg(index)
          ->setName(cast<StringAttr>(attribute.getValue()).getValue());
    return success();
  }
};
} // namespace

void registerValueNames(DialectRegistry &registry) {
  registry.addExtension(
      +[](MLIRContext *, BregmanDialect *dialect) { dialect->addInterfaces<NameTranslation>(); });
}

} // namespace bregman
