// JitEngine: machine code from memory. One engine serves the whole process; it takes object files,
// fresh from the code generator or from the cache, and gives functions. It compiles nothing itself
// and needs no target to be registered, so a process whose kernels all come from the cache never
// starts a code generator.
#pragma once

#include "runtime/HostKernel.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <atomic>
#include <memory>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace bregman {

class JitEngine {
public:
  /// A function and what keeps it in memory: when the last copy of `owner` dies the code is
  /// unmapped.
  struct Loaded {
    abi::Function function;
    std::shared_ptr<const void> owner;
  };

  /// The engine of the process, made at the first call (about a millisecond) and never destroyed.
  /// Fails where it cannot be made; the next call tries again. Any thread may call it.
  static llvm::Expected<JitEngine &> shared();

  ~JitEngine();

  /// Links `object`, which is copied, and gives the function `symbol`. `name` is for messages and
  /// debuggers. An object is self-contained: one that refers to anything outside of it, was made
  /// for another machine, or lacks the symbol, is an error that names what is wrong, and our bug.
  /// About 0.1 ms for a kernel; any thread may call it.
  llvm::Expected<Loaded> load(llvm::StringRef name, llvm::StringRef object, llvm::StringRef symbol);

  /// What HostKernel wants: the object that defines abi::plainSymbol and, unless it is empty, the
  /// one that defines abi::streamingSymbol.
  llvm::Expected<HostCode> loadKernel(llvm::StringRef name, llvm::StringRef plainObject,
                                      llvm::StringRef streamingObject);

private:
  struct Failures;

  JitEngine(std::unique_ptr<llvm::orc::LLJIT> jit, std::shared_ptr<Failures> failures);
  static llvm::Expected<std::unique_ptr<JitEngine>> create();
  /// `error`, with what the linker has reported since the last call added to it.
  llvm::Error explain(llvm::StringRef name, llvm::Error error);

  std::unique_ptr<llvm::orc::LLJIT> jit;
  std::shared_ptr<Failures> failures;
  std::atomic<uint64_t> count{0};
};

/// Fails unless `object` is a relocatable object for this machine that defines `symbol` and has no
/// undefined symbols. load() asks this; the code generator's tests do too.
llvm::Error checkKernelObject(llvm::StringRef name, llvm::StringRef object, llvm::StringRef symbol);

} // namespace bregman
