// bregman-opt: the dialect's mlir-opt, for tests and development.
#include "codegen/Passes.h"
#include "codegen/Pipelines.h"
#include "dialect/BregmanDialect.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  bregman::registerBregmanDialects(registry);
  registry.insert<mlir::func::FuncDialect, mlir::LLVM::LLVMDialect, mlir::scf::SCFDialect>();
  bregman::registerBregmanPasses();
  bregman::registerBregmanPipelines();
  bregman::registerCodegenPasses();
  bregman::registerCodegenPipelines();
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Bregman optimizer driver\n", registry));
}
