// A spec file with everything that it refers to: its own definitions and plans, and what they take
// from the library.
#pragma once

#include "frontend/spec/Diagnostics.h"
#include "frontend/spec/Library.h"
#include "frontend/spec/Typed.h"

namespace bregman::spec {

class Unit {
public:
  /// Parses and analyses a file. Null after an error; warnings and notes are in `diagnostics` too.
  static std::unique_ptr<Unit> check(std::shared_ptr<const Source> source, Library library,
                                     Diagnostics &diagnostics);

  const ast::File &syntax() const { return file; }
  /// The names of the file's own definitions, in textual order.
  std::vector<std::string> quantizers() const { return own(/*optimizers=*/false); }
  std::vector<std::string> optimizers() const { return own(/*optimizers=*/true); }
  const std::deque<TypedPlan> &plans() const { return planList; }

  /// A quantizer or optimizer by name, from the file, then the library; structural arguments stand
  /// behind it as in a plan line: `lsq(bits = 2)`. What was not there is taken in, and generated
  /// with the rest. Null after an error.
  const Definition *find(const std::string &name, bool optimizer, Diagnostics &diagnostics);

  /// What stands right of the colon of a plan line. Null after an error.
  std::unique_ptr<TypedLine> use(const std::string &text, Diagnostics &diagnostics);

  /// All definitions that this unit holds, its own first.
  std::vector<const Definition *> definitions() const;
  /// The source of a name that stands in messages, or null.
  std::shared_ptr<const Source> sourceNamed(const std::string &name) const;

private:
  Unit(std::shared_ptr<const Source> source, Library library)
      : library(std::move(library)), sources{std::move(source)} {}

  /// A definition as written, and where.
  struct Written {
    std::shared_ptr<const Source> source;
    const ast::Definition *definition = nullptr;
  };

  bool analyzeOwn(Diagnostics &diagnostics);
  bool analyzePlan(const ast::Plan &plan, Diagnostics &diagnostics);
  bool resolve(const ast::PlanLine &line, TypedLine &result, Diagnostics &diagnostics);
  const Definition *resolve(const ast::Use &use, const std::shared_ptr<const Source> &at,
                            bool optimizer, Diagnostics &diagnostics);
  const Written *written(const ast::Use &use, const std::shared_ptr<const Source> &at,
                         Diagnostics &diagnostics);
  const Definition *instance(const Written &written, const std::string &name,
                             const std::map<std::string, double> &structural,
                             const std::map<std::string, const Node *> &moving,
                             Diagnostics &diagnostics);
  std::vector<std::string> own(bool optimizers) const;

  Library library;
  ast::File file;
  std::vector<std::shared_ptr<const Source>> sources;
  std::deque<ast::File> imported;
  std::map<std::string, Written> known;
  std::vector<std::unique_ptr<Definition>> held;
  std::map<std::string, const Definition *> byName; ///< null: refused already
  std::deque<TypedPlan> planList;
};

/// The text of a file, or nothing and an error that says why.
std::shared_ptr<const Source> readSource(const std::string &path, Diagnostics &diagnostics);

} // namespace bregman::spec
