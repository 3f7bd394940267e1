// What all productions share: the token at hand, what was expected instead, and how to go on after
// an error. Private to the parser.
#pragma once

#include "frontend/spec/AST.h"
#include "frontend/spec/Lexer.h"

#include <functional>
#include <initializer_list>

namespace bregman::spec {

class Parser {
public:
  Parser(std::shared_ptr<const Source> source, Diagnostics &diagnostics);

  // Items (Parser.cpp). A production that fails reports its error and throws Failed; the loops
  // over clauses and items catch it and go on behind the damage.
  ast::File parseFile();
  ast::Definition parseDefinition();
  /// "{" { what `parseOne` takes } "}"; behind an error `skip` finds where to go on.
  void parseBody(const std::function<void()> &parseOne, void (Parser::*skip)());
  std::vector<ast::Param> parseParams();
  ast::Param parseParam();
  ast::Bounds parseBounds();

  // Clauses (ParseClause.cpp).
  ast::Clause parseClause();
  ast::Clause parseOptimizerItem();
  ast::Levels parseLevels();
  ast::Let parseLet();
  ast::State parseState();
  ast::Learn parseLearn();
  ast::Update parseUpdate();
  ast::Every parseEvery();
  ast::Assume parseAssume();
  ast::Next parseNext();
  ast::Axis parseAxis();
  ast::Binding parseBinding();
  std::unique_ptr<ast::Fit> parseFit(size_t unknowns);
  ast::Extent parseExtent();
  ast::Period parsePeriod();

  // Plans (ParsePlan.cpp).
  ast::Plan parsePlan();
  std::variant<ast::PlanLine, ast::Minimize, ast::SubjectTo> parsePlanItem();
  ast::PlanLine parseLine();
  ast::SubjectTo parseSubjectTo();
  ast::Use parseUse();
  void parseUseBy(ast::PlanLine &line);

  // Expressions (ParseExpr.cpp).
  ast::ExprPtr parseExpr();
  ast::ExprPtr parseConj();
  ast::ExprPtr parseNeg();
  ast::ExprPtr parseSum();
  ast::ExprPtr parseProd();
  ast::ExprPtr parseUnary();
  ast::ExprPtr parsePrimary();
  ast::ExprPtr parseCall();
  ast::ExprPtr parseSetOrRange();

  /// Reports anything left over.
  void parseEnd();

  struct Failed {};

private:
  /// An expression may nest this deep: far beyond any spec, and well within the stack.
  static constexpr int maxDepth = 200;

  const Token &peek(size_t ahead = 0) const {
    return tokens[std::min(index + ahead, tokens.size() - 1)];
  }
  bool at(std::string_view text) const { return peek().is(text); }
  bool atKind(TokenKind kind) const { return peek().kind == kind; }
  const Token &take();
  bool takeIf(std::string_view text);

  /// `expected WHAT, got TOKEN` at the token at hand, the one place where that message is made.
  [[noreturn]] void expected(const std::string &what, const std::string &note = "");
  [[noreturn]] void fail(SourceRange range, const std::string &message);
  const Token &expect(std::string_view text, const std::string &what = "");
  /// A closing bracket; the error points back at the opening one.
  void expectClosing(std::string_view text, SourceRange opening,
                     const std::string &alternative = "");
  ast::Name expectName(const std::string &what);
  /// A word that is a word in its place only, such as `because`.
  void expectWord(std::string_view word) { expect(word); }

  SourceRange since(SourceRange begin) const { return {begin.begin, lastEnd}; }
  SourceRange since(uint32_t begin) const { return {begin, lastEnd}; }

  static bool beginsClause(const Token &token);
  bool beginsItem() const;
  /// Behind the damage: at the next clause of the same body, its '}', or the next item.
  void skipToClause();
  void skipToItem();
  void skipToLine();

  ast::ExprPtr make(ast::ExprKind kind, uint32_t begin, std::vector<ast::ExprPtr> operands = {});
  ast::ExprPtr makeBinary(ast::BinaryOp op, ast::ExprPtr left, ast::ExprPtr right);
  ast::ExprPtr deeper(ast::ExprPtr (Parser::*parse)());

  std::shared_ptr<const Source> source;
  Diagnostics &diagnostics;
  std::vector<Token> tokens;
  size_t index = 0;
  uint32_t lastEnd = 0;
  int depth = 0;
};

} // namespace bregman::spec
