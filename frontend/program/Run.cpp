// One method over one tensor, by the kernels or by the oracle.
#include "frontend/program/Program.h"

#include "frontend/KernelRun.h"
#include "frontend/OracleRun.h"

using namespace mlir;
using namespace bregman;

Result<std::unique_ptr<Run>> Program::run(const std::string &quantizer,
                                          const std::string &optimizer, const Timing &timing,
                                          bool reference, const CompileOptions &options) const {
  if (reference && options.device != "host")
    return Error{ErrorKind::Usage, "the oracle runs on the host; it has no device"};
  if (reference && options.fast)
    return Error{ErrorKind::Usage, noFastHost};
  if (!reference) {
    auto method = compile(quantizer, optimizer, options);
    if (!method)
      return method.error();
    return makeKernelRun(*method, timing);
  }
  std::lock_guard lock(impl->mutex);
  if (Status failed = impl->require(quantizer, optimizer))
    return *failed;
  if (Status failed = refuseTokens(impl->module->lookupSymbol<QuantizerOp>(quantizer)))
    return *failed;
  // The oracle keeps a module of its own: the passes never see it.
  auto copy = std::make_shared<OwningOpRef<ModuleOp>>(impl->module->clone());
  return makeOracleRun((*copy)->lookupSymbol<QuantizerOp>(quantizer),
                       (*copy)->lookupSymbol<OptimizerOp>(optimizer), timing, copy);
}
