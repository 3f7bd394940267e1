// LLJIT driven directly: a JITDylib per object, no platform, no process symbols, no compiler.
#include "runtime/JitEngine.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/MapperJITLinkMemoryManager.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/TargetParser/Host.h"

#include <mutex>

namespace bregman {

namespace {

/// Of the address space; only pages that hold code become memory.
constexpr size_t memoryGranularity = 1 << 20;

llvm::Error failure(llvm::StringRef name, const llvm::Twine &what) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), "kernel `" + name + "`: " + what);
}

/// LLJIT insists on a compiler for IR; none is ever added.
class NoCompiler final : public llvm::orc::IRCompileLayer::IRCompiler {
public:
  NoCompiler() : IRCompiler({}) {}
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> operator()(llvm::Module &) override {
    return llvm::createStringError(llvm::inconvertibleErrorCode(), "the engine takes objects only");
  }
};

} // namespace

/// What the session reports beside the error that a lookup returns, which alone does not say why.
struct JitEngine::Failures {
  std::mutex mutex;
  std::string text;
};

JitEngine::JitEngine(std::unique_ptr<llvm::orc::LLJIT> jit, std::shared_ptr<Failures> failures)
    : jit(std::move(jit)), failures(std::move(failures)) {}

JitEngine::~JitEngine() = default;

llvm::Expected<std::unique_ptr<JitEngine>> JitEngine::create() {
  // The data layout follows from the triple, so that no target has to be registered for it.
  llvm::Triple triple(llvm::sys::getProcessTriple());
  llvm::orc::LLJITBuilder builder;
  builder.setJITTargetMachineBuilder(llvm::orc::JITTargetMachineBuilder(triple))
      .setDataLayout(llvm::DataLayout(triple.computeDataLayout()))
      .setLinkProcessSymbolsByDefault(false)
      .setPlatformSetUp(llvm::orc::setUpInactivePlatform)
      .setCompileFunctionCreator(
          [](llvm::orc::JITTargetMachineBuilder)
              -> llvm::Expected<std::unique_ptr<llvm::orc::IRCompileLayer::IRCompiler>> {
            return std::make_unique<NoCompiler>();
          })
      .setObjectLinkingLayerCreator([](llvm::orc::ExecutionSession &session)
                                        -> llvm::Expected<std::unique_ptr<llvm::orc::ObjectLayer>> {
        // Kernels are a few pages each: one mapping for many of them.
        auto memory = llvm::orc::MapperJITLinkMemoryManager::CreateWithMapper<
            llvm::orc::InProcessMemoryMapper>(memoryGranularity);
        if (!memory)
          return memory.takeError();
        return std::make_unique<llvm::orc::ObjectLinkingLayer>(session, std::move(*memory));
      });
  auto jit = builder.create();
  if (!jit)
    return jit.takeError();
  auto failures = std::make_shared<Failures>();
  (*jit)->getExecutionSession().setErrorReporter([failures](llvm::Error error) {
    std::lock_guard<std::mutex> lock(failures->mutex);
    failures->text += (failures->text.empty() ? "" : "; ") + llvm::toString(std::move(error));
  });
  return std::unique_ptr<JitEngine>(new JitEngine(std::move(*jit), std::move(failures)));
}

llvm::Expected<JitEngine &> JitEngine::shared() {
  static std::mutex mutex;
  // Never destroyed: kernels in static objects may outlive every destructor that could run here.
  static JitEngine *engine = nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  if (!engine) {
    auto created = create();
    if (!created)
      return created.takeError();
    engine = created->release();
  }
  return *engine;
}

llvm::Error JitEngine::explain(llvm::StringRef name, llvm::Error error) {
  std::string why = llvm::toString(std::move(error));
  std::lock_guard<std::mutex> lock(failures->mutex);
  if (!failures->text.empty())
    why += ": " + std::exchange(failures->text, {});
  return failure(name, why);
}

llvm::Expected<JitEngine::Loaded> JitEngine::load(llvm::StringRef name, llvm::StringRef object,
                                                  llvm::StringRef symbol) {
  if (llvm::Error error = checkKernelObject(name, object, symbol))
    return std::move(error);
  llvm::orc::ExecutionSession &session = jit->getExecutionSession();
  llvm::orc::JITDylib &library =
      session.createBareJITDylib((name + "." + llvm::Twine(count++)).str());
  // From here on the owner removes the library, on the paths of failure too.
  std::shared_ptr<const void> owner(&library, [&session](const llvm::orc::JITDylib *library) {
    // Nobody is left to tell; the code stays mapped and that is all.
    llvm::consumeError(session.removeJITDylib(*const_cast<llvm::orc::JITDylib *>(library)));
  });
  if (llvm::Error error =
          jit->addObjectFile(library, llvm::MemoryBuffer::getMemBufferCopy(object, name)))
    return explain(name, std::move(error));
  auto address = jit->lookup(library, symbol);
  if (!address)
    return explain(name, address.takeError());
  return Loaded{address->toPtr<abi::Function>(), std::move(owner)};
}

llvm::Expected<HostCode> JitEngine::loadKernel(llvm::StringRef name, llvm::StringRef plainObject,
                                               llvm::StringRef streamingObject) {
  auto plain = load(name, plainObject, abi::plainSymbol);
  if (!plain)
    return plain.takeError();
  if (streamingObject.empty())
    return HostCode{plain->function, nullptr, plain->owner};
  auto streaming = load(name, streamingObject, abi::streamingSymbol);
  if (!streaming)
    return streaming.takeError();
  auto both = std::make_shared<std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>>(
      plain->owner, streaming->owner);
  return HostCode{plain->function, streaming->function, both};
}

llvm::Error checkKernelObject(llvm::StringRef name, llvm::StringRef object,
                              llvm::StringRef symbol) {
  auto parsed = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(object, name));
  if (!parsed)
    return failure(name, "no object file: " + llvm::toString(parsed.takeError()));
  llvm::object::ObjectFile &file = **parsed;
  llvm::Triple here(llvm::sys::getProcessTriple());
  if (!file.isRelocatableObject() || file.getArch() != here.getArch())
    return failure(name, "no relocatable object for " + here.getArchName());
  bool found = false;
  std::string undefined;
  for (const llvm::object::SymbolRef &entry : file.symbols()) {
    auto flags = entry.getFlags();
    if (!flags)
      return failure(name, llvm::toString(flags.takeError()));
    auto text = entry.getName();
    if (!text)
      return failure(name, llvm::toString(text.takeError()));
    if (*flags & llvm::object::SymbolRef::SF_Undefined)
      undefined += (undefined.empty() ? "`" : ", `") + text->str() + "`";
    else if (*text == symbol && (*flags & llvm::object::SymbolRef::SF_Global))
      found = true;
  }
  if (!undefined.empty())
    return failure(name, "the generated code refers to " + undefined +
                             "; every function must be expanded before code is generated");
  if (!found)
    return failure(name, "the object does not define `" + symbol + "`");
  return llvm::Error::success();
}

} // namespace bregman
