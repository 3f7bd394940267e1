// What the parts of semantic analysis share: scopes, messages, and the making of nodes. Private.
#pragma once

#include "frontend/spec/Sema.h"

#include <functional>

namespace bregman::spec {

/// A function of the language.
struct Function {
  enum Kind {
    Elementwise,  ///< its operands broadcast
    Extreme,      ///< min, max: of two values, or over the level axis
    Reduction,    ///< over the level axis
    AcrossLevels, ///< softmax and the like
    Lookup,       ///< nearest(e[, set]), lower(e), upper(e), soft_nearest(e, T[, set])
    Surrogate,    ///< ste, detach
    Gradient,     ///< grad(n)
    Inverse,      ///< inverse(e)
    Random,       ///< random()
  } kind;
  size_t least, most; ///< arguments
  Op op;
  Op reduction = Op::Invalid;
};

/// The function of a name, or null.
const Function *functionNamed(const std::string &name);
std::vector<std::string> functionNames();

/// Whether an expression reads a name.
bool mentions(const ast::Expr &written, const std::string &name);

class Analyzer {
public:
  struct Entry;
  /// Declarations and nodes are made in the given storage, which outlives the analyzer.
  Analyzer(std::shared_ptr<const Source> source, std::deque<Declaration> &declarations,
           std::deque<Node> &nodes, Diagnostics &diagnostics)
      : source(std::move(source)), declarations(declarations), nodes(nodes),
        diagnostics(diagnostics) {}

  // Expressions (SemaExpr.cpp, SemaCall.cpp). They always return a node, an invalid one after an
  // error.
  const Node *expr(const ast::Expr &expr);
  const Node *name(const ast::Expr &expr);
  const Node *call(const ast::Expr &expr);
  const Node *userCall(const ast::Expr &expr, const Entry &entry);
  const Node *builtinCall(const ast::Expr &expr, const Function &function);
  const Node *lookup(const ast::Expr &expr, const Function &function);
  const Node *reduction(const ast::Expr &expr, const Function &function);
  const Node *gradientOf(const ast::Expr &expr);
  const Node *optimizerState(const ast::Expr &expr);
  const Node *setOf(const ast::Expr &expr);
  const Node *rangeOf(const ast::Expr &expr);

  // Codebooks that are functions of what is quantized (SemaLevels.cpp).
  /// The levels of a value; null where none are declared.
  const Node *levelsOf(const Node *value);
  /// What `levels ... where ...` means for `value`, which is null without an argument.
  const Node *unfoldLevels(const ast::Levels &written, const Node *value);

  /// What is compiled in: an integer made of numbers and parameters, which become structural.
  std::optional<double> structural(const ast::Expr &expr, const std::string &where);
  std::optional<Extent> extent(const ast::Extent &extent);
  /// Reports a value that is narrower than what it is for.
  bool fits(const Node *value, const Extent &extent, SourceRange place, const std::string &what);

  /// An expression where only a number or a condition of the host may stand.
  const Node *hostNumber(const ast::Expr &expr, const std::string &where);
  const Node *hostCondition(const ast::Expr &expr, const std::string &where);
  /// A number that may be per weight; `levels` is what the level axis must be, -1 for any.
  const Node *number(const ast::Expr &expr, const std::string &where, int levels);
  /// A number that is known from what is written alone, such as a default.
  std::optional<double> constant(const ast::Expr &expr, const std::string &where);

  // Names.
  Declaration *declare(DeclarationKind kind, const ast::Name &name, Type type);
  /// A name of the language, without a place.
  Declaration *predeclare(DeclarationKind kind, const std::string &name, Type type);
  bool mayDeclare(const ast::Name &name);
  /// Enters a name; null where it is taken, which is reported.
  Entry *enter(const ast::Name &name);
  void abbreviate(const ast::Let &let);
  /// Reports the names in a function's body that nothing declares.
  void checkNames(const ast::Expr &expr, const std::vector<ast::Name> &parameters);
  void unknownName(const std::string &name, SourceRange range);
  /// Declares a name whose clause was refused, so that its uses are not reported too.
  void poison(const ast::Name &name);
  void warnUnused();
  void warnUnused(const ast::Name &name);

  static bool narrow(Extent &extent, const Extent &other);
  bool narrow(Extent &extent, const std::vector<const Node *> &operands,
              const std::vector<SourceRange> &places);
  const Node *bind(const ast::Levels &written, size_t index);
  const Node *fitOf(const ast::Levels &written, size_t index);
  const Node *refuseFit(const ast::Levels &written, size_t index);

  // Messages. Inside of a user's function they name the call.
  Diagnostic &error(SourceRange range, const std::string &message);
  Diagnostic &error(const char *rule, SourceRange range, const std::string &message) {
    return error(range, std::string(rule) + ": " + message);
  }
  const Node *invalid(SourceRange range);

  Node *make(Op op, Type type, SourceRange range, std::vector<const Node *> operands = {});
  /// An elementwise function: host where all operands are, else per weight; level axes must fit.
  const Node *elementwise(Op op, SourceRange range, std::vector<const Node *> operands,
                          const std::vector<SourceRange> &places, bool condition = false);

  /// What a name stands for.
  struct Entry {
    Declaration *declaration = nullptr;
    const Node *node = nullptr; ///< of an abbreviation, of an argument
    const ast::Let *function = nullptr;
    SourceRange range; ///< where it was declared
    size_t index = 0;  ///< how many names were declared before it
    bool predeclared = false;
    bool warnIfUnused = true;
    bool used = false;
    bool poisoned = false;
  };
  std::map<std::string, Entry> names;
  std::vector<std::string> order; ///< of declaration, for warnings
  std::map<std::string, const Node *> primed;
  const Node *levels = nullptr; ///< the declared codebook, where it is the same for every value
  const ast::Levels *levelsFunction = nullptr;
  size_t levelsIndex = 0;                        ///< how many names were declared before it
  std::map<const void *, const Node *> unfolded; ///< of levelsFunction, by value
  int latentLevels = 0;
  bool inOptimizer = false, inConstraint = false;
  std::map<std::string, SourceRange> optimizerStates; ///< those that are read
  std::optional<SourceRange> tokens;                  ///< where a token was spoken of
  std::optional<SourceRange> channels;                ///< where a channel or a group was
  bool levelsRefused = false;
  /// The words with which a name that is not there yet is explained.
  std::map<std::string, std::string> absent;
  std::vector<Declaration *> counters;

  std::shared_ptr<const Source> source;
  std::deque<Declaration> &declarations;
  std::deque<Node> &nodes;
  Diagnostics &diagnostics;

private:
  struct Call {
    std::string name;
    SourceRange range;
  };
  std::vector<Call> calls;
  /// Of the user's function that is being unfolded.
  std::map<std::string, const Node *> arguments;
  /// Names declared later than that function are not seen in it.
  size_t visible = SIZE_MAX;
  bool unfoldsTooFar = false;
};

} // namespace bregman::spec
