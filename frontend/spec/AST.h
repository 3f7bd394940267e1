// The abstract syntax of a spec: what was written, with its places. Names are strings here; what
// they refer to is the business of semantic analysis.
#pragma once

#include "frontend/spec/Source.h"

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace bregman::spec::ast {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

/// A name where it is declared or used as a word.
struct Name {
  std::string text;
  SourceRange range;
};

/// extent = "run" | "tensor" | "channel" | "group" "(" expr ")" | "token"
struct Extent {
  enum Kind { Run, Tensor, Channel, Group, Token } kind = Tensor;
  SourceRange range;
  ExprPtr length; ///< of group
};

enum class BinaryOp {
  Or,
  And,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Equal,
  NotEqual,
  Add,
  Sub,
  Mul,
  Div,
  Pow
};

enum class ExprKind {
  Number, ///< name: as written
  Name,
  Primed,    ///< name: without the prime
  Levels,    ///< the declared codebook
  Optimizer, ///< optimizer.name
  Negate,    ///< operands[0]
  Not,
  Binary, ///< operands[0] op operands[1]
  If,     ///< condition, then, else
  Set,    ///< {a, b, ...}
  Range,  ///< [a .. b]
  Call,   ///< name(operands [where where] [per per])
};

struct Expr {
  ExprKind kind = ExprKind::Number;
  SourceRange range;
  std::string name;
  SourceRange nameRange;
  double number = 0;
  BinaryOp op = BinaryOp::Add;
  std::vector<ExprPtr> operands;
  ExprPtr where;
  std::optional<Extent> per;
  /// Levels of nesting below and with this node; the parser bounds it.
  int depth = 1;
};

/// range = "[" expr "," expr "]"
struct Bounds {
  SourceRange range;
  ExprPtr low, high;
};

/// param = NAME [ "in" range ] "=" expr
struct Param {
  Name name;
  std::optional<Bounds> bounds;
  ExprPtr value;
};

/// axis = NAME [ "[" "level" "]" ]
struct Axis {
  Name name;
  bool level = false;
};

/// next = PRIMED "=" expr
struct Next {
  Name name; ///< without the prime
  ExprPtr value;
};

/// period = [ NUMBER | NAME ] ( "step" | "steps" | "epoch" | "epochs" )
struct Period {
  SourceRange range;
  ExprPtr count; ///< a number or a name; null: 1
  bool epochs = false;
};

/// fit = "fit" "(" expr [ "weighted" expr ] "per" extent ")" "from" start "rounds" expr
struct Fit {
  SourceRange range;
  ExprPtr value, weight;
  Extent per;
  std::vector<ExprPtr> start;
  ExprPtr rounds;
};

/// binding = axis "=" expr | tuple "=" fit
struct Binding {
  std::vector<Axis> names; ///< several only with fit
  ExprPtr value;
  std::unique_ptr<Fit> fit;
};

struct Levels {
  std::optional<Name> variable;
  ExprPtr value;
  std::vector<Binding> where;
};
struct Schedule {
  Name name;
  ExprPtr value;
};
struct Let {
  Name name;
  bool isFunction = false;
  std::vector<Name> parameters;
  ExprPtr value;
};
struct State {
  Axis name;
  std::optional<Extent> per;
  ExprPtr value;
};
struct Learn {
  Axis name;
  std::optional<Extent> per;
  std::optional<Bounds> bounds;
  ExprPtr value, scale;
};
struct Latent {
  Axis name;
  ExprPtr value;
};
struct Project {
  Name name;
  ExprPtr value;
};
struct Weight {
  Name name;
  ExprPtr value;
};
struct High {
  ExprPtr value;
};
enum class UpdateKind { Lazy, Agile, Chain, StraightThrough, Gradient };
struct Update {
  UpdateKind kind = UpdateKind::Lazy;
  ExprPtr gradient;
};
struct Penalty {
  ExprPtr value;
};
struct Prox {
  ExprPtr value;
};
struct Every {
  Period period;
  bool braces = false;
  std::vector<Next> body;
};
struct Freeze {
  ExprPtr condition;
};
struct Final {
  ExprPtr value;
};
struct Assume {
  Name rule;
  std::string reason;
};
struct Descend {
  ExprPtr value;
};

/// A clause of a quantizer, or an item of an optimizer (let, state, next, descend).
struct Clause {
  SourceRange range;   ///< the whole
  SourceRange keyword; ///< its first word
  std::variant<Levels, Schedule, Let, State, Learn, Latent, Project, Weight, High, Update, Penalty,
               Prox, Every, Freeze, Final, Assume, Next, Descend>
      content;
};

/// quantizer or optimizer
struct Definition {
  bool isOptimizer = false;
  SourceRange range;
  Name name;
  std::vector<Param> params;
  std::vector<Clause> clauses;
};

/// use = NAME [ "(" NAME "=" expr { "," NAME "=" expr } ")" ]
struct Argument {
  Name name;
  ExprPtr value;
};
struct Use {
  SourceRange range;
  Name name;
  std::vector<Argument> arguments;
};

struct Pattern {
  std::string text;
  SourceRange range;
};

struct PlanLine {
  SourceRange range;
  bool activations = false;
  std::vector<Pattern> patterns; ///< none: else
  Use quantizer;
  std::optional<Use> optimizer;
  std::optional<Period> reset;
};
struct Minimize {
  SourceRange range;
  bool high = false;
};
struct SubjectTo {
  SourceRange range;
  std::optional<Pattern> target; ///< none: output
  ExprPtr value, bound, multiplier, rate;
  Period every;
};

struct Plan {
  SourceRange range;
  std::optional<Name> name;
  std::vector<std::variant<PlanLine, Minimize, SubjectTo>> lines;
};

/// file = { quantizer | optimizer | plan }
struct File {
  std::shared_ptr<const Source> source;
  std::vector<std::variant<Definition, Plan>> items;
};

} // namespace bregman::spec::ast
