// From a kernel of the dialect to one that can be launched: through the cache, the code generator
// and the JIT.
#pragma once

#include "codegen/HostBackend.h"
#include "dialect/BregmanDialect.h"
#include "frontend/Compiler.h"
#include "runtime/CacheKey.h"

namespace bregman {

class KernelCache;
class SourceLines;

/// The cache of the process, opened when first used; null where none is wanted or usable.
KernelCache *processCache(bool wanted);

/// What a kernel is, for a key: its text as printed fastest. The passes have left it sound.
std::string identityOf(KernelOp kernel);

class KernelFactory {
public:
  /// Fails where this machine lacks what `options` ask for.
  static llvm::Expected<KernelFactory> create(const CompileOptions &options);

  /// Compiles, or loads what was compiled before. `streaming` asks for that variant too.
  llvm::Expected<std::shared_ptr<const Kernel>> make(KernelOp kernel, bool streaming);

  /// The text of `loops`, `llvm` or `asm` of one variant; the same fresh and from the cache. With
  /// `sources` the spec's line stands beside each line.
  llvm::Expected<std::string> text(KernelOp kernel, LoopVariant variant, const std::string &stage,
                                   const SourceLines *sources);

private:
  KernelFactory(KernelCache *cache, HostTarget target) : cache(cache), target(std::move(target)) {}

  CacheKey keyOf(KernelOp kernel, LoopVariant variant) const;
  llvm::Expected<std::string> object(KernelOp kernel, LoopVariant variant);
  llvm::Expected<HostArtifacts> compile(KernelOp kernel, const HostRequest &request);

  KernelCache *cache; ///< null: none is used
  HostTarget target;
  std::unique_ptr<HostBackend> backend; ///< made when there is something to compile
};

} // namespace bregman
