// A quantizer under an optimizer, or one of activations, as a method of compiled kernels.
#include "frontend/program/Program.h"

#include "codegen/Places.h"
#include "frontend/CudaFactory.h"
#include "frontend/HostTranslation.h"
#include "frontend/KernelFactory.h"

#include <functional>

using namespace mlir;
using namespace bregman;

/// What both kinds of methods say of their source.
static void describeSource(QuantizerOp source, Method &method) {
  std::vector<std::string> periods = periodsOf(source);
  for (ParameterInfo &parameter : method.parameters)
    parameter.isPeriod = llvm::is_contained(periods, parameter.name);
  for (auto schedule : source.getBody().getOps<ScheduleOp>())
    if (schedule.getLow())
      method.ranges.push_back({schedule.getName().str(), schedule.getLow()->convertToDouble(),
                               schedule.getHigh()->convertToDouble()});
}

/// Makes a kernel that can be launched; the flag asks for streaming code too, where there is any.
using MakeKernel =
    std::function<llvm::Expected<std::shared_ptr<const Kernel>>(KernelOp kernel, bool streaming)>;

/// For the device that `options` name, in whose memory the method's tensors lie then.
static Result<MakeKernel> kernelMaker(const CompileOptions &options, Method &method) {
  if (options.device == "host") {
    if (options.fast)
      return Error{ErrorKind::Usage, noFastHost};
    llvm::Expected<KernelFactory> made = KernelFactory::create(options);
    if (!made)
      return Error{ErrorKind::Environment, llvm::toString(made.takeError())};
    auto factory = std::make_shared<KernelFactory>(std::move(*made));
    return MakeKernel(
        [factory](KernelOp kernel, bool streaming) { return factory->make(kernel, streaming); });
  }
  Result<CudaFactory> made = CudaFactory::create(options);
  if (!made)
    return made.error();
  method.memory = made->memory();
  auto factory = std::make_shared<CudaFactory>(std::move(*made));
  return MakeKernel([factory](KernelOp kernel, bool) { return factory->make(kernel); });
}

/// Whether a kernel is one of a phase, `q.o.step`: the only one, or one of a sequence.
static bool isOfPhase(llvm::StringRef kernel, llvm::StringRef phase) {
  unsigned number = 0;
  return kernel.consume_front(phase) &&
         (kernel.empty() || (kernel.consume_front(".") && !kernel.getAsInteger(10, number)));
}

/// Compiles the kernels of one phase, in textual order.
static Status makeSequence(const MakeKernel &make, ModuleOp module, const std::string &phase,
                           bool streams, KernelSequence &sequence) {
  for (auto kernel : module.getOps<KernelOp>()) {
    if (!isOfPhase(kernel.getSymName(), phase))
      continue;
    auto made = make(kernel, streams);
    if (!made)
      return internal(made.takeError());
    sequence.push_back(std::move(*made));
  }
  return {};
}

Result<std::shared_ptr<const Method>> Program::compile(const std::string &quantizer,
                                                       const std::string &optimizer,
                                                       const CompileOptions &options) const {
  std::lock_guard lock(impl->mutex);
  if (optimizer.empty())
    impl->requireUntrained();
  auto module =
      impl->derive(quantizer, optimizer.empty() ? untrained : optimizer, MethodStage::Kernel,
                   options.element, options.learned, options.constrained);
  if (!module)
    return module.error();
  MethodOp op = *(*module)->getOps<MethodOp>().begin();
  if (Status failed = refuseTokens(impl->module->lookupSymbol<QuantizerOp>(quantizer)))
    return *failed;
  llvm::Expected<Method> described = describeMethod(op);
  if (!described)
    return internal(described.takeError());
  auto method = std::make_shared<Method>(std::move(*described));
  method->element = options.element;
  method->constrained = options.constrained;
  auto source = impl->module->lookupSymbol<QuantizerOp>(quantizer);
  describeSource(source, *method);

  Result<MakeKernel> makeKernel = kernelMaker(options, *method);
  if (!makeKernel)
    return makeKernel.error();
  const std::string prefix = op.getSymName().str();
  auto make = [&](const std::string &phase, bool streams, KernelSequence &sequence) {
    return makeSequence(*makeKernel, **module, prefix + "." + phase, streams, sequence);
  };
  for (auto [phase, sequence] :
       {std::pair("attach", &method->attach), std::pair("step", &method->step),
        std::pair("publish", &method->publish), std::pair("final", &method->final)})
    if (Status bad = make(phase, options.streaming && sequence == &method->step, *sequence))
      return *bad;
  for (const HostProgram::Output &output : method->host.outputs) {
    llvm::StringRef block = output.name;
    if (!block.starts_with("every.") || !block.consume_back(".due"))
      continue;
    method->every.push_back({output.name, {}});
    if (Status bad = make(block.str(), /*streams=*/false, method->every.back().kernels))
      return *bad;
  }
  if (method->step.empty())
    return internal("the method @" + prefix + " has no step");
  dropUnstored(*method);
  return std::shared_ptr<const Method>(std::move(method));
}

Result<std::shared_ptr<const ActivationMethod>>
Program::compileActivation(const std::string &quantizer, const CompileOptions &options) const {
  std::lock_guard lock(impl->mutex);
  auto module = impl->deriveActivation(quantizer, MethodStage::Kernel, options.element);
  if (!module)
    return module.error();
  llvm::Expected<Method> described = describeMethod(*(*module)->getOps<MethodOp>().begin());
  if (!described)
    return internal(described.takeError());
  auto method = std::make_shared<ActivationMethod>();
  static_cast<Method &>(*method) = std::move(*described);
  method->optimizer.clear();
  method->element = options.element;
  auto source = impl->module->lookupSymbol<QuantizerOp>(quantizer);
  describeSource(source, *method);
  llvm::erase_if(method->stored, [](const StoredInfo &info) { return info.name == "x"; });
  const double infinity = std::numeric_limits<double>::infinity();
  for (auto learned : source.getBody().getOps<LearnOp>())
    method->bounds.push_back({learned.getLow() ? learned.getLow()->convertToDouble() : -infinity,
                              learned.getHigh() ? learned.getHigh()->convertToDouble() : infinity});
  for (auto kernel : (*module)->getOps<KernelOp>())
    for (unsigned index = 0; index < kernel.getStreams().size(); ++index)
      if (ExtentAttr extent = kernel.extentOf(index)) {
        if (extent.getScope() == Scope::Token)
          method->rows = ActivationMethod::Rows::Tokens;
        else if (extent.getScope() == Scope::Channel || extent.getScope() == Scope::Group)
          method->rows = ActivationMethod::Rows::Channels;
      }
  for (auto learned : source.getBody().getOps<LearnOp>()) {
    ExtentAttr extent = learned.getExtentAttr();
    if (extent && extent.getScope() != Scope::Group)
      continue;
    return Error{ErrorKind::SpecRefused,
                 placeOf(learned.getLoc()) + ": error: quantizer `" + quantizer + "` learns `" +
                     learned.getName().str() + "` per " + (extent ? "group" : "element") +
                     ", of which every batch may have another number [Q3]; learn it per tensor "
                     "or per channel\n"};
  }

  Result<MakeKernel> makeKernel = kernelMaker(options, *method);
  if (!makeKernel)
    return makeKernel.error();
  for (auto [phase, sequence] :
       {std::pair(".initial", &method->attach), std::pair(".backward", &method->step),
        std::pair(".forward", &method->publish)})
    if (Status bad =
            makeSequence(*makeKernel, **module, quantizer + phase, /*streams=*/false, *sequence))
      return *bad;
  return std::shared_ptr<const ActivationMethod>(std::move(method));
}
