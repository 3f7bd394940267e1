// Names across files: this file, then the library.
#include "frontend/spec/Unit.h"

#include "frontend/spec/AstPrinter.h"
#include "frontend/spec/Evaluate.h"
#include "frontend/spec/Parser.h"
#include "frontend/spec/Sema.h"
#include "frontend/spec/SemaClauses.h"
#include "frontend/spec/Suggest.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

using namespace bregman::spec;

std::shared_ptr<const Source> bregman::spec::readSource(const std::string &path,
                                                        Diagnostics &diagnostics) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    diagnostics.error(nullptr, {}, path + " is a folder, not a spec");
    return nullptr;
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) {
    diagnostics.error(nullptr, {},
                      "cannot read " + path + ": " + std::strerror(errno ? errno : EIO));
    return nullptr;
  }
  std::string content = text.str();
  if (content.starts_with("\xef\xbb\xbf")) // some editors' mark of UTF-8
    content.erase(0, 3);
  // What holds other control characters would only upset the terminal.
  auto isText = [](unsigned char byte) { return byte >= ' ' || std::isspace(byte); };
  auto odd = std::find_if_not(content.begin(), content.end(), isText);
  if (odd != content.end()) {
    diagnostics.error(nullptr, {},
                      path + " is not a text: byte " +
                          std::to_string(static_cast<unsigned char>(*odd)) + " at " +
                          std::to_string(odd - content.begin()));
    return nullptr;
  }
  return std::make_shared<Source>(path, std::move(content));
}

/// Whether a source is what the library's file is, as the installed one is of the project's own.
static bool isCopyOf(const Source &source, const std::string &path) {
  Diagnostics ignored;
  std::shared_ptr<const Source> other = readSource(path, ignored);
  return other && other->text() == source.text();
}

std::unique_ptr<Unit> Unit::check(std::shared_ptr<const Source> source, Library library,
                                  Diagnostics &diagnostics) {
  int before = diagnostics.errorCount();
  std::unique_ptr<Unit> unit(new Unit(source, std::move(library)));
  unit->file = parseFile(source, diagnostics);
  bool sound = diagnostics.errorCount() == before && unit->analyzeOwn(diagnostics);
  return sound ? std::move(unit) : nullptr;
}

bool Unit::analyzeOwn(Diagnostics &diagnostics) {
  int before = diagnostics.errorCount();
  std::map<std::string, SourceRange> first;
  auto declared = [&](const ast::Name &name) {
    auto [found, inserted] = first.emplace(name.text, name.range);
    if (!inserted)
      diagnostics.error(file.source, name.range, "Q2: '" + name.text + "' is declared twice")
          .note(file.source, found->second, "first here");
    return inserted;
  };
  for (const auto &item : file.items) {
    const auto *definition = std::get_if<ast::Definition>(&item);
    if (!definition || !declared(definition->name))
      continue;
    const std::string &name = definition->name.text;
    known[name] = {file.source, definition};
    std::string other = library.fileOf(name);
    std::error_code error;
    if (!other.empty() && !std::filesystem::equivalent(other, file.source->name(), error) &&
        !isCopyOf(*file.source, other))
      diagnostics.report(Severity::Note, file.source, definition->name.range,
                         "Q2: '" + name + "' is in the library too; this file's is taken");
  }
  for (const auto &item : file.items)
    if (const auto *definition = std::get_if<ast::Definition>(&item))
      if (auto found = known.find(definition->name.text);
          found != known.end() && found->second.definition == definition)
        instance(found->second, definition->name.text, {}, {}, diagnostics);
  bool unnamed = false;
  for (const auto &item : file.items)
    if (const auto *plan = std::get_if<ast::Plan>(&item)) {
      if (plan->name ? !declared(*plan->name) : std::exchange(unnamed, true)) {
        if (!plan->name)
          diagnostics.error(file.source, {plan->range.begin, plan->range.begin + 4},
                            "Q2: a file has one plan without a name");
        continue;
      }
      analyzePlan(*plan, diagnostics);
    }
  return diagnostics.errorCount() == before;
}

const Definition *Unit::instance(const Written &from, const std::string &name,
                                 const std::map<std::string, double> &structural,
                                 const std::map<std::string, const Node *> &moving,
                                 Diagnostics &diagnostics) {
  auto found = byName.find(name);
  if (found != byName.end())
    return found->second;
  std::unique_ptr<Definition> result =
      analyze(from.source, *from.definition, diagnostics, structural, moving);
  byName[name] = result.get();
  if (!result)
    return nullptr;
  result->name = name;
  held.push_back(std::move(result));
  return held.back().get();
}

/// The definition that a use names, in this file or the library.
const Unit::Written *Unit::written(const ast::Use &use, const std::shared_ptr<const Source> &at,
                                   Diagnostics &diagnostics) {
  const std::string &name = use.name.text;
  if (auto found = known.find(name); found != known.end())
    return &found->second;
  std::string path = library.fileOf(name);
  if (path.empty()) {
    std::vector<std::string> candidates = library.names();
    for (const auto &[other, written] : known)
      candidates.push_back(other);
    Diagnostic &error =
        diagnostics.error(at, use.name.range,
                          "Q2: '" + name + "' is neither in this file nor in the library" +
                              didYouMean(name, candidates));
    if (library.folder().empty())
      error.note("there is no library; BREGMAN_SPECS names its folder");
    return nullptr;
  }
  std::shared_ptr<const Source> source = readSource(path, diagnostics);
  if (!source)
    return nullptr;
  sources.push_back(source);
  int before = diagnostics.errorCount();
  imported.push_back(parseFile(source, diagnostics));
  if (diagnostics.errorCount() > before)
    return nullptr;
  for (const auto &item : imported.back().items)
    if (const auto *definition = std::get_if<ast::Definition>(&item);
        definition && definition->name.text == name)
      return &(known[name] = {source, definition});
  diagnostics.error(source, {}, "this file of the library does not declare '" + name + "'");
  return nullptr;
}

const Definition *Unit::resolve(const ast::Use &use, const std::shared_ptr<const Source> &at,
                                bool optimizer, Diagnostics &diagnostics) {
  const Written *from = written(use, at, diagnostics);
  if (!from)
    return nullptr;
  if (from->definition->isOptimizer != optimizer) {
    diagnostics
        .error(at, use.name.range,
               "Q2: '" + use.name.text + "' is " + (optimizer ? "a quantizer" : "an optimizer") +
                   ", here stands " + (optimizer ? "an optimizer" : "a quantizer"))
        .note(from->source, from->definition->name.range, "declared here");
    return nullptr;
  }
  const Definition *plain = instance(*from, use.name.text, {}, {}, diagnostics);
  if (!plain)
    return nullptr;
  // Structural arguments are compiled in, and so are those of a quantizer that mention a counter,
  // for the weight is published by their values at the step after: another one is another
  // definition.
  std::map<std::string, double> structural;
  std::map<std::string, const Node *> moving;
  std::deque<Declaration> counters;
  std::deque<Node> movingNodes;
  std::string arguments;
  auto addArgument = [&](const ast::Argument &argument) {
    arguments +=
        (arguments.empty() ? "" : ", ") + argument.name.text + " = " + print(*argument.value);
  };
  for (const ast::Argument &argument : use.arguments) {
    const Declaration *param = plain->param(argument.name.text);
    if (!param)
      continue;
    if (!param->structural) {
      const Node *value =
          optimizer ? nullptr : movingArgument(at, *argument.value, counters, movingNodes);
      if (value && moving.emplace(param->name, value).second)
        addArgument(argument);
      continue;
    }
    std::deque<Declaration> declarations;
    std::deque<Node> nodes;
    Analyzer sema(at, declarations, nodes, diagnostics);
    for (const char *counter : {"step", "epoch", "steps", "epochs"})
      sema.predeclare(DeclarationKind::Counter, counter, {Type::Host, 0, false});
    std::optional<double> value =
        sema.constant(*argument.value, "'" + param->name + "' is compiled in and therefore");
    if (!value)
      return nullptr;
    if (*value != std::floor(*value)) {
      diagnostics.error(at, argument.value->range,
                        "'" + param->name + "' is compiled in and therefore an integer");
      return nullptr;
    }
    if (*value < param->low || *value > param->high) {
      diagnostics
          .error(at, argument.value->range, "'" + param->name + "' lies outside of its range")
          .note(plain->source, param->range, "declared here");
      return nullptr;
    }
    if (*value == param->number)
      continue;
    structural[param->name] = *value;
    addArgument(argument);
  }
  if (structural.empty() && moving.empty())
    return plain;
  return instance(*from, use.name.text + "(" + arguments + ")", structural, moving, diagnostics);
}

bool Unit::resolve(const ast::PlanLine &line, TypedLine &result, Diagnostics &diagnostics) {
  int before = diagnostics.errorCount();
  result.quantizer.definition =
      resolve(line.quantizer, result.source, /*optimizer=*/false, diagnostics);
  if (line.activations && result.quantizer.definition) {
    const Written &from = known.at(line.quantizer.name.text);
    if (const ast::Clause *foreign = notOfActivations(*from.definition))
      diagnostics
          .error(result.source, line.quantizer.name.range,
                 "Q17: '" + line.quantizer.name.text +
                     "' does not quantize activations: those have 'let', 'schedule', 'learn', "
                     "'levels', 'project w' and 'update chain' only")
          .note(from.source, foreign->keyword, "this is another clause");
  }
  if (line.optimizer) {
    result.optimizer.emplace();
    result.optimizer->definition =
        resolve(*line.optimizer, result.source, /*optimizer=*/true, diagnostics);
  }
  return diagnostics.errorCount() == before && result.quantizer.definition &&
         (!line.optimizer || result.optimizer->definition) &&
         analyzeLine(line, result, diagnostics);
}

bool Unit::analyzePlan(const ast::Plan &plan, Diagnostics &diagnostics) {
  bool sound = true;
  planList.push_back({});
  TypedPlan &typed = planList.back();
  typed.name = plan.name ? plan.name->text : "";
  typed.range = plan.range;
  for (const auto &item : plan.lines) {
    if (const auto *line = std::get_if<ast::PlanLine>(&item)) {
      typed.lines.emplace_back();
      typed.lines.back().source = file.source;
      sound &= resolve(*line, typed.lines.back(), diagnostics);
      continue;
    }
    if (const auto *minimize = std::get_if<ast::Minimize>(&item)) {
      if (typed.minimize) {
        diagnostics.error(file.source, minimize->range, "Q2: 'minimize' stands twice")
            .note(file.source, typed.minimize->range, "first here");
        sound = false;
      }
      typed.minimize = *minimize;
      continue;
    }
    typed.subjects.emplace_back();
    sound &= analyzeSubject(file.source, std::get<ast::SubjectTo>(item), typed.subjects.back(),
                            diagnostics);
  }
  return sound;
}

const Definition *Unit::find(const std::string &name, bool optimizer, Diagnostics &diagnostics) {
  auto text = std::make_shared<Source>(optimizer ? "<optimizer>" : "<quantizer>", name);
  std::optional<ast::PlanLine> line = parseUse(text, diagnostics);
  if (!line)
    return nullptr;
  if (line->optimizer || line->reset) {
    diagnostics.error(text, line->range, "expected one name, with structural arguments at most");
    return nullptr;
  }
  const Definition *definition = resolve(line->quantizer, text, optimizer, diagnostics);
  if (!definition && !diagnostics.hasErrors())
    diagnostics.error(text, line->range, "'" + name + "' was refused before");
  return definition;
}

std::unique_ptr<TypedLine> Unit::use(const std::string &text, Diagnostics &diagnostics) {
  auto result = std::make_unique<TypedLine>();
  result->source = std::make_shared<Source>("<use>", text);
  std::optional<ast::PlanLine> line = parseUse(result->source, diagnostics);
  if (!line)
    return nullptr;
  if (resolve(*line, *result, diagnostics))
    return result;
  if (!diagnostics.hasErrors())
    diagnostics.error(result->source, line->range, "'" + text + "' was refused before");
  return nullptr;
}

std::vector<const Definition *> Unit::definitions() const {
  std::vector<const Definition *> result;
  for (const auto &definition : held)
    result.push_back(definition.get());
  return result;
}

std::vector<std::string> Unit::own(bool optimizers) const {
  std::vector<std::string> result;
  for (const auto &item : file.items)
    if (const auto *definition = std::get_if<ast::Definition>(&item);
        definition && definition->isOptimizer == optimizers)
      result.push_back(definition->name.text);
  return result;
}

std::shared_ptr<const Source> Unit::sourceNamed(const std::string &name) const {
  for (const auto &source : sources)
    if (source->name() == name)
      return source;
  return nullptr;
}
