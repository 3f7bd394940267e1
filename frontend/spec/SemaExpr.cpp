// Expressions: phases, level axes, conditions (Q3).
#include "frontend/spec/AstPrinter.h"
#include "frontend/spec/Evaluate.h"
#include "frontend/spec/SemaBase.h"
#include "frontend/spec/Suggest.h"

#include <algorithm>
#include <cmath>
#include <sstream>

using namespace bregman::spec;
using ast::BinaryOp;
using ast::ExprKind;

bool Extent::covers(const Extent &other) const {
  if (*this == other || other.kind == Weight)
    return true;
  if (kind == Run || (kind == Tensor && other.kind != Run))
    return true;
  return kind == Channel && other.kind == Group;
}

std::string bregman::spec::describe(const Extent &extent) {
  switch (extent.kind) {
  case Extent::Run:
    return "run";
  case Extent::Tensor:
    return "tensor";
  case Extent::Channel:
    return "channel";
  case Extent::Group:
    return "group(" + std::to_string(extent.length) + ")";
  case Extent::Token:
    return "token";
  case Extent::Weight:
    break;
  }
  return "weight";
}

/// `a level axis of 3`
static std::string describeAxis(int levels) {
  return levels == classAxis ? "a class axis" : "a level axis of " + std::to_string(levels);
}

std::string bregman::spec::describe(const Type &type) {
  std::string what = type.condition ? "a condition" : "a number";
  what += type.host() ? " of the host" : " per " + describe(type.extent);
  if (type.levels)
    what += " with " + describeAxis(type.levels);
  return what;
}

Diagnostic &Analyzer::error(SourceRange range, const std::string &message) {
  Diagnostic &diagnostic = diagnostics.error(source, range, message);
  for (auto call = calls.rbegin(); call != calls.rend(); ++call)
    diagnostic.note(source, call->range, "in this use of '" + call->name + "'");
  return diagnostic;
}

const Node *Analyzer::invalid(SourceRange range) {
  nodes.push_back({});
  nodes.back().range = range;
  return &nodes.back();
}

Node *Analyzer::make(Op op, Type type, SourceRange range, std::vector<const Node *> operands) {
  constexpr int maxDepth = 4000;
  nodes.push_back({});
  Node &node = nodes.back();
  node.op = op;
  node.type = type;
  node.range = range;
  node.operands = std::move(operands);
  for (const Node *operand : node.operands) {
    node.dependencies |= operand->dependencies;
    node.depth = std::max(node.depth, operand->depth + 1);
  }
  if (node.depth > maxDepth) {
    if (!unfoldsTooFar)
      error(range, "this unfolds to more than " + std::to_string(maxDepth) + " nested operations");
    unfoldsTooFar = true;
    node.op = Op::Invalid;
    node.type = {};
    node.operands.clear();
    node.depth = 1;
  }
  return &node;
}

/// Narrows `extent` to what also holds a value of `other`; false where none of the two is within
/// the other one's segments and both are groups.
bool Analyzer::narrow(Extent &extent, const Extent &other) {
  if (extent.covers(other))
    extent = other;
  else if (extent.kind == Extent::Group && other.kind == Extent::Group)
    return false;
  else if (!other.covers(extent))
    extent = {};
  return true;
}

bool Analyzer::narrow(Extent &extent, const std::vector<const Node *> &operands,
                      const std::vector<SourceRange> &places) {
  extent = {Extent::Run};
  size_t last = 0;
  for (size_t index = 0; index < operands.size(); ++index) {
    if (!narrow(extent, operands[index]->type.shared())) {
      error("Q3", places[index],
            "a value per " + describe(operands[index]->type.extent) + " does not fit to one per " +
                describe(extent))
          .note(source, places[last], "which is here");
      return false;
    }
    if (extent == operands[index]->type.shared())
      last = index;
  }
  return true;
}

bool Analyzer::fits(const Node *value, const Extent &wanted, SourceRange place,
                    const std::string &what) {
  if (value->type.shared().covers(wanted))
    return true;
  std::string per = describe(wanted);
  Diagnostic &diagnostic =
      error("Q3", place, what + " is per " + per + "; this is " + describe(value->type));
  if (value->type.extent.kind == Extent::Weight)
    diagnostic.note("a reduction narrows it: mean(... per " + per + ")");
  return false;
}

const Node *Analyzer::elementwise(Op op, SourceRange range, std::vector<const Node *> operands,
                                  const std::vector<SourceRange> &places, bool condition) {
  Type type{Type::Host, 0, condition};
  size_t axis = 0;
  for (size_t index = 0; index < operands.size(); ++index) {
    const Type &operand = operands[index]->type;
    if (!operand.valid())
      return invalid(range);
    if (operand.phase == Type::Weight)
      type.phase = Type::Weight;
    if (!operand.levels)
      continue;
    if (type.levels && type.levels != operand.levels) {
      error("Q3", places[index],
            describeAxis(operand.levels) + " does not fit to " +
                (operand.levels == classAxis || type.levels == classAxis
                     ? describeAxis(type.levels)
                     : "one of " + std::to_string(type.levels)))
          .note(source, places[axis], "which is here");
      return invalid(range);
    }
    type.levels = operand.levels;
    axis = index;
  }
  if (!type.host() && !narrow(type.extent, operands, places))
    return invalid(range);
  return make(op, type, range, std::move(operands));
}

const Node *Analyzer::hostNumber(const ast::Expr &written, const std::string &where) {
  const Node *node = expr(written);
  if (!node->type.valid())
    return node;
  if (node->type.host() && !node->type.condition)
    return node;
  error("Q3", written.range,
        where + " is a number of the host, known once per step; this is " + describe(node->type));
  return invalid(written.range);
}

const Node *Analyzer::hostCondition(const ast::Expr &written, const std::string &where) {
  const Node *node = expr(written);
  if (!node->type.valid() || (node->type.host() && node->type.condition))
    return node;
  error("Q3", written.range,
        where + " is a condition of the host, known once per step; this is " +
            describe(node->type));
  return invalid(written.range);
}

const Node *Analyzer::number(const ast::Expr &written, const std::string &where, int wanted) {
  const Node *node = expr(written);
  if (!node->type.valid())
    return node;
  if (node->type.condition) {
    error("Q3", written.range, where + " is a number, not a condition");
    return invalid(written.range);
  }
  // A number without an axis is the same for every level.
  if (wanted >= 0 && node->type.levels && node->type.levels != wanted) {
    error("Q3", written.range,
          where +
              (wanted ? " has " + describeAxis(wanted) + "; this is "
                      : " has no level axis; this is ") +
              describe(node->type));
    return invalid(written.range);
  }
  return node;
}

std::optional<double> Analyzer::constant(const ast::Expr &written, const std::string &where) {
  const Node *node = expr(written);
  if (!node->type.valid())
    return std::nullopt;
  if (node->constant() && !node->type.condition)
    return evaluate(*node);
  error(written.range, where + " is made of numbers alone");
  return std::nullopt;
}

static std::optional<Op> opOf(BinaryOp op) {
  switch (op) {
  case BinaryOp::Or:
    return Op::Or;
  case BinaryOp::And:
    return Op::And;
  case BinaryOp::Less:
    return Op::Less;
  case BinaryOp::LessEqual:
    return Op::LessEqual;
  case BinaryOp::Greater:
    return Op::Greater;
  case BinaryOp::GreaterEqual:
    return Op::GreaterEqual;
  case BinaryOp::Equal:
    return Op::Equal;
  case BinaryOp::NotEqual:
    return Op::NotEqual;
  case BinaryOp::Add:
    return Op::Add;
  case BinaryOp::Sub:
    return Op::Sub;
  case BinaryOp::Mul:
    return Op::Mul;
  case BinaryOp::Div:
    return Op::Div;
  case BinaryOp::Pow:
    return Op::Pow;
  }
  return std::nullopt;
}

static bool isComparison(BinaryOp op) { return op >= BinaryOp::Less && op <= BinaryOp::NotEqual; }
static bool isLogical(BinaryOp op) { return op == BinaryOp::Or || op == BinaryOp::And; }

static const char *spelling(BinaryOp op) {
  static const char *const texts[] = {
      "or", "and", "<", "<=", ">", ">=", "==", "!=", "+", "-", "*", "/", "^"};
  return texts[static_cast<int>(op)];
}

const Node *Analyzer::expr(const ast::Expr &written) {
  std::vector<const Node *> operands;
  std::vector<SourceRange> places;
  auto analyzeOperands = [&](bool conditions, const std::string &what) {
    bool fits = true;
    for (const auto &operand : written.operands) {
      operands.push_back(expr(*operand));
      places.push_back(operand->range);
      const Type &type = operands.back()->type;
      if (type.valid() && type.condition != conditions) {
        error("Q3", operand->range,
              what + " takes " + (conditions ? "conditions" : "numbers") + "; this is " +
                  describe(type));
        fits = false;
      }
    }
    return fits;
  };

  switch (written.kind) {
  case ExprKind::Number: {
    Node *node = make(Op::Constant, {Type::Host, 0, false}, written.range);
    node->number = written.number;
    return node;
  }
  case ExprKind::Name:
    return name(written);
  case ExprKind::Primed: {
    auto found = primed.find(written.name);
    if (found != primed.end())
      return found->second;
    if (names.count(written.name) && names[written.name].poisoned)
      return invalid(written.range);
    error("Q2", written.range, "'" + written.name + "'' is read before it is written");
    return invalid(written.range);
  }
  case ExprKind::Levels:
    if (levels || levelsRefused)
      return levels ? levels : invalid(written.range);
    if (levelsFunction) {
      error("Q2", written.range,
            "the levels are those of a value here; nearest, lower and upper "
            "look them up")
          .note(source, levelsFunction->variable->range, "they are a function of this");
      return invalid(written.range);
    }
    error("Q2", written.range,
          absent.count("levels") ? absent["levels"] : "no 'levels' are declared");
    return invalid(written.range);
  case ExprKind::Optimizer:
    return optimizerState(written);
  case ExprKind::Negate:
    if (!analyzeOperands(/*conditions=*/false, "'-'"))
      return invalid(written.range);
    return elementwise(Op::Negate, written.range, operands, places);
  case ExprKind::Not:
    if (!analyzeOperands(/*conditions=*/true, "'not'"))
      return invalid(written.range);
    return elementwise(Op::Not, written.range, operands, places, /*condition=*/true);
  case ExprKind::Binary: {
    bool logical = isLogical(written.op);
    if (!analyzeOperands(logical, "'" + std::string(spelling(written.op)) + "'"))
      return invalid(written.range);
    return elementwise(*opOf(written.op), written.range, operands, places,
                       logical || isComparison(written.op));
  }
  case ExprKind::If: {
    const Node *condition = expr(*written.operands[0]);
    if (condition->type.valid() && !condition->type.condition) {
      error("Q3", written.operands[0]->range,
            "'if' takes a condition; this is " + describe(condition->type));
      condition = invalid(written.operands[0]->range);
    }
    const Node *yes = expr(*written.operands[1]);
    const Node *no = expr(*written.operands[2]);
    if (yes->type.valid() && no->type.valid() && yes->type.condition != no->type.condition) {
      error("Q3", written.operands[2]->range,
            "the arms of 'if' are both numbers or both conditions; this is " + describe(no->type))
          .note(source, written.operands[1]->range, "this is " + describe(yes->type));
      return invalid(written.range);
    }
    return elementwise(
        Op::Select, written.range, {condition, yes, no},
        {written.operands[0]->range, written.operands[1]->range, written.operands[2]->range},
        yes->type.condition);
  }
  case ExprKind::Set:
    return setOf(written);
  case ExprKind::Range:
    return rangeOf(written);
  case ExprKind::Call:
    return call(written);
  }
  return invalid(written.range);
}

/// optimizer.NAME
const Node *Analyzer::optimizerState(const ast::Expr &written) {
  if (inConstraint || inOptimizer) {
    error("Q2", written.range,
          inConstraint ? "'optimizer." + written.name + "' belongs to quantizers"
                       : "'optimizer." + written.name + "' belongs to quantizers; here it is '" +
                             written.name + "'");
    return invalid(written.range);
  }
  optimizerStates.emplace(written.name, written.range);
  // Of a latent per weight and level there is one for each of its levels.
  Node *node = make(Op::OptimizerState, {Type::Weight, latentLevels, false}, written.range);
  node->name = written.name;
  node->dependencies = DependsOnOptimizer;
  return node;
}

/// {a, b, ...}: a level axis.
const Node *Analyzer::setOf(const ast::Expr &written) {
  std::vector<const Node *> operands;
  std::vector<SourceRange> places;
  bool valid = true;
  for (const auto &element : written.operands) {
    operands.push_back(number(*element, "an element of a set", 0));
    places.push_back(element->range);
    valid &= operands.back()->type.valid();
  }
  Type type{Type::Weight, static_cast<int>(operands.size()), false};
  if (!valid || !narrow(type.extent, operands, places))
    return invalid(written.range);
  return make(Op::Set, type, written.range, std::move(operands));
}

/// What is compiled in: an integer that is known when a spec is compiled.
std::optional<double> Analyzer::structural(const ast::Expr &written, const std::string &where) {
  const Node *node = hostNumber(written, where);
  if (!node->type.valid())
    return std::nullopt;
  std::optional<double> value;
  if (!(node->dependencies & ~unsigned(DependsOnParam)))
    value = evaluate(*node);
  if (!value) {
    error("Q3", written.range, where + " is made of numbers and parameters alone");
    return std::nullopt;
  }
  if (*value != std::floor(*value) || std::fabs(*value) > 1e6) {
    std::ostringstream number;
    number << *value;
    const char *rule = where.starts_with("a bound") ? "Q1" : "Q3"; // of a codebook, or an extent
    error(rule, written.range, where + " is an integer; this is " + number.str());
    return std::nullopt;
  }
  std::vector<const Node *> open = {node};
  std::map<const Node *, bool> seen;
  while (!open.empty()) {
    const Node *next = open.back();
    open.pop_back();
    if (seen[next])
      continue;
    seen[next] = true;
    if (next->declaration && next->declaration->kind == DeclarationKind::Param) {
      Declaration &param = const_cast<Declaration &>(*next->declaration);
      if (!param.structural && param.number != std::floor(param.number))
        error(param.range, "'" + param.name + "' is compiled in and therefore an integer")
            .note(source, written.range, "since it is read here");
      param.structural = true;
    }
    if (next->declaration && next->declaration->value)
      open.push_back(next->declaration->value);
    open.insert(open.end(), next->operands.begin(), next->operands.end());
  }
  return value;
}

std::optional<Extent> Analyzer::extent(const ast::Extent &written) {
  switch (written.kind) {
  case ast::Extent::Run:
    return Extent{Extent::Run};
  case ast::Extent::Tensor:
    return Extent{Extent::Tensor};
  case ast::Extent::Channel:
    if (!channels)
      channels = written.range;
    return Extent{Extent::Channel};
  case ast::Extent::Token:
    if (!tokens)
      tokens = written.range;
    return Extent{Extent::Token};
  case ast::Extent::Group:
    if (!channels)
      channels = written.range;
    break;
  }
  std::optional<double> length = structural(*written.length, "the length of a group");
  if (length && *length < 1) {
    error("Q3", written.length->range, "the length of a group is 1 or more");
    return std::nullopt;
  }
  if (!length)
    return std::nullopt;
  return Extent{Extent::Group, static_cast<int64_t>(*length)};
}

/// [a .. b]: the integers from a to b, which are known when a spec is compiled.
const Node *Analyzer::rangeOf(const ast::Expr &written) {
  constexpr double most = 256;
  double bounds[2];
  for (int index = 0; index < 2; ++index) {
    std::optional<double> value = structural(*written.operands[index], "a bound of '[ .. ]'");
    if (!value)
      return invalid(written.range);
    bounds[index] = *value;
  }
  if (bounds[1] < bounds[0]) {
    error("Q1", written.range, "this range is empty");
    return invalid(written.range);
  }
  if (bounds[1] - bounds[0] >= most) {
    error("Q1", written.range,
          "a level axis has at most " + std::to_string(static_cast<int>(most)) + " levels");
    return invalid(written.range);
  }
  std::vector<const Node *> operands;
  for (double value = bounds[0]; value <= bounds[1]; ++value) {
    Node *element = make(Op::Constant, {Type::Host, 0, false}, written.range);
    element->number = value;
    operands.push_back(element);
  }
  int count = static_cast<int>(operands.size());
  return make(Op::Set, {Type::Weight, count, false, {Extent::Run}}, written.range,
              std::move(operands));
}
