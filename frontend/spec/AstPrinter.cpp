// One clause a line, parentheses only where the grammar needs them.
#include "frontend/spec/AstPrinter.h"

#include <map>

using namespace bregman::spec;
using ast::BinaryOp;
using ast::Expr;
using ast::ExprKind;

namespace {

/// The productions of expressions, from the loosest to the tightest.
enum Precedence { ExprLevel, ConjLevel, NegLevel, SumLevel, ProdLevel, UnaryLevel, PrimaryLevel };

struct Operator {
  const char *text;
  Precedence result, left, right;
};

const Operator &operatorOf(BinaryOp op) {
  static const std::map<BinaryOp, Operator> operators = {
      {BinaryOp::Or, {"or", ExprLevel, ExprLevel, ConjLevel}},
      {BinaryOp::And, {"and", ConjLevel, ConjLevel, NegLevel}},
      {BinaryOp::Less, {"<", NegLevel, SumLevel, SumLevel}},
      {BinaryOp::LessEqual, {"<=", NegLevel, SumLevel, SumLevel}},
      {BinaryOp::Greater, {">", NegLevel, SumLevel, SumLevel}},
      {BinaryOp::GreaterEqual, {">=", NegLevel, SumLevel, SumLevel}},
      {BinaryOp::Equal, {"==", NegLevel, SumLevel, SumLevel}},
      {BinaryOp::NotEqual, {"!=", NegLevel, SumLevel, SumLevel}},
      {BinaryOp::Add, {"+", SumLevel, SumLevel, ProdLevel}},
      {BinaryOp::Sub, {"-", SumLevel, SumLevel, ProdLevel}},
      {BinaryOp::Mul, {"*", ProdLevel, ProdLevel, UnaryLevel}},
      {BinaryOp::Div, {"/", ProdLevel, ProdLevel, UnaryLevel}},
      {BinaryOp::Pow, {"^", UnaryLevel, PrimaryLevel, UnaryLevel}}};
  return operators.at(op);
}

Precedence precedenceOf(const Expr &expr) {
  switch (expr.kind) {
  case ExprKind::If:
    return ExprLevel;
  case ExprKind::Not:
    return NegLevel;
  case ExprKind::Negate:
    return UnaryLevel;
  case ExprKind::Binary:
    return operatorOf(expr.op).result;
  default:
    return PrimaryLevel;
  }
}

std::string printExpr(const Expr &expr, Precedence context);

template <typename List> std::string printList(const List &list) {
  std::string out;
  for (const auto &entry : list)
    out += (out.empty() ? "" : ", ") + printExpr(*entry, ExprLevel);
  return out;
}

/// An `if` is an expr by itself and no operand of `or`, which the grammar says beside it.
Precedence operandContext(const Expr &operand, Precedence wanted) {
  return operand.kind == ExprKind::If ? PrimaryLevel : wanted;
}

std::string printBare(const Expr &expr) {
  auto operand = [&](size_t index, Precedence wanted) {
    return printExpr(*expr.operands[index], operandContext(*expr.operands[index], wanted));
  };
  switch (expr.kind) {
  case ExprKind::Number:
  case ExprKind::Name:
    return expr.name;
  case ExprKind::Primed:
    return expr.name + "'";
  case ExprKind::Levels:
    return "levels";
  case ExprKind::Optimizer:
    return "optimizer." + expr.name;
  case ExprKind::Negate:
    return "-" + operand(0, UnaryLevel);
  case ExprKind::Not:
    return "not " + operand(0, NegLevel);
  case ExprKind::Binary: {
    const Operator &op = operatorOf(expr.op);
    return operand(0, op.left) + " " + op.text + " " + operand(1, op.right);
  }
  case ExprKind::If:
    return "if " + printExpr(*expr.operands[0], ExprLevel) + " then " +
           printExpr(*expr.operands[1], ExprLevel) + " else " +
           printExpr(*expr.operands[2], ExprLevel);
  case ExprKind::Set:
    return "{" + printList(expr.operands) + "}";
  case ExprKind::Range:
    return "[" + printExpr(*expr.operands[0], ExprLevel) + " .. " +
           printExpr(*expr.operands[1], ExprLevel) + "]";
  case ExprKind::Call: {
    std::string out = printList(expr.operands);
    if (expr.where)
      out += (out.empty() ? "where " : " where ") + printExpr(*expr.where, ExprLevel);
    if (expr.per)
      out += (out.empty() ? "per " : " per ") + print(*expr.per);
    return expr.name + "(" + out + ")";
  }
  }
  return "";
}

std::string printExpr(const Expr &expr, Precedence context) {
  std::string out = printBare(expr);
  return precedenceOf(expr) < context ? "(" + out + ")" : out;
}

std::string printAxis(const ast::Axis &axis) {
  return axis.name.text + (axis.level ? "[level]" : "");
}

std::string printBounds(const ast::Bounds &bounds) {
  return "[" + print(*bounds.low) + ", " + print(*bounds.high) + "]";
}

std::string printBinding(const ast::Binding &binding) {
  std::string out;
  for (const ast::Axis &name : binding.names)
    out += (out.empty() ? "" : ", ") + printAxis(name);
  if (binding.names.size() > 1)
    out = "(" + out + ")";
  if (!binding.fit)
    return out + " = " + print(*binding.value);
  const ast::Fit &fit = *binding.fit;
  out += " = fit(" + print(*fit.value);
  if (fit.weight)
    out += " weighted " + print(*fit.weight);
  std::string start = printList(fit.start);
  return out + " per " + print(fit.per) + ") from " +
         (fit.start.size() > 1 ? "(" + start + ")" : start) + " rounds " + print(*fit.rounds);
}

struct ClausePrinter {
  std::string operator()(const ast::Levels &levels) {
    std::string out = "levels";
    // `levels (a) * ...`: the parentheses that tell the two forms apart stay where they matter,
    // since a canonical expression does not begin with a name in parentheses.
    if (levels.variable)
      out += "(" + levels.variable->text + ")";
    std::string value = print(*levels.value);
    // `levels(v) -a` could be a difference.
    out += " " + (levels.variable && value.starts_with("-") ? "(" + value + ")" : value);
    for (size_t index = 0; index < levels.where.size(); ++index)
      out += (index ? ", " : " where ") + printBinding(levels.where[index]);
    return out;
  }
  std::string operator()(const ast::Schedule &clause) {
    return "schedule " + clause.name.text + " = " + print(*clause.value);
  }
  std::string operator()(const ast::Let &let) {
    std::string parameters;
    for (const ast::Name &name : let.parameters)
      parameters += (parameters.empty() ? "" : ", ") + name.text;
    return "let " + let.name.text + (let.isFunction ? "(" + parameters + ")" : "") + " = " +
           print(*let.value);
  }
  std::string operator()(const ast::State &state) {
    return "state " + printAxis(state.name) + (state.per ? " per " + print(*state.per) : "") +
           " = " + print(*state.value);
  }
  std::string operator()(const ast::Learn &learn) {
    return "learn " + printAxis(learn.name) + (learn.per ? " per " + print(*learn.per) : "") +
           (learn.bounds ? " in " + printBounds(*learn.bounds) : "") + " = " + print(*learn.value) +
           (learn.scale ? " scaled " + print(*learn.scale) : "");
  }
  std::string operator()(const ast::Latent &clause) {
    return "latent " + printAxis(clause.name) + " = " + print(*clause.value);
  }
  std::string operator()(const ast::Project &clause) {
    return "project " + clause.name.text + " = " + print(*clause.value);
  }
  std::string operator()(const ast::Weight &clause) {
    return "weight " + clause.name.text + " = " + print(*clause.value);
  }
  std::string operator()(const ast::High &clause) { return "high " + print(*clause.value); }
  std::string operator()(const ast::Update &update) {
    switch (update.kind) {
    case ast::UpdateKind::Lazy:
      return "update lazy mirror";
    case ast::UpdateKind::Agile:
      return "update agile mirror";
    case ast::UpdateKind::Chain:
      return "update chain";
    case ast::UpdateKind::StraightThrough:
      return "update straight_through";
    case ast::UpdateKind::Gradient:
      break;
    }
    return "update gradient " + print(*update.gradient);
  }
  std::string operator()(const ast::Penalty &clause) { return "penalty " + print(*clause.value); }
  std::string operator()(const ast::Prox &clause) { return "prox " + print(*clause.value); }
  std::string operator()(const ast::Every &every) {
    std::string out = "every " + print(every.period);
    if (!every.braces)
      return out + " " + (*this)(every.body.front());
    out += " {";
    for (const ast::Next &next : every.body)
      out += "\n    " + (*this)(next);
    return out + "\n  }";
  }
  std::string operator()(const ast::Freeze &freeze) {
    return "freeze when " + print(*freeze.condition);
  }
  std::string operator()(const ast::Final &clause) { return "final " + print(*clause.value); }
  std::string operator()(const ast::Assume &assume) {
    return "assume " + assume.rule.text + " because \"" + assume.reason + "\"";
  }
  std::string operator()(const ast::Next &next) {
    return next.name.text + "' = " + print(*next.value);
  }
  std::string operator()(const ast::Descend &clause) { return "descend " + print(*clause.value); }
};

struct LinePrinter {
  std::string operator()(const ast::PlanLine &line) {
    std::string patterns;
    for (const ast::Pattern &pattern : line.patterns)
      patterns += (patterns.empty() ? "\"" : ", \"") + pattern.text + "\"";
    return (line.activations ? "activations " : "") + (patterns.empty() ? "else" : patterns) +
           " : " + print(line.quantizer) + (line.optimizer ? " by " + print(*line.optimizer) : "") +
           (line.reset ? " reset every " + print(*line.reset) : "");
  }
  std::string operator()(const ast::Minimize &minimize) {
    return std::string("minimize ") + (minimize.high ? "high" : "low");
  }
  std::string operator()(const ast::SubjectTo &subject) {
    auto sum = [](const Expr &expr) { return printExpr(expr, operandContext(expr, SumLevel)); };
    return "subject to " + (subject.target ? "\"" + subject.target->text + "\"" : "output") + " " +
           sum(*subject.value) + " <= " + sum(*subject.bound) + " multiplier " +
           print(*subject.multiplier) + " rate " + print(*subject.rate) + " every " +
           print(subject.every);
  }
};

} // namespace

std::string bregman::spec::print(const Expr &expr) { return printExpr(expr, ExprLevel); }

std::string bregman::spec::print(const ast::Extent &extent) {
  switch (extent.kind) {
  case ast::Extent::Run:
    return "run";
  case ast::Extent::Tensor:
    return "tensor";
  case ast::Extent::Channel:
    return "channel";
  case ast::Extent::Token:
    return "token";
  case ast::Extent::Group:
    break;
  }
  return "group(" + print(*extent.length) + ")";
}

std::string bregman::spec::print(const ast::Period &period) {
  if (!period.count)
    return period.epochs ? "epoch" : "step";
  return print(*period.count) + (period.epochs ? " epochs" : " steps");
}

std::string bregman::spec::print(const ast::Use &use) {
  std::string arguments;
  for (const ast::Argument &argument : use.arguments)
    arguments +=
        (arguments.empty() ? "" : ", ") + argument.name.text + " = " + print(*argument.value);
  return use.name.text + (arguments.empty() ? "" : "(" + arguments + ")");
}

std::string bregman::spec::print(const ast::Definition &definition) {
  std::string params;
  for (const ast::Param &param : definition.params)
    params += (params.empty() ? "" : ", ") + param.name.text +
              (param.bounds ? " in " + printBounds(*param.bounds) : "") + " = " +
              print(*param.value);
  std::string out = (definition.isOptimizer ? "optimizer " : "quantizer ") + definition.name.text +
                    (params.empty() ? "" : "(" + params + ")") + " {\n";
  for (const ast::Clause &clause : definition.clauses)
    out += "  " + std::visit(ClausePrinter{}, clause.content) + "\n";
  return out + "}\n";
}

std::string bregman::spec::print(const ast::Plan &plan) {
  std::string out = "plan " + (plan.name ? plan.name->text + " " : "") + "{\n";
  for (const auto &line : plan.lines)
    out += "  " + std::visit(LinePrinter{}, line) + "\n";
  return out + "}\n";
}

std::string bregman::spec::print(const ast::File &file) {
  std::string out;
  for (const auto &item : file.items)
    out += (out.empty() ? "" : "\n") +
           std::visit([](const auto &entry) { return print(entry); }, item);
  return out;
}
