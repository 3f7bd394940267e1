// Names: declared once, before use (Q2).
#include "frontend/spec/SemaBase.h"
#include "frontend/spec/Suggest.h"

#include <algorithm>

using namespace bregman::spec;

Analyzer::Entry *Analyzer::enter(const ast::Name &name) {
  auto found = names.find(name.text);
  if (found != names.end()) {
    Diagnostic &diagnostic =
        error("Q2", name.range,
              found->second.predeclared
                  ? "'" + name.text + "' is a name of the language and cannot be declared"
                  : "'" + name.text + "' is declared twice");
    if (!found->second.predeclared)
      diagnostic.note(source, found->second.range, "first here");
    return nullptr;
  }
  if (absent.count(name.text)) {
    error("Q2", name.range, "'" + name.text + "' is a name of the language and cannot be declared");
    return nullptr;
  }
  if (functionNamed(name.text)) {
    error("Q2", name.range,
          "'" + name.text + "' is a function of the language and cannot be declared");
    return nullptr;
  }
  Entry &entry = names[name.text];
  entry.range = name.range;
  entry.index = order.size();
  order.push_back(name.text);
  return &entry;
}

Declaration *Analyzer::declare(DeclarationKind kind, const ast::Name &name, Type type) {
  Entry *entry = enter(name);
  // A second declaration is still analyzed, under no name.
  declarations.push_back({});
  Declaration &declaration = declarations.back();
  declaration.kind = kind;
  declaration.name = name.text;
  declaration.range = name.range;
  declaration.type = type;
  if (entry)
    entry->declaration = &declaration;
  return &declaration;
}

Declaration *Analyzer::predeclare(DeclarationKind kind, const std::string &name, Type type) {
  declarations.push_back({});
  Declaration &declaration = declarations.back();
  declaration.kind = kind;
  declaration.name = name;
  declaration.type = type;
  Entry &entry = names[name];
  entry = {};
  entry.declaration = &declaration;
  entry.predeclared = true;
  entry.warnIfUnused = false;
  return &declaration;
}

void Analyzer::poison(const ast::Name &name) {
  if (Entry *entry = enter(name)) {
    entry->poisoned = true;
    entry->warnIfUnused = false;
  }
}

void Analyzer::warnUnused(const ast::Name &name) {
  diagnostics.warning(source, name.range, "Q2: '" + name.text + "' is never used");
}

void Analyzer::warnUnused() {
  for (const std::string &name : order) {
    const Entry &entry = names[name];
    if (!entry.used && entry.warnIfUnused)
      warnUnused({name, entry.range});
    else if (entry.function)
      for (const ast::Name &parameter : entry.function->parameters)
        if (!mentions(*entry.function->value, parameter.text))
          warnUnused(parameter);
  }
}

bool bregman::spec::mentions(const ast::Expr &written, const std::string &name) {
  auto inside = [&](const ast::ExprPtr &part) { return part && mentions(*part, name); };
  return (written.kind == ast::ExprKind::Name && written.name == name) ||
         std::any_of(written.operands.begin(), written.operands.end(), inside) ||
         inside(written.where) || (written.per && inside(written.per->length));
}

void Analyzer::unknownName(const std::string &name, SourceRange range) {
  auto why = absent.find(name);
  if (why != absent.end()) {
    error("Q2", range, why->second);
    return;
  }
  if (functionNamed(name)) {
    error("Q2", range, "'" + name + "' is a function; its arguments stand in parentheses");
    return;
  }
  std::vector<std::string> candidates;
  for (const auto &[other, entry] : names)
    if (entry.index < visible)
      candidates.push_back(other);
  for (const auto &[other, node] : arguments)
    candidates.push_back(other);
  error("Q2", range, "'" + name + "' is not declared" + didYouMean(name, candidates));
}

const Node *Analyzer::name(const ast::Expr &written) {
  auto argument = arguments.find(written.name);
  if (argument != arguments.end())
    return argument->second;
  auto found = names.find(written.name);
  bool seen = found != names.end() && (found->second.predeclared || found->second.index < visible);
  if (!seen) {
    unknownName(written.name, written.range);
    return invalid(written.range);
  }
  Entry &entry = found->second;
  entry.used = true;
  if (entry.poisoned)
    return invalid(written.range);
  if (entry.function) {
    error("Q2", written.range,
          "'" + written.name + "' is a function; its arguments stand in parentheses");
    return invalid(written.range);
  }
  if (entry.node)
    return entry.node;

  Declaration &declaration = *entry.declaration;
  declaration.used = true;
  if (!declaration.type.valid())
    return invalid(written.range);
  Node *node = make(Op::Declared, declaration.type, written.range);
  node->declaration = &declaration;
  switch (declaration.kind) {
  case DeclarationKind::Param:
    node->dependencies = DependsOnParam;
    break;
  case DeclarationKind::Counter:
    node->dependencies = declaration.name == "lr" ? DependsOnRate : DependsOnCounter;
    if (std::find(counters.begin(), counters.end(), &declaration) == counters.end())
      counters.push_back(&declaration);
    break;
  case DeclarationKind::Schedule:
    node->dependencies = declaration.value ? declaration.value->dependencies : 0;
    // Not a number any more, even if it is made of numbers: it keeps its name.
    node->dependencies |= DependsOnCounter;
    break;
  case DeclarationKind::Levels:
  case DeclarationKind::Quantized:
  case DeclarationKind::Unknown:
    break;
  case DeclarationKind::Branch:
    node->dependencies = DependsOnBranch;
    break;
  case DeclarationKind::Learned:
    node->dependencies = DependsOnLearned;
    break;
  case DeclarationKind::Latent:
    node->dependencies = DependsOnLatent;
    break;
  case DeclarationKind::InitialWeight:
    node->dependencies = DependsOnInitial;
    break;
  case DeclarationKind::Gradient:
    node->dependencies = DependsOnGradient;
    break;
  case DeclarationKind::Target:
  case DeclarationKind::Weight:
    node->dependencies = DependsOnTarget;
    break;
  case DeclarationKind::State:
  case DeclarationKind::Next:
    node->dependencies = DependsOnState;
    break;
  }
  return node;
}

/// A function is unfolded where it is called; that its names are declared is seen here.
void Analyzer::checkNames(const ast::Expr &written, const std::vector<ast::Name> &parameters) {
  auto isParameter = [&](const std::string &name) {
    return std::any_of(parameters.begin(), parameters.end(),
                       [&](const ast::Name &parameter) { return parameter.text == name; });
  };
  if (written.kind == ast::ExprKind::Name && !isParameter(written.name)) {
    auto found = names.find(written.name);
    if (found == names.end())
      unknownName(written.name, written.range);
    else
      found->second.used = true;
  }
  if (written.kind == ast::ExprKind::Call && !functionNamed(written.name)) {
    auto found = names.find(written.name);
    if (found == names.end() || !found->second.function)
      call(written); // says why not
    else
      found->second.used = true;
  }
  for (const auto &operand : written.operands)
    checkNames(*operand, parameters);
  if (written.where)
    checkNames(*written.where, parameters);
  if (written.per && written.per->length)
    checkNames(*written.per->length, parameters);
}

void Analyzer::abbreviate(const ast::Let &let) {
  if (let.isFunction) {
    for (size_t index = 0; index < let.parameters.size(); ++index) {
      const ast::Name &parameter = let.parameters[index];
      auto found = names.find(parameter.text);
      if (found != names.end()) {
        Diagnostic &diagnostic =
            error("Q2", parameter.range,
                  found->second.predeclared
                      ? "'" + parameter.text + "' is a name of the language and cannot be declared"
                      : "'" + parameter.text + "' is declared twice");
        if (!found->second.predeclared)
          diagnostic.note(source, found->second.range, "first here");
      }
      for (size_t other = 0; other < index; ++other)
        if (let.parameters[other].text == parameter.text)
          error("Q2", parameter.range, "'" + parameter.text + "' is declared twice")
              .note(source, let.parameters[other].range, "first here");
    }
    int before = diagnostics.errorCount();
    checkNames(*let.value, let.parameters);
    bool sound = diagnostics.errorCount() == before;
    if (Entry *entry = enter(let.name)) {
      entry->function = &let;
      entry->poisoned = !sound;
    }
    return;
  }
  const Node *value = expr(*let.value);
  Entry *entry = enter(let.name);
  if (!entry)
    return;
  entry->node = value;
  entry->poisoned = !value->type.valid();
  // The reader of the IR meets the name again, where the value is one of its own.
  if (value->op != Op::Declared && value->op != Op::Constant && value->name.empty())
    const_cast<Node *>(value)->name = let.name.text;
}
