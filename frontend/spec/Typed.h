// What a spec means: definitions whose expressions are resolved and typed. Abbreviations are
// inlined (each occurrence shares one node), so what is left are constants, declarations and
// functions; IR generation only writes it down.
#pragma once

#include "frontend/spec/AST.h"

#include <deque>
#include <map>

namespace bregman::spec {

/// Host values are double and known once per step; weight values are one per weight, or one per
/// weight and level. An invalid value was reported and is passed on in silence.
struct Type {
  enum Phase { Invalid, Host, Weight } phase = Invalid;
  int levels = 0; ///< 0: no level axis
  bool condition = false;

  bool valid() const { return phase != Invalid; }
  bool host() const { return phase == Host; }
  bool operator==(const Type &) const = default;
};

/// `a number per run`, `a value per weight with 3 levels`, ... for messages.
std::string describe(const Type &type);

enum class DeclarationKind {
  Param,
  Counter,
  Schedule,
  Levels,
  Latent,
  InitialWeight,
  Gradient,
  Target,
  Weight,
  State,
  Next
};

struct Node;

struct Declaration {
  DeclarationKind kind = DeclarationKind::Param;
  std::string name;
  SourceRange range;
  Type type;
  const Node *value = nullptr; ///< of a schedule, a state (initial), a new value
  // Of a parameter.
  double number = 0, low = 0, high = 0;
  bool bounded = false;
  bool structural = false; ///< an integer that is compiled in
  bool used = false;
};

enum class Op {
  Invalid,
  Constant,
  Declared,
  // Elementwise, any phase.
  Negate,
  Add,
  Sub,
  Mul,
  Div,
  Pow,
  Min,
  Max,
  Clamp,
  Exp,
  Log,
  Log2,
  Sqrt,
  Tanh,
  Atanh,
  Sigmoid,
  Erf,
  Atan,
  Abs,
  Floor,
  Ceil,
  Round,
  Sign,
  Sgn,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Equal,
  NotEqual,
  And,
  Or,
  Not,
  Select,
  Ste,
  // The level axis.
  Set, ///< the operands, one per level
  Softmax,
  Sparsemax,
  Hardmax,
  ReduceSum,
  ReduceMean,
  ReduceMin,
  ReduceMax,
  ReduceStd,
  Nearest,
  Lower,
  Upper,
  SoftNearest, ///< the last operand is the set
  Grad,        ///< of the declared operand
};

/// What a value depends on, as far as rules ask.
enum Dependency : unsigned {
  DependsOnRate = 1,     ///< lr
  DependsOnGradient = 2, ///< g or grad
  DependsOnInitial = 4,  ///< w0
  DependsOnLatent = 8,   ///< x
  DependsOnTarget = 16,  ///< what project gives
  DependsOnCounter = 32, ///< step, epoch, steps, epochs, t
  DependsOnParam = 64,
  DependsOnState = 128,
};

struct Node {
  Op op = Op::Invalid;
  Type type;
  SourceRange range;
  std::vector<const Node *> operands;
  double number = 0;
  const Declaration *declaration = nullptr;
  std::string name; ///< of the abbreviation that it is, for the reader of the IR
  unsigned dependencies = 0;
  int depth = 1;

  bool constant() const; ///< made of numbers alone
};

/// A clause or item as it is compiled.
struct TypedClause {
  enum Kind {
    Levels,
    Schedule,
    State,
    Latent,
    Project,
    Weight,
    Update,
    Prox,
    Every,
    Freeze,
    Final,
    Assume,
    Next,
    Descend
  } kind = Levels;
  SourceRange range, keyword;
  Declaration *declared = nullptr;
  const Node *value = nullptr; ///< null where a clause has none (update lazy mirror)
  ast::UpdateKind update = ast::UpdateKind::Lazy;
  const Node *period = nullptr; ///< of every
  bool epochs = false;
  std::vector<std::pair<std::string, const Node *>> next; ///< of every
  std::string rule, reason;                               ///< of assume
};

/// One quantizer or optimizer.
struct Definition {
  bool isOptimizer = false;
  std::string name;      ///< with structural arguments other than the defaults: `q(bits = 2)`
  std::string plainName; ///< as declared
  SourceRange nameRange, range;
  std::shared_ptr<const Source> source;
  std::vector<Declaration *> params;
  std::vector<Declaration *> counters; ///< those that are read, in the order of their first use
  std::vector<TypedClause> clauses;    ///< in textual order

  /// The clause of a kind, or null.
  const TypedClause *find(TypedClause::Kind kind) const;
  Declaration *param(const std::string &name) const;

  std::deque<Declaration> declarations;
  std::deque<Node> nodes;
};

/// One argument of a use, as a host value of the counters.
struct TypedArgument {
  std::string name;
  SourceRange range;
  const Node *value = nullptr;
};

struct TypedUse {
  const Definition *definition = nullptr;
  std::vector<TypedArgument> arguments;
};

struct TypedLine {
  std::shared_ptr<const Source> source;
  SourceRange range;
  std::vector<ast::Pattern> patterns; ///< none: else
  TypedUse quantizer;
  std::optional<TypedUse> optimizer;
  int64_t reset = 0; ///< period, 0 for none
  bool resetInEpochs = false;
  std::vector<Declaration *> counters; ///< those that the arguments read

  std::deque<Declaration> declarations;
  std::deque<Node> nodes;
};

struct TypedPlan {
  std::string name; ///< empty without one
  SourceRange range;
  std::deque<TypedLine> lines;
};

} // namespace bregman::spec
