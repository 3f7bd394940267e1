// A spec from a file or a text to a checked Program, and what it says of itself.
#include "frontend/program/Program.h"

#include "codegen/CudaBackend.h"
#include "codegen/HostBackend.h"
#include "frontend/ConstraintTranslation.h"
#include "frontend/spec/Suggest.h"

using namespace mlir;
using namespace bregman;

Error bregman::internal(const std::string &message) {
  return {ErrorKind::Internal, "internal error, please report it: " + message};
}

Error bregman::internal(llvm::Error error) { return internal(llvm::toString(std::move(error))); }

Error bregman::refused(const spec::Diagnostics &diagnostics, ErrorKind kind) {
  return {kind, diagnostics.render()};
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

Program::Impl::Impl() : context(registry(), MLIRContext::Threading::DISABLED) {
  // A message names the place in the spec; the IR there is for whoever asks for a stage.
  context.printOpOnDiagnostic(false);
}

Program::Program() : impl(std::make_unique<Impl>()) {}
Program::Program(Program &&) = default;
Program &Program::operator=(Program &&) = default;
Program::~Program() = default;

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

std::string Program::definitions() const {
  const spec::Source &source = *impl->unit->syntax().source;
  std::string text(source.text());
  const std::deque<spec::TypedPlan> &plans = impl->unit->plans();
  for (size_t i = plans.size(); i > 0; --i) // from the last, so that the places before it stay
    text.erase(plans[i - 1].range.begin, plans[i - 1].range.end - plans[i - 1].range.begin);
  return text;
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

std::string bregman::didYouMean(const std::string &word, const std::vector<std::string> &known) {
  return spec::didYouMean(word, known);
}

std::string bregman::specsFolder() { return spec::Library::standard().folder(); }
