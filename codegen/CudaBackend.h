// CudaBackend: from a kernel to PTX for NVIDIA GPUs. It needs no CUDA toolkit and no GPU.
#pragma once

#include "codegen/CudaABI.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace bregman {

class Places;

/// The chip that code is made for; it runs on that and on every later one.
struct CudaTarget {
  std::string chip = "sm_80";
  /// Approximate f32 arithmetic; docs/cuda.md has the bounds.
  bool fast = false;

  /// sm_80 (Ampere), sm_90 (Hopper) or sm_100 (Blackwell); an error lists them.
  static llvm::Expected<CudaTarget> of(llvm::StringRef chip);
  /// The chip that code for a device of this compute capability is best made for; an error where
  /// the device is too old.
  static llvm::Expected<CudaTarget> forDevice(int major, int minor);

  /// The back end's features: the least version of PTX that the chip can be addressed in.
  std::string features() const;
};

/// What compile() makes.
struct CudaRequest {
  bool gpu = false, ptx = true;
  /// In the texts, the place in the spec beside each line.
  bool locations = false;
};

struct CudaArtifacts {
  std::string gpu; ///< MLIR: the function before the elementary functions are expanded
  std::string ptx; ///< defines abi::cuda::symbol
};

/// One per thread: neither it nor an MLIRContext may be used by two threads at once.
class CudaBackend {
public:
  static llvm::Expected<std::unique_ptr<CudaBackend>> create(CudaTarget target);
  ~CudaBackend();

  const CudaTarget &target() const { return cudaTarget; }

  /// `kernel` holds one bregman.kernel, stays as it is, and belongs to a context made from a
  /// registry that registerCudaBackend has seen. An error names the operation and is our bug,
  /// unless the kernel uses what isn't compiled yet.
  llvm::Expected<CudaArtifacts> compile(mlir::ModuleOp kernel, const CudaRequest &request);

  /// PTX that defines abi::cuda::combineSymbol, the same for every kernel.
  llvm::Expected<std::string> combine(mlir::MLIRContext *context);

private:
  /// From the stage `gpu`. `places` is null, or takes the places of the instructions.
  llvm::Expected<std::string> write(mlir::ModuleOp module, llvm::StringRef name, Places *places);

  CudaBackend(CudaTarget target, std::unique_ptr<llvm::TargetMachine> machine);

  CudaTarget cudaTarget;
  std::unique_ptr<llvm::TargetMachine> machine;
};

/// Adds what compile() needs of a context: dialects and their translations.
void registerCudaBackend(mlir::DialectRegistry &registry);

} // namespace bregman
