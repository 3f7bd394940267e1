// The road from the stage `bregman` to the stage `kernel`, as pass pipelines.
#pragma once

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace bregman {

struct DeriveOptions : mlir::PassPipelineOptions<DeriveOptions> {
  Option<std::string> quantizer{
      *this, "quantizer", llvm::cl::desc("The quantizer; the only one of the module by default")};
  Option<std::string> optimizer{
      *this, "optimizer", llvm::cl::desc("The optimizer; the only one of the module by default")};
  ListOption<std::string> learned{
      *this, "learned",
      llvm::cl::desc(
          "The optimizer of a learned value, as VALUE:OPTIMIZER; by default `optimizer`")};
  Option<bool> constrained{
      *this, "constrained",
      llvm::cl::desc(
          "Of constrained training: two weights, and the latent moves by the gradient at "
          "that of the float branch")};
};

/// From `bregman` to `derived`: nothing symbolic is left, quantizer and optimizer are one method.
/// Rules are checked before, by `bregman-prove`.
void buildDerivePipeline(mlir::OpPassManager &manager, const DeriveOptions &options);

struct KernelOptions : mlir::PassPipelineOptions<KernelOptions> {
  Option<std::string> element{*this, "element",
                              llvm::cl::desc("How gradient and weight lie in memory"),
                              llvm::cl::init("f32")};
};

/// From `derived` to `kernel`: a method's kernels, after the method.
void buildKernelPipeline(mlir::OpPassManager &manager, const KernelOptions &options);

/// The same two for a quantizer of activations, whose `optimizer` moves nothing.
void buildActivationDerivePipeline(mlir::OpPassManager &manager, const DeriveOptions &options);
void buildActivationKernelPipeline(mlir::OpPassManager &manager, const KernelOptions &options);

/// Makes the pipelines available to bregman-opt under `--bregman-derive` and `--bregman-kernels`,
/// and with `-activation` after that.
void registerBregmanPipelines();

} // namespace bregman
