// The text of a stage, as `bregman emit` prints it.
#include "frontend/program/Program.h"

#include "frontend/CudaStages.h"
#include "frontend/KernelFactory.h"
#include "frontend/spec/AstPrinter.h"

using namespace mlir;
using namespace bregman;

static Result<std::string> finished(llvm::Expected<std::string> text) {
  if (!text)
    return internal(text.takeError());
  return std::move(*text);
}

/// Whether a kernel is of a step, `q.o.step`: the only one, or one of a sequence.
static bool isOfStep(llvm::StringRef kernel) {
  auto [before, last] = kernel.rsplit('.');
  unsigned number = 0;
  return last == "step" || (!last.getAsInteger(10, number) && before.ends_with(".step"));
}

/// The texts of all kernels of a method, each of which begins with its name: the plain variants,
/// then the streaming variant of the step.
static Result<std::string> machineStage(ModuleOp kernels, const std::string &stage,
                                        const EmitOptions &options, const SourceLines *sources) {
  llvm::Expected<KernelFactory> factory = KernelFactory::create(options.compile);
  if (!factory)
    return Error{ErrorKind::Environment, llvm::toString(factory.takeError())};
  std::string text;
  auto add = [&](KernelOp kernel, LoopVariant variant) -> llvm::Error {
    llvm::Expected<std::string> made = factory->text(kernel, variant, stage, sources);
    if (!made)
      return made.takeError();
    text += *made + "\n";
    return llvm::Error::success();
  };
  for (auto kernel : kernels.getOps<KernelOp>())
    if (llvm::Error error = add(kernel, LoopVariant::Plain))
      return internal(std::move(error));
  for (auto kernel : kernels.getOps<KernelOp>())
    if (options.compile.streaming && !kernel.getOver() && isOfStep(kernel.getSymName()))
      if (llvm::Error error = add(kernel, LoopVariant::Streaming))
        return internal(std::move(error));
  return text;
}

/// Whether the target has the stage; every target has those above the machine's.
static Status checkStage(llvm::StringRef stage, bool isCuda, const EmitOptions &options) {
  if (llvm::is_contained({"ast", "bregman", "derived", "kernel"}, stage))
    return {};
  bool ofHost = llvm::is_contained({"loops", "llvm", "asm"}, stage);
  bool ofCuda = llvm::is_contained({"gpu", "ptx", "sass"}, stage);
  auto wrong = [](const llvm::Twine &message) { return Error{ErrorKind::Usage, message.str()}; };
  if (!ofHost && !ofCuda)
    return wrong("there is no stage '" + stage +
                 "'; it is ast, bregman, derived, kernel, loops, llvm, asm, gpu, ptx or sass");
  if (ofCuda && !isCuda)
    return wrong("the target host has no stage '" + stage + "'; name a GPU with --target=cuda");
  if (ofHost && isCuda)
    return wrong("the target " + options.target + " has no stage '" + stage +
                 "'; below `kernel` it has gpu, ptx and sass");
  if (!isCuda && options.compile.fast)
    return wrong(noFastHost);
  if (isCuda && options.compile.lanes)
    return wrong("lanes are the host's vectors; a thread of a GPU has none");
  return {};
}

Result<std::string> Program::emit(const std::string &stage, const EmitOptions &options) const {
  std::lock_guard lock(impl->mutex);
  llvm::Expected<std::optional<CudaTarget>> target = cudaTargetOf(options.target);
  if (!target)
    return Error{ErrorKind::Usage, llvm::toString(target.takeError())};
  if (Status wrong = checkStage(stage, target->has_value(), options))
    return *wrong;
  if (*target)
    (*target)->fast = options.compile.fast;
  if (stage == "ast")
    return spec::print(impl->unit->syntax());
  SourceLines sources;
  const SourceLines *beside = options.locations ? &sources : nullptr;
  if (stage == "bregman") {
    sources = impl->lines();
    return stageText(*impl->module, beside);
  }

  Result<std::string> quantizer = impl->chosen(options.quantizer);
  if (!quantizer)
    return quantizer.error();
  MethodStage until = stage == "derived" ? MethodStage::Derived : MethodStage::Kernel;
  if (Status failed = impl->require(*quantizer, /*isOptimizer=*/false))
    return *failed;
  std::string optimizer = options.optimizer.empty() ? "momentum" : options.optimizer;
  auto module = isOfActivations(impl->module->lookupSymbol<QuantizerOp>(*quantizer))
                    ? impl->deriveActivation(*quantizer, until, options.compile.element)
                    : impl->derive(*quantizer, optimizer, until, options.compile.element);
  if (!module)
    return module.error();
  sources = impl->lines(); // by now those of the library's files too
  if (stage == "derived" || stage == "kernel")
    return stageText(**module, beside);
  if (*target && stage == "sass") { // by tools that may be missing
    llvm::Expected<std::string> text = cudaStage(**module, stage, **target, beside);
    if (!text)
      return Error{ErrorKind::Environment, llvm::toString(text.takeError())};
    return std::move(*text);
  }
  if (*target)
    return finished(cudaStage(**module, stage, **target, beside));
  return machineStage(**module, stage, options, beside);
}
