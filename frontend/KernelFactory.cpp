// The key is taken from the kernel's text without locations, so that a comment added above a
// quantizer compiles nothing.
#include "frontend/KernelFactory.h"

#include "frontend/HostTranslation.h"
#include "frontend/SourceLines.h"
#include "runtime/HostKernel.h"
#include "runtime/JitEngine.h"
#include "runtime/KernelCache.h"

#include <map>
#include <mutex>

using namespace mlir;
using namespace bregman;

KernelCache *bregman::processCache(bool wanted) {
  // Without a build id two builds could not be told apart, and neither could their objects.
  if (!wanted || ownBuildId().empty())
    return nullptr;
  static KernelCache cache;
  return cache.usable() ? &cache : nullptr;
}

/// What this machine is does not change, and asking it is slow: in a virtual machine every `cpuid`
/// is a trap, and 30 of them take longer than to load a kernel.
static llvm::Expected<HostTarget> targetOf(int lanes) {
  static std::mutex mutex;
  static std::map<int, HostTarget> known;
  std::lock_guard lock(mutex);
  if (auto found = known.find(lanes); found != known.end())
    return found->second;
  llvm::Expected<HostTarget> target = HostTarget::host(lanes);
  if (target)
    known.emplace(lanes, *target);
  return target;
}

llvm::Expected<KernelFactory> KernelFactory::create(const CompileOptions &options) {
  llvm::Expected<HostTarget> target = targetOf(options.lanes);
  if (!target)
    return target.takeError();
  return KernelFactory(processCache(options.cache), std::move(*target));
}

std::string bregman::identityOf(KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  kernel->print(stream, OpPrintingFlags().assumeVerified().useLocalScope());
  return text;
}

CacheKey KernelFactory::keyOf(KernelOp kernel, LoopVariant variant) const {
  CacheKeyParts parts;
  parts.kernel = identityOf(kernel);
  parts.options = variant == LoopVariant::Streaming ? "streaming" : "plain";
  parts.triple = target.triple;
  parts.cpu = target.cpu;
  parts.features = target.features;
  parts.lanes = target.lanes;
  return cacheKey(parts);
}

llvm::Expected<HostArtifacts> KernelFactory::compile(KernelOp kernel, const HostRequest &request) {
  if (!backend) {
    auto made = HostBackend::create(target);
    if (!made)
      return made.takeError();
    backend = std::move(*made);
  }
  OwningOpRef<ModuleOp> alone = ModuleOp::create(kernel.getLoc());
  alone->push_back(kernel->clone());
  return backend->compile(*alone, request);
}

static CacheEntry entryOf(KernelOp kernel, const HostArtifacts &made) {
  CacheEntry entry;
  entry.object.assign(made.object.begin(), made.object.end());
  entry.stages = {
      {"kernel", stageText(kernel, nullptr)}, {"loops", made.loops}, {"llvm", made.llvm}};
  if (!made.assembly.empty())
    entry.stages.emplace_back("asm", made.assembly);
  return entry;
}

llvm::Expected<std::string> KernelFactory::object(KernelOp kernel, LoopVariant variant) {
  CacheKey key;
  if (cache) {
    key = keyOf(kernel, variant);
    if (std::optional<CacheEntry> found = cache->lookup(key))
      return std::move(found->object);
  }
  HostRequest request;
  request.variant = variant;
  // The assembly would cost as much as the object; whoever asks for it has it made.
  request.loops = request.llvm = cache != nullptr;
  llvm::Expected<HostArtifacts> made = compile(kernel, request);
  if (!made)
    return made.takeError();
  if (cache)
    cache->store(key, entryOf(kernel, *made));
  return std::string(made->object.begin(), made->object.end());
}

llvm::Expected<std::shared_ptr<const Kernel>> KernelFactory::make(KernelOp kernel, bool streaming) {
  llvm::Expected<std::string> plain = object(kernel, LoopVariant::Plain);
  if (!plain)
    return plain.takeError();
  std::string streamingObject;
  // What goes over segments is short.
  if (streaming && !kernel.getOver()) {
    llvm::Expected<std::string> made = object(kernel, LoopVariant::Streaming);
    if (!made)
      return made.takeError();
    streamingObject = std::move(*made);
  }
  llvm::Expected<JitEngine &> engine = JitEngine::shared();
  if (!engine)
    return engine.takeError();
  llvm::Expected<HostCode> code = engine->loadKernel(kernel.getSymName(), *plain, streamingObject);
  if (!code)
    return code.takeError();
  return std::make_shared<HostKernel>(signatureOf(kernel), std::move(*code));
}

llvm::Expected<std::string> KernelFactory::text(KernelOp kernel, LoopVariant variant,
                                                const std::string &stage,
                                                const SourceLines *sources) {
  CacheKey key;
  if (cache && !sources) {
    key = keyOf(kernel, variant);
    if (std::optional<CacheEntry> found = cache->lookup(key, CacheParts::All))
      if (const std::string *text = found->stage(stage))
        return *text;
  }
  HostRequest request;
  request.variant = variant;
  request.loops = request.llvm = request.assembly = true;
  request.locations = sources != nullptr;
  llvm::Expected<HostArtifacts> made = compile(kernel, request);
  if (!made)
    return made.takeError();
  if (cache && !sources)
    cache->store(key, entryOf(kernel, *made));
  const auto &[text, comment] = stage == "loops"  ? std::pair(made->loops, "//")
                                : stage == "llvm" ? std::pair(made->llvm, ";")
                                                  : std::pair(made->assembly, "#");
  return sources ? annotatePlaces(text, comment, *sources) : text;
}
