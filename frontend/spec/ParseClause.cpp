// The clauses of quantizers and the items of optimizers.
#include "frontend/spec/ParserBase.h"
#include "frontend/spec/Suggest.h"

#include <algorithm>

using namespace bregman::spec;

namespace {

const std::vector<std::string> &clauseWords() {
  static const std::vector<std::string> words = {
      "levels", "schedule", "let",  "state", "learn",  "latent", "project", "weight", "high",
      "update", "penalty",  "prox", "every", "freeze", "final",  "assume",  "descend"};
  return words;
}

/// A clause whose word is misspelled, at the beginning of a line.
bool looksLikeClause(const Token &token) {
  return token.startsLine && token.kind == TokenKind::Name &&
         !closest(token.text, clauseWords()).empty();
}

} // namespace

bool Parser::beginsClause(const Token &token) {
  return (token.kind == TokenKind::Reserved || token.text == "high") &&
         std::ranges::find(clauseWords(), token.text) != clauseWords().end();
}

void Parser::skipToClause() {
  int nesting = 0;
  while (!atKind(TokenKind::End)) {
    if (peek().startsLine && (beginsClause(peek()) || beginsItem()))
      return;
    if (nesting == 0 && looksLikeClause(peek()))
      return;
    if (at("}") && nesting-- == 0)
      return;
    if (at("{"))
      ++nesting;
    take();
  }
}

/// clause = "levels" ... | "schedule" NAME "=" expr | let | state | "learn" ...
///        | "latent" axis "=" expr | "project" NAME "=" expr | "weight" NAME "=" expr | "high" expr
///        | "update" ... | "penalty" expr | "prox" expr | "every" ...
///        | "freeze" "when" expr | "final" expr | "assume" NAME "because" STRING
ast::Clause Parser::parseClause() {
  ast::Clause clause;
  clause.keyword = peek().range;
  uint32_t begin = peek().range.begin;
  auto named = [&](const std::string &what, auto content) {
    take();
    content.name = expectName(what);
    expect("=");
    content.value = parseExpr();
    clause.content = std::move(content);
  };
  auto valued = [&](auto content) {
    take();
    content.value = parseExpr();
    clause.content = std::move(content);
  };
  if (at("levels")) {
    clause.content = parseLevels();
  } else if (at("schedule")) {
    named("the schedule's name", ast::Schedule{});
  } else if (at("let")) {
    clause.content = parseLet();
  } else if (at("state")) {
    clause.content = parseState();
  } else if (at("learn")) {
    clause.content = parseLearn();
  } else if (at("latent")) {
    take();
    ast::Latent latent;
    latent.name = parseAxis();
    expect("=");
    latent.value = parseExpr();
    clause.content = std::move(latent);
  } else if (at("project")) {
    named("the target's name", ast::Project{});
  } else if (at("weight")) {
    named("the name w", ast::Weight{});
  } else if (at("high")) {
    valued(ast::High{});
  } else if (at("update")) {
    clause.content = parseUpdate();
  } else if (at("penalty")) {
    valued(ast::Penalty{});
  } else if (at("prox")) {
    valued(ast::Prox{});
  } else if (at("every")) {
    clause.content = parseEvery();
  } else if (at("freeze")) {
    take();
    expectWord("when");
    clause.content = ast::Freeze{parseExpr()};
  } else if (at("final")) {
    valued(ast::Final{});
  } else if (at("assume")) {
    clause.content = parseAssume();
  } else if (atKind(TokenKind::Primed)) {
    std::string name(peek().text);
    fail(peek().range,
         "'" + name + "'' is assigned outside of 'every'; write every step " + name + "' = ...");
  } else if (at("descend")) {
    fail(peek().range, "'descend' belongs to an optimizer; a quantizer says 'update'");
  } else {
    std::string word = atKind(TokenKind::Name) ? closest(peek().text, clauseWords()) : "";
    expected("a clause or '}'", word.empty() ? "" : "did you mean '" + word + "'?");
  }
  clause.range = since(begin);
  return clause;
}

/// optimizer = ... "{" { state | let | next } "descend" expr "}"
ast::Clause Parser::parseOptimizerItem() {
  ast::Clause clause;
  clause.keyword = peek().range;
  uint32_t begin = peek().range.begin;
  if (at("let")) {
    clause.content = parseLet();
  } else if (at("state")) {
    clause.content = parseState();
  } else if (atKind(TokenKind::Primed)) {
    clause.content = parseNext();
  } else if (takeIf("descend")) {
    clause.content = ast::Descend{parseExpr()};
    if (!at("}"))
      expected("'}'", "'descend' ends an optimizer");
  } else if (beginsClause(peek()) && !atKind(TokenKind::Name)) {
    fail(peek().range, "'" + std::string(peek().text) +
                           "' is a clause of quantizers; an optimizer has 'state', 'let', new "
                           "values and 'descend'");
  } else {
    std::string word =
        atKind(TokenKind::Name) ? closest(peek().text, {"state", "let", "descend"}) : "";
    std::string note = word.empty() ? "" : "did you mean '" + word + "'?";
    if (word.empty() && atKind(TokenKind::Name) && peek(1).is("="))
      note = "the new value of a state is written " + std::string(peek().text) + "' = ...";
    expected("'state', 'let', a new value or 'descend'", note);
  }
  clause.range = since(begin);
  return clause;
}

/// "levels" [ "(" NAME ")" ] expr [ "where" binding { "," binding } ]
ast::Levels Parser::parseLevels() {
  take();
  ast::Levels levels;
  // `levels (a) * {-1, 1}` is an expression in parentheses, `levels(v) {-a, a}` names what is
  // quantized. A minus could be either.
  bool parenthesized = at("(") && peek(1).kind == TokenKind::Name && peek(2).is(")");
  const Token &next = peek(3);
  if (parenthesized && next.is("-"))
    fail(next.range, "'levels (" + std::string(peek(1).text) +
                         ") -' can be read in two ways; put what follows 'levels' or '(" +
                         std::string(peek(1).text) + ")' into parentheses");
  bool continues = next.is("*") || next.is("/") || next.is("+") || next.is("^");
  if (parenthesized && !continues) {
    take();
    levels.variable = expectName("the name of what is quantized");
    take();
  }
  levels.value = parseExpr();
  if (takeIf("where")) {
    do
      levels.where.push_back(parseBinding());
    while (takeIf(","));
  }
  return levels;
}

/// binding = axis "=" expr | tuple "=" "fit" "(" ... ")" "from" start "rounds" expr
/// tuple   = axis | "(" axis { "," axis } ")"
ast::Binding Parser::parseBinding() {
  ast::Binding binding;
  SourceRange opening = peek().range;
  bool isTuple = takeIf("(");
  binding.names.push_back(parseAxis());
  if (isTuple) {
    while (takeIf(","))
      binding.names.push_back(parseAxis());
    expectClosing(")", opening, "',' or ");
  }
  expect("=");
  if (at("fit") && peek(1).is("("))
    binding.fit = parseFit(binding.names.size());
  else if (isTuple)
    expected("'fit(...)', which several names are bound to");
  else
    binding.value = parseExpr();
  return binding;
}

/// "fit" "(" expr [ "weighted" expr ] "per" extent ")" "from" start "rounds" expr
/// start = expr | "(" expr { "," expr } ")"
std::unique_ptr<ast::Fit> Parser::parseFit(size_t unknowns) {
  auto fit = std::make_unique<ast::Fit>();
  uint32_t begin = take().range.begin;
  SourceRange opening = expect("(").range;
  fit->value = parseExpr();
  if (takeIf("weighted"))
    fit->weight = parseExpr();
  expectWord("per");
  fit->per = parseExtent();
  expectClosing(")", opening);
  expectWord("from");
  if (unknowns > 1) {
    SourceRange startOpening =
        expect("(", "'(' and a start for each of the " + std::to_string(unknowns) + " unknowns")
            .range;
    do
      fit->start.push_back(parseExpr());
    while (takeIf(","));
    expectClosing(")", startOpening, "',' or ");
  } else {
    fit->start.push_back(parseExpr());
  }
  expectWord("rounds");
  fit->rounds = parseExpr();
  fit->range = since(begin);
  return fit;
}

/// let = "let" NAME [ "(" NAME { "," NAME } ")" ] "=" expr
ast::Let Parser::parseLet() {
  take();
  ast::Let let;
  let.name = expectName("the name of the abbreviation");
  SourceRange opening = peek().range;
  if (takeIf("(")) {
    let.isFunction = true;
    do
      let.parameters.push_back(expectName("the name of an argument"));
    while (takeIf(","));
    expectClosing(")", opening, "',' or ");
  }
  expect("=");
  let.value = parseExpr();
  return let;
}

/// state = "state" axis [ "per" extent ] "=" expr
ast::State Parser::parseState() {
  take();
  ast::State state;
  state.name = parseAxis();
  if (takeIf("per"))
    state.per = parseExtent();
  expect("=");
  state.value = parseExpr();
  return state;
}

/// "learn" axis [ "per" extent ] [ "in" range ] "=" expr [ "scaled" expr ]
ast::Learn Parser::parseLearn() {
  take();
  ast::Learn learn;
  learn.name = parseAxis();
  if (takeIf("per"))
    learn.per = parseExtent();
  if (takeIf("in"))
    learn.bounds = parseBounds();
  expect("=");
  learn.value = parseExpr();
  if (takeIf("scaled"))
    learn.scale = parseExpr();
  return learn;
}

/// "update" ( ( "lazy" | "agile" ) "mirror" | "chain" | "straight_through" | "gradient" expr )
ast::Update Parser::parseUpdate() {
  take();
  ast::Update update;
  if (at("lazy") || at("agile")) {
    update.kind = take().text == "lazy" ? ast::UpdateKind::Lazy : ast::UpdateKind::Agile;
    expectWord("mirror");
  } else if (takeIf("chain")) {
    update.kind = ast::UpdateKind::Chain;
  } else if (takeIf("straight_through")) {
    update.kind = ast::UpdateKind::StraightThrough;
  } else if (takeIf("gradient")) {
    update.kind = ast::UpdateKind::Gradient;
    update.gradient = parseExpr();
  } else {
    std::string note;
    if (at("mirror"))
      note = "mirror descent is 'lazy mirror' (the latent is stored) or 'agile mirror' (the weight "
             "is moved)";
    else if (atKind(TokenKind::Name))
      if (std::string word =
              closest(peek().text, {"lazy", "agile", "chain", "straight_through", "gradient"});
          !word.empty())
        note = "did you mean '" + word + "'?";
    expected("'lazy mirror', 'agile mirror', 'chain', 'straight_through' or 'gradient'", note);
  }
  return update;
}

/// "every" period ( next | "{" { next } "}" )
ast::Every Parser::parseEvery() {
  take();
  ast::Every every;
  every.period = parsePeriod();
  SourceRange opening = peek().range;
  every.braces = takeIf("{");
  if (!every.braces) {
    every.body.push_back(parseNext());
    return every;
  }
  while (atKind(TokenKind::Primed))
    every.body.push_back(parseNext());
  expectClosing("}", opening, "a new value or ");
  return every;
}

/// "assume" NAME "because" STRING
ast::Assume Parser::parseAssume() {
  take();
  ast::Assume assume;
  assume.rule = expectName("the label of a rule, such as Q4");
  expectWord("because");
  if (!atKind(TokenKind::String))
    expected("the reason, as a string");
  assume.reason = std::string(take().text);
  return assume;
}

/// next = PRIMED "=" expr
ast::Next Parser::parseNext() {
  if (!atKind(TokenKind::Primed))
    expected("a new value, such as x' = ...");
  const Token &token = take();
  ast::Next next;
  next.name = {std::string(token.text), token.range};
  expect("=");
  next.value = parseExpr();
  return next;
}

/// axis = NAME [ "[" "level" "]" ]
ast::Axis Parser::parseAxis() {
  ast::Axis axis;
  axis.name = expectName("a name");
  SourceRange opening = peek().range;
  if (takeIf("[")) {
    expectWord("level");
    expectClosing("]", opening);
    axis.level = true;
  }
  return axis;
}

/// extent = "run" | "tensor" | "channel" | "group" "(" expr ")" | "token"
ast::Extent Parser::parseExtent() {
  ast::Extent extent;
  uint32_t begin = peek().range.begin;
  if (takeIf("run")) {
    extent.kind = ast::Extent::Run;
  } else if (takeIf("tensor")) {
    extent.kind = ast::Extent::Tensor;
  } else if (takeIf("channel")) {
    extent.kind = ast::Extent::Channel;
  } else if (takeIf("token")) {
    extent.kind = ast::Extent::Token;
  } else if (takeIf("group")) {
    extent.kind = ast::Extent::Group;
    SourceRange opening = expect("(").range;
    extent.length = parseExpr();
    expectClosing(")", opening);
  } else {
    std::string word = atKind(TokenKind::Name)
                           ? closest(peek().text, {"run", "tensor", "channel", "group", "token"})
                           : "";
    expected("'run', 'tensor', 'channel', 'group(...)' or 'token'",
             word.empty() ? "" : "did you mean '" + word + "'?");
  }
  extent.range = since(begin);
  return extent;
}

/// period = [ NUMBER | NAME ] ( "step" | "steps" | "epoch" | "epochs" )
ast::Period Parser::parsePeriod() {
  auto isUnit = [](const Token &token) {
    return token.is("step") || token.is("steps") || token.is("epoch") || token.is("epochs");
  };
  ast::Period period;
  uint32_t begin = peek().range.begin;
  if (atKind(TokenKind::Number) || (atKind(TokenKind::Name) && !isUnit(peek())))
    period.count = parsePrimary();
  if (!isUnit(peek()))
    expected("'steps' or 'epochs'");
  period.epochs = take().text.starts_with("epoch");
  period.range = since(begin);
  return period;
}
