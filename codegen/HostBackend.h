// HostBackend: from a kernel to machine code of this machine.
#pragma once

#include "codegen/HostTarget.h"
#include "codegen/LoopVariant.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace bregman {

/// What compile() makes. Each text costs time; the assembly as much as the object.
struct HostRequest {
  LoopVariant variant = LoopVariant::Plain;
  bool object = true;
  bool loops = false, llvm = false, assembly = false;
  /// In the texts, the place in the spec beside each line. An object made so is larger.
  bool locations = false;
};

struct HostArtifacts {
  std::string loops;    ///< MLIR: the loop before the elementary functions are expanded
  std::string llvm;     ///< LLVM IR as the back end takes it
  std::string assembly; ///< AT&T syntax
  /// An ELF object that defines abi::plainSymbol or abi::streamingSymbol and needs no symbol.
  llvm::SmallVector<char, 0> object;
};

/// One per thread: neither it nor an MLIRContext may be used by two threads at once.
class HostBackend {
public:
  /// Fails where LLVM has no back end for the target.
  static llvm::Expected<std::unique_ptr<HostBackend>> create(HostTarget target);
  ~HostBackend();

  const HostTarget &target() const { return hostTarget; }

  /// `kernel` holds one bregman.kernel, stays as it is, and belongs to a context made from a
  /// registry that registerHostBackend has seen. An error names the operation and is our bug,
  /// unless the kernel uses what isn't compiled yet.
  llvm::Expected<HostArtifacts> compile(mlir::ModuleOp kernel, const HostRequest &request);

private:
  HostBackend(HostTarget target, std::unique_ptr<llvm::TargetMachine> machine);

  HostTarget hostTarget;
  std::unique_ptr<llvm::TargetMachine> machine;
};

/// Adds what compile() needs of a context: dialects and their translations.
void registerHostBackend(mlir::DialectRegistry &registry);

} // namespace bregman
