// Program: a checked spec, its stages, its compiled methods. The only file in which front end,
// passes, code generator and runtime meet.
#include "frontend/Compiler.h"

#include "codegen/HostBackend.h"
#include "frontend/ConstraintTranslation.h"
#include "frontend/CudaFactory.h"
#include "frontend/CudaStages.h"
#include "frontend/Derivation.h"
#include "frontend/HostTranslation.h"
#include "frontend/KernelFactory.h"
#include "frontend/KernelRun.h"
#include "frontend/OracleRun.h"
#include "frontend/SourceLines.h"
#include "frontend/explain/Explain.h"
#include "frontend/explain/Picture.h"
#include "frontend/spec/AstPrinter.h"
#include "frontend/spec/Spec.h"
#include "frontend/spec/Suggest.h"
#include "passes/Passes.h"
#include "runtime/cuda/DeviceMemory.h"

#include "mlir/Pass/PassManager.h"

#include <functional>
#include <mutex>

using namespace mlir;
using namespace bregman;

/// What stands for an optimizer where a plan's line names none: nothing moves.
static const char untrained[] = "untrained";
static const char untrainedText[] = "optimizer untrained {\n  descend 0 * g\n}\n";

static Error internal(const std::string &message) {
  return {ErrorKind::Internal, "internal error, please report it: " + message};
}

static Error internal(llvm::Error error) { return internal(llvm::toString(std::move(error))); }

static Result<std::string> finished(llvm::Expected<std::string> text) {
  if (!text)
    return internal(text.takeError());
  return std::move(*text);
}

/// Everything that one spec's module may hold on its way to machine code, loaded when first needed.
static const DialectRegistry &registry() {
  static const DialectRegistry all = [] {
    DialectRegistry made;
    registerBregmanDialects(made);
    registerHostBackend(made);
    registerCudaBackend(made);
    return made;
  }();
  return all;
}

struct Program::Impl {
  Impl() : context(registry(), MLIRContext::Threading::DISABLED) {
    // A message names the place in the spec; the IR there is for whoever asks for a stage.
    context.printOpOnDiagnostic(false);
  }

  /// Both definitions, from the file or the library, are in the module and proved.
  Status require(const std::string &quantizer, const std::string &optimizer);
  Status require(const std::string &name, bool isOptimizer);
  void requireUntrained();
  Status prove(const std::vector<std::string> &quantizers);
  Status prove(ModuleOp copy, bool keepProofs);
  Status proveWith(const PlanLine &line);
  using Learned = std::vector<std::pair<std::string, std::string>>;
  Result<OwningOpRef<ModuleOp>> derive(const std::string &quantizer, const std::string &optimizer,
                                       MethodStage stage, ElementType element, Learned learned = {},
                                       bool constrained = false);
  Result<OwningOpRef<ModuleOp>> deriveActivation(const std::string &quantizer, MethodStage stage,
                                                 ElementType element);
  Result<PlanLine> translate(LineOp line);
  Result<std::string> chosen(const std::string &quantizer) const;
  SourceLines lines() const;

  MLIRContext context;
  spec::Diagnostics diagnostics;
  std::unique_ptr<spec::Unit> unit;
  OwningOpRef<ModuleOp> module;
  std::string warnings, proofs;
  /// MLIR contexts without threads, and the unit that grows, take one caller at a time.
  std::recursive_mutex mutex;
};

Program::Program() : impl(std::make_unique<Impl>()) {}
Program::Program(Program &&) = default;
Program &Program::operator=(Program &&) = default;
Program::~Program() = default;

std::string bregman::didYouMean(const std::string &word, const std::vector<std::string> &known) {
  return spec::didYouMean(word, known);
}

std::string bregman::specsFolder() { return spec::Library::standard().folder(); }

/// The error of a refused spec: every message that was collected.
static Error refused(const spec::Diagnostics &diagnostics,
                     ErrorKind kind = ErrorKind::SpecRefused) {
  return {kind, diagnostics.render()};
}

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

Result<Program> Program::parse(const std::string &name, const std::string &text) {
  Program program;
  Impl &impl = *program.impl;
  auto source = std::make_shared<spec::Source>(name, text);
  impl.module =
      spec::compile(source, spec::Library::standard(), impl.context, impl.diagnostics, impl.unit);
  if (!impl.module)
    return refused(impl.diagnostics);
  impl.warnings = impl.diagnostics.render();
  std::vector<std::string> quantizers;
  for (auto quantizer : impl.module->getOps<QuantizerOp>())
    quantizers.push_back(quantizer.getSymName().str());
  if (Status failed = impl.prove(quantizers))
    return Error{failed->kind, impl.warnings + failed->message};
  for (auto plan : impl.module->getOps<PlanOp>())
    for (auto line : plan.getBody().getOps<LineOp>()) {
      Result<PlanLine> translated = impl.translate(line);
      if (!translated)
        return translated.error();
      if (Status failed = impl.proveWith(*translated))
        return Error{failed->kind, impl.warnings + failed->message};
    }
  for (auto plan : impl.module->getOps<PlanOp>())
    for (auto subject : plan.getBody().getOps<SubjectToOp>())
      if (auto translated = translateConstraint(subject); !translated)
        return internal(translated.takeError());
  return program;
}

Result<Program> Program::load(const std::string &path) {
  spec::Diagnostics diagnostics;
  std::shared_ptr<const spec::Source> source = spec::readSource(path, diagnostics);
  if (!source)
    return refused(diagnostics, ErrorKind::Input);
  return parse(source->name(), std::string(source->text()));
}

const std::string &Program::warnings() const { return impl->warnings; }
const std::string &Program::proofs() const { return impl->proofs; }
std::vector<std::string> Program::quantizers() const { return impl->unit->quantizers(); }
std::vector<std::string> Program::optimizers() const { return impl->unit->optimizers(); }

Status Program::Impl::require(const std::string &quantizer, const std::string &optimizer) {
  if (Status failed = require(quantizer, /*isOptimizer=*/false))
    return failed;
  return require(optimizer, /*isOptimizer=*/true);
}

void Program::Impl::requireUntrained() {
  if (SymbolTable::lookupSymbolIn(*module, untrained))
    return;
  spec::Diagnostics found;
  std::unique_ptr<spec::Unit> builtIn;
  auto made = spec::compile(std::make_shared<spec::Source>(untrained, untrainedText),
                            spec::Library(""), context, found, builtIn);
  assert(made && "the text above is sound");
  module->push_back((*made->getOps<OptimizerOp>().begin()).clone());
}

Status Program::Impl::require(const std::string &name, bool isOptimizer) {
  if (SymbolTable::lookupSymbolIn(*module, name))
    return {};
  spec::Diagnostics found;
  const spec::Definition *definition = unit->find(name, isOptimizer, found);
  if (!definition)
    return refused(found, ErrorKind::Usage);
  if (SymbolTable::lookupSymbolIn(*module, definition->name))
    return {};
  spec::generateInto(*definition, *module);
  if (isOptimizer)
    return {};
  Status failed = prove({definition->name});
  if (failed) // not there for who asks again
    SymbolTable::lookupSymbolIn(*module, definition->name)->erase();
  return failed;
}

Result<OwningOpRef<ModuleOp>> Program::Impl::derive(const std::string &quantizer,
                                                    const std::string &optimizer, MethodStage stage,
                                                    ElementType element, Learned learned,
                                                    bool constrained) {
  if (Status failed = require(quantizer, optimizer))
    return *failed;
  for (auto &[value, other] : learned)
    if (other.empty()) {
      requireUntrained();
      other = untrained;
    } else if (Status failed = require(other, /*isOptimizer=*/true)) {
      return *failed;
    }
  spec::Diagnostics found;
  spec::DiagnosticCollector collector(context, found, unit.get());
  auto derived = deriveMethod(*module, quantizer, optimizer, stage, element, learned, constrained);
  if (failed(derived))
    return refused(found);
  return std::move(*derived);
}

Result<OwningOpRef<ModuleOp>> Program::Impl::deriveActivation(const std::string &quantizer,
                                                              MethodStage stage,
                                                              ElementType element) {
  if (Status failed = require(quantizer, /*isOptimizer=*/false))
    return *failed;
  requireUntrained();
  spec::Diagnostics found;
  spec::DiagnosticCollector collector(context, found, unit.get());
  auto derived = bregman::deriveActivation(*module, quantizer, untrained, stage, element);
  if (failed(derived))
    return refused(found);
  return std::move(*derived);
}

/// file:line:column, or nothing.
static std::string placeOf(Operation *op) {
  FileLineColLoc place = fileLocation(op->getLoc());
  return place ? place.getFilename().str() + ":" + std::to_string(place.getLine()) + ":" +
                     std::to_string(place.getColumn())
               : "";
}

/// The program of a line's arguments, and which of them mention a counter.
Result<PlanLine> Program::Impl::translate(LineOp line) {
  PlanLine result;
  for (Attribute pattern : line.getPatterns())
    result.patterns.push_back(cast<StringAttr>(pattern).getValue().str());
  result.quantizer = line.getQuantizer().str();
  result.optimizer = line.getOptimizer().value_or("").str();
  result.resetEvery = line.getReset().value_or(0);
  result.resetInEpochs = line.getResetUnit() == PeriodUnit::Epoch;
  result.location = placeOf(line);
  result.activations = line.getActivations();
  llvm::Expected<HostProgram> arguments = translateHost(line.getArgs());
  if (!arguments)
    return internal(arguments.takeError());
  result.arguments = std::move(*arguments);
  // An output moves if any input is among what it is computed from.
  std::vector<bool> moves;
  for (const HostProgram::Instruction &instruction : result.arguments.code) {
    auto operandMoves = [&](int32_t index) { return index >= 0 && moves[index]; };
    moves.push_back(instruction.op == HostProgram::Op::Input ||
                    (instruction.op != HostProgram::Op::Constant &&
                     (operandMoves(instruction.a) || operandMoves(instruction.b) ||
                      operandMoves(instruction.c))));
  }
  for (const HostProgram::Output &output : result.arguments.outputs)
    if (moves[output.value])
      result.recomputed.push_back(output.name);
  return result;
}

/// A part of a spec without its comments, with one space where there is any.
static std::string onOneLine(llvm::StringRef text) {
  std::string line;
  SmallVector<llvm::StringRef> lines;
  text.split(lines, '\n');
  for (llvm::StringRef written : lines)
    for (written = written.split("//").first.trim(); !written.empty(); written = written.ltrim()) {
      llvm::StringRef word = written.take_until([](char c) { return c == ' ' || c == '\t'; });
      line += (line.empty() ? "" : " ") + word.str();
      written = written.drop_front(word.size());
    }
  return line;
}

std::vector<Plan> Program::plans() const {
  std::lock_guard lock(impl->mutex);
  std::vector<Plan> plans;
  for (auto [op, typed] : llvm::zip(impl->module->getOps<PlanOp>(), impl->unit->plans())) {
    Plan plan;
    plan.name = typed.name;
    for (auto line : op.getBody().getOps<LineOp>())
      plan.lines.push_back(std::move(*impl->translate(line))); // which `parse` has done once
    for (auto [line, written] : llvm::zip(plan.lines, typed.lines)) {
      const spec::Source &source = *written.source;
      auto textOf = [&](spec::SourceRange range) {
        return onOneLine(source.text().substr(range.begin, range.end - range.begin));
      };
      line.use = textOf(written.use);
      line.by = textOf(written.by);
    }
    for (Operation &constraint : op.getBody().front()) {
      if (isa<MinimizeOp, SubjectToOp>(constraint) && plan.constrainedAt.empty())
        plan.constrainedAt = placeOf(&constraint);
      if (auto minimize = dyn_cast<MinimizeOp>(constraint))
        plan.minimizesHigh = minimize.getBranch() == Branch::High;
      if (auto subject = dyn_cast<SubjectToOp>(constraint)) {
        plan.constraints.push_back(std::move(*translateConstraint(subject))); // as `parse` has
        plan.constraints.back().location = placeOf(&constraint);
      }
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

std::string Program::definitions() const {
  const spec::Source &source = *impl->unit->syntax().source;
  std::string text(source.text());
  const std::deque<spec::TypedPlan> &plans = impl->unit->plans();
  for (size_t i = plans.size(); i > 0; --i) // from the last, so that the places before it stay
    text.erase(plans[i - 1].range.begin, plans[i - 1].range.end - plans[i - 1].range.begin);
  return text;
}

Result<PlanLine> Program::use(const std::string &text) const {
  std::lock_guard lock(impl->mutex);
  spec::Diagnostics found;
  std::unique_ptr<spec::TypedLine> line = impl->unit->use(text, found);
  if (!line)
    return refused(found, ErrorKind::Usage);
  spec::TypedPlan plan;
  plan.range = line->range;
  const spec::Source &source = *line->source;
  plan.lines.push_back(std::move(*line));
  OwningOpRef<ModuleOp> holder = ModuleOp::create(impl->module->getLoc());
  spec::generateInto(plan, source, *holder);
  Result<PlanLine> translated =
      impl->translate(*(*holder->getOps<PlanOp>().begin()).getBody().getOps<LineOp>().begin());
  if (translated)
    if (Status failed = impl->proveWith(*translated))
      return *failed;
  return translated;
}

/// `quantizer`, or the only one of the file.
Result<std::string> Program::Impl::chosen(const std::string &quantizer) const {
  if (!quantizer.empty())
    return quantizer;
  std::vector<std::string> all = unit->quantizers();
  if (all.size() != 1)
    return Error{ErrorKind::Usage, "the file has " + std::to_string(all.size()) +
                                       " quantizers; name one with --quantizer"};
  return all.front();
}

SourceLines Program::Impl::lines() const {
  SourceLines result;
  result.add(unit->syntax().source->name(), unit->syntax().source->text());
  for (const spec::Definition *definition : unit->definitions())
    result.add(definition->source->name(), definition->source->text());
  return result;
}

/// Whether a quantizer has values per token, of which only activations have any.
static bool hasTokens(QuantizerOp quantizer) {
  auto isOfToken = [](NamedAttribute attribute) {
    auto extent = dyn_cast<ExtentAttr>(attribute.getValue());
    return extent && extent.getScope() == Scope::Token;
  };
  return quantizer
      .walk([&](Operation *op) {
        return llvm::any_of(op->getAttrDictionary(), isOfToken) ? WalkResult::interrupt()
                                                                : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Whether only a line that begins with `activations` takes it: nothing of it is a final level.
static bool isOfActivations(QuantizerOp quantizer) {
  Block::OpListType &clauses = quantizer.getBody().front().getOperations();
  auto has = [&](auto is) { return llvm::any_of(clauses, is); };
  return hasTokens(quantizer) || (has([](Operation &op) { return isa<LevelsOp>(op); }) &&
                                  !has([](Operation &op) { return isa<FinalOp>(op); }));
}

static Status refuseTokens(QuantizerOp quantizer) {
  if (!hasTokens(quantizer))
    return {};
  return Error{ErrorKind::SpecRefused,
               "error: quantizer `" + quantizer.getSymName().str() +
                   "` has values per token, which weights do not have; use it in an `activations` "
                   "line\n"};
}

/// Whether a kernel is one of a phase, `q.o.step`: the only one, or one of a sequence.
static bool isOfPhase(llvm::StringRef kernel, llvm::StringRef phase) {
  unsigned number = 0;
  return kernel.consume_front(phase) &&
         (kernel.empty() || (kernel.consume_front(".") && !kernel.getAsInteger(10, number)));
}

/// The same where the method is not known.
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

Result<Explanation> Program::explain(const ExplainOptions &options) const {
  std::lock_guard lock(impl->mutex);
  Result<std::string> quantizer = impl->chosen(options.quantizer);
  if (!quantizer)
    return quantizer.error();
  llvm::Expected<std::optional<CudaTarget>> target = cudaTargetOf(options.target);
  if (!target)
    return Error{ErrorKind::Usage, llvm::toString(target.takeError())};
  if (Status failed = impl->require(*quantizer, /*isOptimizer=*/false))
    return *failed;
  auto op = impl->module->lookupSymbol<QuantizerOp>(*quantizer);
  std::string optimizer = options.optimizer.empty() ? "momentum" : options.optimizer;
  bool ofActivations = isOfActivations(op);
  if (ofActivations && *target)
    return Error{ErrorKind::Usage,
                 "activations are quantized on the host alone, not on `" + options.target + "`"};
  auto kernels = ofActivations
                     ? impl->deriveActivation(*quantizer, MethodStage::Kernel, options.element)
                     : impl->derive(*quantizer, optimizer, MethodStage::Kernel, options.element);
  if (!kernels)
    return kernels.error();
  std::string resources;
  if (*target) {
    llvm::Expected<std::string> described = describeResources(**kernels, **target);
    if (!described)
      return internal(described.takeError());
    resources = "\n" + *described;
  }
  Explanation result;
  double bandwidth = explain::measureBandwidth();
  if (ofActivations)
    result.text = *quantizer + ", of activations\n\n" + explain::describeMethod(op, {}) + "\n" +
                  explain::describeRules(op) + "\n" +
                  explain::describeActivationCost(**kernels, bandwidth) + resources;
  else
    result.text = *quantizer + " by " + optimizer + "\n\n" +
                  explain::describeMethod(op, impl->module->lookupSymbol<OptimizerOp>(optimizer)) +
                  "\n" + explain::describeRules(op) + "\n" +
                  explain::describeCost(**kernels, options.element, bandwidth) + resources;
  if (!options.picture)
    return result;
  Result<std::string> svg = explain::draw(op, options.timing);
  if (!svg)
    return svg.error();
  result.svg = std::move(*svg);
  return result;
}

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
  method.memory = cuda::deviceMemory();
  auto factory = std::make_shared<CudaFactory>(std::move(*made));
  return MakeKernel([factory](KernelOp kernel, bool) { return factory->make(kernel); });
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
  method->positive = positiveScalars(source, method->host);
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
  if (options.device != "host")
    return Error{ErrorKind::Usage,
                 "activations are quantized on the host alone, not on `" + options.device + "`"};
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
                 placeOf(learned) + ": error: quantizer `" + quantizer + "` learns `" +
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

Result<std::unique_ptr<Run>> Program::run(const std::string &quantizer,
                                          const std::string &optimizer, const Timing &timing,
                                          bool reference, const CompileOptions &options) const {
  if (reference && options.device != "host")
    return Error{ErrorKind::Usage, "the oracle runs on the host; it has no device"};
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
