// Runs the prover: on what a file defines, and on a quantizer with the arguments of a plan's line.
#include "frontend/program/Program.h"

#include "frontend/HostTranslation.h"
#include "passes/Passes.h"

#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace bregman;

/// Runs the prover on some quantizers of the module.
Status Program::Impl::prove(const std::vector<std::string> &quantizers) {
  OwningOpRef<ModuleOp> copy = ModuleOp::create(module->getLoc());
  for (const std::string &name : quantizers)
    copy->push_back(SymbolTable::lookupSymbolIn(*module, name)->clone());
  return prove(*copy, /*keepProofs=*/true);
}

/// Of a parameter without a range the proofs hold for its default alone; where a line gives it
/// another value the quantizer is proved with that one.
Status Program::Impl::proveWith(const PlanLine &line) {
  if (Status failed = require(line.quantizer, /*isOptimizer=*/false))
    return failed;
  // A quantizer's arguments in these read no counter.
  const HostProgram &arguments = line.arguments;
  std::vector<double> values = arguments.run(std::vector<double>(arguments.inputs.size()));
  auto quantizer = module->lookupSymbol<QuantizerOp>(line.quantizer);
  std::vector<std::string> periods = periodsOf(quantizer);
  for (auto param : quantizer.getBody().getOps<ParamOp>())
    for (size_t i = 0; i < values.size(); ++i) {
      ParameterInfo info = describeParameter(param);
      info.isPeriod = llvm::is_contained(periods, info.name);
      if (arguments.outputs[i].name != info.name)
        continue;
      if (Status failed = info.check(values[i], "quantizer `" + line.quantizer + "`"))
        return Error{ErrorKind::SpecRefused, (line.location.empty() ? "" : line.location + ": ") +
                                                 "error: " + failed->message + "\n"};
    }
  OwningOpRef<ModuleOp> copy = ModuleOp::create(module->getLoc());
  copy->push_back(quantizer->clone());
  bool differs = false;
  for (auto param : (*copy->getOps<QuantizerOp>().begin()).getBody().getOps<ParamOp>())
    for (size_t i = 0; i < values.size(); ++i)
      if (arguments.outputs[i].name == param.getName() && !param.getLow() &&
          values[i] != param.getValue().convertToDouble()) {
        param.setValue(llvm::APFloat(values[i]));
        differs = true;
      }
  if (!differs)
    return {};
  Status failed = prove(*copy, /*keepProofs=*/false);
  if (failed && !line.location.empty())
    failed->message += line.location + ": note: with the arguments that are given here\n";
  return failed;
}

Status Program::Impl::prove(ModuleOp copy, bool keepProofs) {
  spec::Diagnostics found;
  LogicalResult result = success();
  {
    spec::DiagnosticCollector collector(context, found, unit.get());
    PassManager manager(&context);
    ProveOptions options;
    options.remarks = true;
    manager.addPass(createProve(options));
    result = manager.run(copy);
  }
  std::string warned = found.render(spec::Severity::Warning);
  if (failed(result))
    return Error{ErrorKind::SpecRefused, warned + found.render(spec::Severity::Error)};
  if (warnings.find(warned) == std::string::npos)
    warnings += warned;
  if (!keepProofs)
    return {};
  for (const spec::Diagnostic &remark : found.all())
    if (remark.severity == spec::Severity::Note && remark.source)
      proofs += remark.source->name() + ":" +
                std::to_string(remark.source->position(remark.range.begin).line) + ": " +
                remark.message + "\n";
  return {};
}
