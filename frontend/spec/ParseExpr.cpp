// Expressions.
#include "frontend/spec/ParserBase.h"

#include <algorithm>
#include <map>

using namespace bregman::spec;
using ast::BinaryOp;
using ast::ExprKind;
using ast::ExprPtr;

ExprPtr Parser::make(ExprKind kind, uint32_t begin, std::vector<ExprPtr> operands) {
  auto expr = std::make_unique<ast::Expr>();
  expr->kind = kind;
  expr->range = since(begin);
  expr->operands = std::move(operands);
  for (const ExprPtr &operand : expr->operands)
    expr->depth = std::max(expr->depth, operand->depth + 1);
  if (expr->depth > maxDepth * 5)
    fail(expr->range, "this expression has more than " + std::to_string(maxDepth * 5) +
                          " operators in a row; name a part of it by 'let'");
  return expr;
}

ExprPtr Parser::makeBinary(BinaryOp op, ExprPtr left, ExprPtr right) {
  uint32_t begin = left->range.begin;
  std::vector<ExprPtr> operands;
  operands.push_back(std::move(left));
  operands.push_back(std::move(right));
  ExprPtr expr = make(ExprKind::Binary, begin, std::move(operands));
  expr->op = op;
  return expr;
}

/// Bounds the recursion: every cycle of productions goes through here.
ExprPtr Parser::deeper(ExprPtr (Parser::*parse)()) {
  struct Level {
    int &depth;
    explicit Level(int &depth) : depth(depth) { ++depth; }
    ~Level() { --depth; }
  } level(depth);
  if (depth > maxDepth)
    fail(peek().range, "this expression is nested more than " + std::to_string(maxDepth) +
                           " deep; name a part of it by 'let'");
  return (this->*parse)();
}

/// expr = "if" expr "then" expr "else" expr | conj { "or" conj }
ExprPtr Parser::parseExpr() {
  if (!at("if")) {
    ExprPtr left = parseConj();
    while (takeIf("or"))
      left = makeBinary(BinaryOp::Or, std::move(left), parseConj());
    return left;
  }
  uint32_t begin = take().range.begin;
  std::vector<ExprPtr> operands;
  operands.push_back(deeper(&Parser::parseExpr));
  expect("then");
  operands.push_back(deeper(&Parser::parseExpr));
  expect("else");
  operands.push_back(deeper(&Parser::parseExpr));
  return make(ExprKind::If, begin, std::move(operands));
}

/// conj = neg { "and" neg }
ExprPtr Parser::parseConj() {
  ExprPtr left = parseNeg();
  while (takeIf("and"))
    left = makeBinary(BinaryOp::And, std::move(left), parseNeg());
  return left;
}

/// neg = "not" neg | sum [ ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum ]
ExprPtr Parser::parseNeg() {
  static const std::map<std::string_view, BinaryOp> comparisons = {
      {"<", BinaryOp::Less},          {"<=", BinaryOp::LessEqual}, {">", BinaryOp::Greater},
      {">=", BinaryOp::GreaterEqual}, {"==", BinaryOp::Equal},     {"!=", BinaryOp::NotEqual}};
  if (at("not")) {
    uint32_t begin = take().range.begin;
    std::vector<ExprPtr> operands;
    operands.push_back(deeper(&Parser::parseNeg));
    return make(ExprKind::Not, begin, std::move(operands));
  }
  auto comparison = [&] {
    return atKind(TokenKind::Symbol) ? comparisons.find(peek().text) : comparisons.end();
  };
  ExprPtr left = parseSum();
  auto found = comparison();
  if (found == comparisons.end())
    return left;
  take();
  left = makeBinary(found->second, std::move(left), parseSum());
  if (comparison() != comparisons.end())
    fail(peek().range, "comparisons do not chain; write a < b and b < c");
  return left;
}

/// sum = prod { ( "+" | "-" ) prod }
ExprPtr Parser::parseSum() {
  ExprPtr left = parseProd();
  while (at("+") || at("-")) {
    BinaryOp op = take().text == "+" ? BinaryOp::Add : BinaryOp::Sub;
    left = makeBinary(op, std::move(left), parseProd());
  }
  return left;
}

/// prod = unary { ( "*" | "/" ) unary }
ExprPtr Parser::parseProd() {
  ExprPtr left = parseUnary();
  while (at("*") || at("/")) {
    BinaryOp op = take().text == "*" ? BinaryOp::Mul : BinaryOp::Div;
    left = makeBinary(op, std::move(left), parseUnary());
  }
  return left;
}

/// unary = "-" unary | primary [ "^" unary ]
ExprPtr Parser::parseUnary() {
  if (at("-")) {
    uint32_t begin = take().range.begin;
    std::vector<ExprPtr> operands;
    operands.push_back(deeper(&Parser::parseUnary));
    return make(ExprKind::Negate, begin, std::move(operands));
  }
  ExprPtr base = parsePrimary();
  if (!takeIf("^"))
    return base;
  return makeBinary(BinaryOp::Pow, std::move(base), deeper(&Parser::parseUnary));
}

/// primary = NUMBER | NAME | PRIMED | "levels" | "optimizer" "." NAME | "(" expr ")" | call
///         | "{" expr { "," expr } "}" | "[" expr ".." expr "]"
ExprPtr Parser::parsePrimary() {
  const Token &token = peek();
  uint32_t begin = token.range.begin;
  auto leaf = [&](ExprKind kind) {
    take();
    ExprPtr expr = make(kind, begin);
    expr->name = std::string(token.text);
    expr->nameRange = token.range;
    expr->number = token.number;
    return expr;
  };
  switch (token.kind) {
  case TokenKind::Number:
    return leaf(ExprKind::Number);
  case TokenKind::Primed:
    return leaf(ExprKind::Primed);
  case TokenKind::Name:
    return peek(1).is("(") ? parseCall() : leaf(ExprKind::Name);
  default:
    break;
  }
  if (at("levels"))
    return leaf(ExprKind::Levels);
  if (at("optimizer") && peek(1).is(".")) {
    take();
    take();
    ast::Name name = expectName("the name of a state of the base optimizer");
    ExprPtr expr = make(ExprKind::Optimizer, begin);
    expr->name = name.text;
    expr->nameRange = name.range;
    return expr;
  }
  if (at("{") || at("["))
    return parseSetOrRange();
  if (takeIf("(")) {
    ExprPtr expr = deeper(&Parser::parseExpr);
    expectClosing(")", {begin, begin + 1});
    expr->range = since(begin);
    return expr;
  }
  expected("an expression",
           at("if") ? "an 'if' inside of an expression stands in parentheses" : "");
}

/// primary = ... | "{" expr { "," expr } "}" | "[" expr ".." expr "]"
ExprPtr Parser::parseSetOrRange() {
  SourceRange opening = peek().range;
  bool isSet = take().text == "{";
  std::vector<ExprPtr> operands;
  operands.push_back(deeper(&Parser::parseExpr));
  if (isSet) {
    while (takeIf(","))
      operands.push_back(deeper(&Parser::parseExpr));
    expectClosing("}", opening, "',' or ");
  } else {
    if (!takeIf(".."))
      expected("'..'", at(",") ? "a set of levels stands in braces" : "");
    operands.push_back(deeper(&Parser::parseExpr));
    expectClosing("]", opening);
  }
  return make(isSet ? ExprKind::Set : ExprKind::Range, opening.begin, std::move(operands));
}

/// call = NAME "(" [ expr { "," expr } ] [ "where" expr ] [ "per" extent ] ")"
ExprPtr Parser::parseCall() {
  ast::Name name = expectName("a function's name");
  SourceRange opening = expect("(").range;
  std::vector<ExprPtr> operands;
  ExprPtr where;
  std::optional<ast::Extent> per;
  if (!at(")") && !at("where") && !at("per")) {
    do
      operands.push_back(deeper(&Parser::parseExpr));
    while (takeIf(","));
  }
  if (takeIf("where"))
    where = deeper(&Parser::parseExpr);
  if (takeIf("per"))
    per = parseExtent();
  expectClosing(")", opening, per || where ? "" : "',' or ");
  ExprPtr call = make(ExprKind::Call, name.range.begin, std::move(operands));
  call->name = name.text;
  call->nameRange = name.range;
  call->where = std::move(where);
  call->per = std::move(per);
  return call;
}
