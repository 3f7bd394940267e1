// Plans, and what stands right of the colon of a line.
#include "frontend/spec/ParserBase.h"

using namespace bregman::spec;

void Parser::skipToLine() {
  while (!atKind(TokenKind::End) && !at("}") && !(beginsItem() && peek().startsLine)) {
    bool begins = atKind(TokenKind::String) || at("else") || at("activations") || at("minimize") ||
                  at("subject");
    if (begins && peek().startsLine)
      return;
    take();
  }
}

/// plan = "plan" [ NAME ] "{" { line } "}"
ast::Plan Parser::parsePlan() {
  ast::Plan plan;
  uint32_t begin = take().range.begin;
  if (!at("{"))
    plan.name = expectName("the plan's name or '{'");
  parseBody([&] { plan.lines.push_back(parsePlanItem()); }, &Parser::skipToLine);
  plan.range = since(begin);
  return plan;
}

/// line = [ "activations" ] ( STRING { "," STRING } | "else" ) ":" use [ "by" use ]
///        [ "reset" "every" period ]
///      | "minimize" ( "high" | "low" )
///      | "subject" "to" ( STRING | "output" ) sum "<=" sum "multiplier" expr "rate" expr
///        "every" period
std::variant<ast::PlanLine, ast::Minimize, ast::SubjectTo> Parser::parsePlanItem() {
  if (at("minimize")) {
    ast::Minimize minimize;
    uint32_t begin = take().range.begin;
    if (!at("high") && !at("low"))
      expected("'high' or 'low'");
    minimize.high = take().text == "high";
    minimize.range = since(begin);
    return minimize;
  }
  if (at("subject"))
    return parseSubjectTo();
  return parseLine();
}

/// line = [ "activations" ] ( STRING { "," STRING } | "else" ) ":" use ...
ast::PlanLine Parser::parseLine() {
  ast::PlanLine line;
  uint32_t begin = peek().range.begin;
  line.activations = takeIf("activations");
  if (!takeIf("else")) {
    do {
      if (!atKind(TokenKind::String))
        expected("a pattern in quotes" +
                 std::string(line.patterns.empty()
                                 ? (line.activations ? " or 'else'" : ", 'else' or '}'")
                                 : ""));
      const Token &token = take();
      line.patterns.push_back({std::string(token.text), token.range});
    } while (takeIf(","));
  }
  expect(":", line.patterns.empty() ? "':'" : "',' or ':'");
  parseUseBy(line);
  line.range = since(begin);
  return line;
}

/// use [ "by" use ] [ "reset" "every" period ]
void Parser::parseUseBy(ast::PlanLine &line) {
  uint32_t begin = peek().range.begin;
  line.quantizer = parseUse();
  if (takeIf("by"))
    line.optimizer = parseUse();
  if (takeIf("reset")) {
    expect("every");
    line.reset = parsePeriod();
  }
  line.range = since(begin);
}

/// use = NAME [ "(" NAME "=" expr { "," NAME "=" expr } ")" ]
ast::Use Parser::parseUse() {
  ast::Use use;
  use.name = expectName("the name of a quantizer or optimizer");
  SourceRange opening = peek().range;
  if (takeIf("(")) {
    do {
      ast::Argument argument;
      argument.name = expectName("an argument's name");
      expect("=");
      argument.value = parseExpr();
      use.arguments.push_back(std::move(argument));
    } while (takeIf(","));
    expectClosing(")", opening, "',' or ");
  }
  use.range = since(use.name.range);
  return use;
}

/// "subject" "to" ( STRING | "output" ) sum "<=" sum "multiplier" expr "rate" expr "every" period
ast::SubjectTo Parser::parseSubjectTo() {
  ast::SubjectTo subject;
  uint32_t begin = take().range.begin;
  expectWord("to");
  if (atKind(TokenKind::String)) {
    const Token &token = take();
    subject.target = ast::Pattern{std::string(token.text), token.range};
  } else {
    expect("output", "a pattern in quotes or 'output'");
  }
  subject.value = parseSum();
  expect("<=");
  subject.bound = parseSum();
  expectWord("multiplier");
  subject.multiplier = parseExpr();
  expectWord("rate");
  subject.rate = parseExpr();
  expect("every");
  subject.every = parsePeriod();
  subject.range = since(begin);
  return subject;
}
