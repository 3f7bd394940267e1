// Brings definitions into the module when they are first needed, and derives methods from them.
#include "frontend/program/Program.h"

using namespace mlir;
using namespace bregman;

/// The optimizer of that name.
static const char untrainedText[] = "optimizer untrained {\n  descend 0 * g\n}\n";

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

bool bregman::isOfActivations(QuantizerOp quantizer) {
  Block::OpListType &clauses = quantizer.getBody().front().getOperations();
  auto has = [&](auto is) { return llvm::any_of(clauses, is); };
  return hasTokens(quantizer) || (has([](Operation &op) { return isa<LevelsOp>(op); }) &&
                                  !has([](Operation &op) { return isa<FinalOp>(op); }));
}

Status bregman::refuseTokens(QuantizerOp quantizer) {
  if (!hasTokens(quantizer))
    return {};
  return Error{ErrorKind::SpecRefused,
               "error: quantizer `" + quantizer.getSymName().str() +
                   "` has values per token, which weights do not have; use it in an `activations` "
                   "line\n"};
}
