// What a spec means: definitions whose expressions are resolved and typed. Abbreviations are
// inlined (each occurrence shares one node), so what is left are constants, declarations and
// functions; IR generation only writes it down.
#pragma once

#include "frontend/spec/AST.h"

#include <deque>
#include <map>

namespace bregman::spec {

/// The weights that share one value, from the widest to the narrowest; a token is of activations.
struct Extent {
  enum Kind { Run, Tensor, Channel, Group, Token, Weight } kind = Weight;
  int64_t length = 0; ///< of a group

  bool operator==(const Extent &) const = default;
  /// Whether each segment of `other` lies within one of this extent's: its value may be used there.
  bool covers(const Extent &other) const;
};

/// `tensor`, `group(64)`, ...
std::string describe(const Extent &extent);

/// Host values are double and known once per step. The others are f32: one for each weight, or one
/// for all weights of an extent, and one for each level where there is a level axis. An invalid
/// value was reported and is passed on in silence.
/// The level axis of what a branch of constrained training gives: its length only a run knows.
constexpr int classAxis = -1;

struct Type {
  enum Phase { Invalid, Host, Weight } phase = Invalid;
  int levels = 0; ///< 0: no level axis
  bool condition = false;
  Extent extent = {}; ///< of what is not the host's

  bool valid() const { return phase != Invalid; }
  bool host() const { return phase == Host; }
  /// The extent of any value: that of the host is the run.
  Extent shared() const { return host() ? Extent{Extent::Run} : extent; }
  bool operator==(const Type &) const = default;
};

/// `a number of the host`, `a number per tensor with a level axis of 3`, ... for messages.
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
  Learned,
  Quantized, ///< the argument of `levels(v)`
  Unknown,   ///< of a fit
  Branch,    ///< high, low
  Next
};

struct Node;

struct Declaration {
  DeclarationKind kind = DeclarationKind::Param;
  std::string name;
  SourceRange range;
  Type type;
  const Node *value = nullptr; ///< of a schedule, a state (initial), a new value
  Extent extent = {};          ///< of a state, a learned value
  // Of a parameter.
  double number = 0, low = 0, high = 0;
  bool bounded = false;    ///< of a schedule too, where it stands for a parameter
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
  ReduceSum, ///< of the level axis, or with `per` of weights: the operand and perhaps a condition
  ReduceMean,
  ReduceMin,
  ReduceMax,
  ReduceStd,
  Nearest,
  Lower,
  Upper,
  SoftNearest, ///< the last operand is the set
  Grad,        ///< of the declared operand
  Random,
  OptimizerState, ///< name: of the state
  Inverse,        ///< of the projection
  Fit,            ///< the value, the starts, perhaps a weight; its results are FitResults
  FitResult,      ///< number: which one
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
  DependsOnLearned = 256,
  DependsOnOptimizer = 512, ///< optimizer.v
  DependsOnRandom = 1024,
  DependsOnInverse = 2048,
  DependsOnBranch = 4096,
};

struct Node {
  Op op = Op::Invalid;
  Type type;
  SourceRange range;
  std::vector<const Node *> operands;
  double number = 0;
  const Declaration *declaration = nullptr;
  std::string name; ///< of the abbreviation that it is, for the reader of the IR; of a state
  std::optional<Extent> per; ///< of a reduction over weights, of a fit
  // Of a fit.
  std::vector<const Declaration *> unknowns;
  const Node *body = nullptr; ///< the levels, of the unknowns
  int rounds = 0;
  bool weighted = false; ///< the last operand is the weight
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
    Learn,
    Latent,
    Project,
    Weight,
    High,
    Update,
    Penalty,
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
  std::vector<std::pair<const Declaration *, const Node *>> next; ///< of every
  const Node *scale = nullptr;                                    ///< of learn
  std::optional<double> low, high;                                ///< of learn
  const Declaration *variable = nullptr;                          ///< of levels(v)
  std::string rule, reason;                                       ///< of assume
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
  /// States of the base optimizer that a quantizer reads, each with its first place (Q10).
  std::map<std::string, SourceRange> optimizerStates;
  /// Without `final`, or per token: such a quantizer is for activations only (Q16, Q17).
  bool ofActivations = false;

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
  SourceRange use, by;                ///< right of the colon, and right of `by` where there is one
  std::vector<ast::Pattern> patterns; ///< none: else
  bool activations = false;
  TypedUse quantizer;
  std::optional<TypedUse> optimizer;
  int64_t reset = 0; ///< period, 0 for none
  bool resetInEpochs = false;
  std::vector<Declaration *> counters; ///< those that the arguments read

  std::deque<Declaration> declarations;
  std::deque<Node> nodes;
};

/// One `subject to`.
struct TypedSubject {
  SourceRange range;
  std::optional<ast::Pattern> target; ///< none: output
  const Declaration *high = nullptr, *low = nullptr;
  const Node *value = nullptr, *bound = nullptr, *multiplier = nullptr, *rate = nullptr;
  int64_t every = 1;
  bool inEpochs = false;
  std::vector<Declaration *> counters;

  std::deque<Declaration> declarations;
  std::deque<Node> nodes;
};

struct TypedPlan {
  std::string name; ///< empty without one
  SourceRange range;
  std::deque<TypedLine> lines;
  std::optional<ast::Minimize> minimize;
  std::deque<TypedSubject> subjects;
};

} // namespace bregman::spec
