// The parser's frame: tokens, errors, recovery, and the items of a file.
#include "frontend/spec/Parser.h"

#include "frontend/spec/ParserBase.h"
#include "frontend/spec/Suggest.h"

#include <algorithm>

using namespace bregman::spec;

Parser::Parser(std::shared_ptr<const Source> from, Diagnostics &to)
    : source(std::move(from)), diagnostics(to), tokens(tokenize(source, diagnostics)) {}

const Token &Parser::take() {
  const Token &token = peek();
  if (token.kind != TokenKind::End) {
    lastEnd = token.range.end;
    ++index;
  }
  return token;
}

bool Parser::takeIf(std::string_view text) {
  bool found = at(text);
  if (found)
    take();
  return found;
}

void Parser::expected(const std::string &what, const std::string &note) {
  // What follows an unreadable character was already reported by the lexer.
  if (!peek().followsError) {
    Diagnostic &error =
        diagnostics.error(source, peek().range, "expected " + what + ", got " + describe(peek()));
    if (!note.empty())
      error.note(note);
  }
  throw Failed{};
}

void Parser::fail(SourceRange range, const std::string &message) {
  diagnostics.error(source, range, message);
  throw Failed{};
}

const Token &Parser::expect(std::string_view text, const std::string &what) {
  if (!at(text))
    expected(what.empty() ? "'" + std::string(text) + "'" : what);
  return take();
}

void Parser::expectClosing(std::string_view text, SourceRange opening,
                           const std::string &alternative) {
  if (takeIf(text))
    return;
  if (!peek().followsError)
    diagnostics
        .error(source, peek().range,
               "expected " + alternative + "'" + std::string(text) + "', got " + describe(peek()))
        .note(source, opening, "to match this '" + std::string(source->text(opening)) + "'");
  throw Failed{};
}

ast::Name Parser::expectName(const std::string &what) {
  if (!atKind(TokenKind::Name))
    expected(what, atKind(TokenKind::Reserved) ? "a reserved word cannot be a name" : "");
  const Token &token = take();
  return {std::string(token.text), token.range};
}

bool Parser::beginsItem() const {
  return at("quantizer") || at("plan") || (at("optimizer") && peek(1).kind == TokenKind::Name);
}

void Parser::skipToItem() {
  while (!atKind(TokenKind::End) && !(beginsItem() && peek().startsLine))
    take();
}

namespace {

std::string itemHint(const Token &token) {
  if (token.kind != TokenKind::Name)
    return "";
  std::string word = closest(token.text, {"quantizer", "optimizer", "plan"});
  return word.empty() ? "" : "did you mean '" + word + "'?";
}

} // namespace

/// file = { quantizer | optimizer | plan }
ast::File Parser::parseFile() {
  ast::File file;
  file.source = source;
  while (!atKind(TokenKind::End)) {
    try {
      if (at("quantizer") || at("optimizer"))
        file.items.push_back(parseDefinition());
      else if (at("plan"))
        file.items.push_back(parsePlan());
      else
        expected("'quantizer', 'optimizer' or 'plan'", itemHint(peek()));
    } catch (Failed) {
      skipToItem();
    }
  }
  return file;
}

void Parser::parseBody(const std::function<void()> &parseOne, void (Parser::*skip)()) {
  SourceRange opening = expect("{").range;
  while (!at("}")) {
    if (atKind(TokenKind::End) || (beginsItem() && peek().startsLine))
      expectClosing("}", opening);
    size_t before = index;
    try {
      parseOne();
    } catch (Failed) {
      if (index == before && !at("}"))
        take();
      (this->*skip)();
    }
  }
  take();
}

/// quantizer = "quantizer" NAME [ params ] "{" { clause } "}"
/// optimizer = "optimizer" NAME [ params ] "{" { state | let | next } "descend" expr "}"
ast::Definition Parser::parseDefinition() {
  ast::Definition definition;
  uint32_t begin = peek().range.begin;
  definition.isOptimizer = take().text == "optimizer";
  definition.name =
      expectName(definition.isOptimizer ? "the optimizer's name" : "the quantizer's name");
  if (at("("))
    definition.params = parseParams();
  auto parseOne = [&] {
    definition.clauses.push_back(definition.isOptimizer ? parseOptimizerItem() : parseClause());
  };
  parseBody(parseOne, &Parser::skipToClause);
  definition.range = since(begin);
  return definition;
}

/// params = "(" param { "," param } ")"
std::vector<ast::Param> Parser::parseParams() {
  std::vector<ast::Param> params;
  SourceRange opening = expect("(").range;
  do
    params.push_back(parseParam());
  while (takeIf(","));
  expectClosing(")", opening, "',' or ");
  return params;
}

/// param = NAME [ "in" range ] "=" expr
ast::Param Parser::parseParam() {
  ast::Param param;
  param.name = expectName("a parameter's name");
  if (takeIf("in"))
    param.bounds = parseBounds();
  expect("=", param.bounds ? "'=' and the default" : "'in' or '='");
  param.value = parseExpr();
  return param;
}

/// range = "[" expr "," expr "]"
ast::Bounds Parser::parseBounds() {
  ast::Bounds bounds;
  SourceRange opening = expect("[").range;
  bounds.low = parseExpr();
  expect(",");
  bounds.high = parseExpr();
  expectClosing("]", opening);
  bounds.range = since(opening);
  return bounds;
}

void Parser::parseEnd() {
  if (!atKind(TokenKind::End))
    expected("the end");
}

ast::File bregman::spec::parseFile(std::shared_ptr<const Source> source, Diagnostics &diagnostics) {
  return Parser(std::move(source), diagnostics).parseFile();
}

std::optional<ast::PlanLine> bregman::spec::parseUse(std::shared_ptr<const Source> source,
                                                     Diagnostics &diagnostics) {
  int before = diagnostics.errorCount();
  try {
    Parser parser(std::move(source), diagnostics);
    ast::PlanLine line;
    parser.parseUseBy(line);
    parser.parseEnd();
    if (diagnostics.errorCount() == before)
      return line;
  } catch (Parser::Failed) {
  }
  return std::nullopt;
}

ast::ExprPtr bregman::spec::parseExpression(std::shared_ptr<const Source> source,
                                            Diagnostics &diagnostics) {
  int before = diagnostics.errorCount();
  try {
    Parser parser(std::move(source), diagnostics);
    ast::ExprPtr expr = parser.parseExpr();
    parser.parseEnd();
    if (diagnostics.errorCount() == before)
      return expr;
  } catch (Parser::Failed) {
  }
  return nullptr;
}
