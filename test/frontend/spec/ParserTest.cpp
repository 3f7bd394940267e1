// The grammar: every spec of the library and every method of the field is printed canonically, and
// that text is parsed to the same tree.
#include "SpecTest.h"

#include "frontend/spec/AstPrinter.h"
#include "frontend/spec/Lexer.h"

#include <filesystem>
#include <gtest/gtest.h>

using namespace bregman::spec;

static std::string printed(const std::string &text) {
  Diagnostics diagnostics;
  std::string result = print(parseFile(sourceOf(text), diagnostics));
  EXPECT_EQ(diagnostics.render(), "");
  return result;
}

static std::string printedExpression(const std::string &text) {
  Diagnostics diagnostics;
  ast::ExprPtr expr = parseExpression(sourceOf(text), diagnostics);
  EXPECT_EQ(diagnostics.render(), "");
  return expr ? print(*expr) : "";
}

/// The text without what the grammar does not see: comments, blanks, superfluous parentheses.
static std::string skeleton(const std::string &text) {
  Diagnostics diagnostics;
  auto source = sourceOf(text);
  std::string out;
  for (const Token &token : tokenize(source, diagnostics))
    if (token.kind != TokenKind::End && !token.is("(") && !token.is(")"))
      out += std::string(source->text(token.range)) + " ";
  return out;
}

static void expectRoundTrip(const std::string &text) {
  std::string once = printed(text);
  EXPECT_EQ(printed(once), once);
  EXPECT_EQ(skeleton(once), skeleton(text));
}

TEST(Parser, LibraryRoundTrips) {
  int files = 0;
  for (const auto &entry : std::filesystem::directory_iterator(
           std::filesystem::path(BREGMAN_SOURCE_DIR) / "examples" / "specs")) {
    SCOPED_TRACE(entry.path().filename());
    expectRoundTrip(readProjectFile("examples/specs/" + entry.path().filename().string()));
    ++files;
  }
  EXPECT_GE(files, 16);
}

TEST(Parser, EveryMethodOfTheFieldRoundTrips) {
  std::string text = readProjectFile("test/frontend/spec/Inputs/appendix.breg");
  Diagnostics diagnostics;
  EXPECT_GE(parseFile(sourceOf(text), diagnostics).items.size(), 42u);
  expectRoundTrip(text);
}

/// The canonical text of each item of a file, by its name.
static std::map<std::string, std::string> itemsOf(const std::string &path) {
  Diagnostics diagnostics;
  auto source = sourceOf(readProjectFile(path));
  std::map<std::string, std::string> items;
  for (const auto &item : parseFile(source, diagnostics).items)
    std::visit(
        [&](const auto &each) {
          std::string name;
          if constexpr (std::is_same_v<std::decay_t<decltype(each)>, ast::Definition>)
            name = each.name.text;
          else
            name = each.name ? each.name->text : "";
          items[name] = printed(std::string(source->text(each.range)));
        },
        item);
  EXPECT_EQ(diagnostics.render(), "");
  return items;
}

/// Each has its file, with the same text but for comments and layout.
TEST(Parser, TheLibraryIsTheAppendix) {
  auto appendix = itemsOf("test/frontend/spec/Inputs/appendix.breg");
  EXPECT_EQ(appendix.size(), 57u);
  for (const auto &[name, text] : appendix) {
    auto library = itemsOf("examples/specs/" + name + ".breg");
    // The library's gradient passes the scale by, as its paper's does; the appendix's does not.
    if (name == "bitnet_act")
      EXPECT_NE(library[name], text);
    else
      EXPECT_EQ(library[name], text);
  }
}

TEST(Parser, CanonicalText) {
  EXPECT_EQ(printed(R"(// a comment
quantizer q ( a in[1,2]=1.50 , b=inf ) { levels(v) {-c,c}where c=mean(abs(v)per tensor)
  state s[level] per group(2*a)=0 every 3 steps{s'=x s'=w}every epoch x'=x
  assume Q4 because "it is" })"),
            R"(quantizer q(a in [1, 2] = 1.50, b = inf) {
  levels(v) {-c, c} where c = mean(abs(v) per tensor)
  state s[level] per group(2 * a) = 0
  every 3 steps {
    s' = x
    s' = w
  }
  every epoch x' = x
  assume Q4 because "it is"
}
)");
}

TEST(Parser, PrecedenceIsThatOfTheGrammar) {
  EXPECT_EQ(printedExpression("-a^2"), "-a ^ 2");
  EXPECT_EQ(printedExpression("(-a)^2"), "(-a) ^ 2");
  EXPECT_EQ(printedExpression("a^b^c"), "a ^ b ^ c");
  EXPECT_EQ(printedExpression("(a^b)^c"), "(a ^ b) ^ c");
  EXPECT_EQ(printedExpression("2^-x"), "2 ^ -x");
  EXPECT_EQ(printedExpression("a-(b-c)"), "a - (b - c)");
  EXPECT_EQ(printedExpression("(a-b)-c"), "a - b - c");
  EXPECT_EQ(printedExpression("a/(b*c)"), "a / (b * c)");
  EXPECT_EQ(printedExpression("-(a*b)"), "-(a * b)");
  EXPECT_EQ(printedExpression("not (a<b) and c or d"), "not a < b and c or d");
  EXPECT_EQ(printedExpression("not (a and b)"), "not (a and b)");
  EXPECT_EQ(printedExpression("(a or b) and c"), "(a or b) and c");
  EXPECT_EQ(printedExpression("(a<b)==c"), "(a < b) == c");
  EXPECT_EQ(printedExpression("1+(if a then b else c)"), "1 + (if a then b else c)");
  EXPECT_EQ(printedExpression("if a then b else (if c then d else e)"),
            "if a then b else if c then d else e");
  EXPECT_EQ(printedExpression("(if a then b else c) or d"), "(if a then b else c) or d");
}

TEST(Parser, WordsInTheirPlaceAreNamesElsewhere) {
  EXPECT_EQ(printedExpression("where + per + by + when + high + level"),
            "where + per + by + when + high + level");
  EXPECT_EQ(printed("quantizer high { high high * lazy }"),
            "quantizer high {\n  high high * lazy\n}\n");
}

TEST(Parser, LevelsOfAnExpressionInParentheses) {
  EXPECT_EQ(printed("quantizer q { levels (a) * {-1, 1} }"),
            "quantizer q {\n  levels a * {-1, 1}\n}\n");
  EXPECT_EQ(printed("quantizer q { levels(a) (-{-1, 1}) }"),
            "quantizer q {\n  levels(a) (-{-1, 1})\n}\n");
}

TEST(Parser, UseOfAPlanLine) {
  Diagnostics diagnostics;
  auto line = parseUse(sourceOf("q(a = 1) by adam(lr = 1e-3 * 0.1 ^ epoch) reset every 2 epochs"),
                       diagnostics);
  ASSERT_TRUE(line);
  EXPECT_EQ(print(line->quantizer), "q(a = 1)");
  EXPECT_EQ(print(*line->optimizer), "adam(lr = 1e-3 * 0.1 ^ epoch)");
  EXPECT_EQ(print(*line->reset), "2 epochs");
  EXPECT_FALSE(parseUse(sourceOf("q by"), diagnostics));
  EXPECT_FALSE(parseUse(sourceOf("q by o other"), diagnostics));
}

TEST(Parser, RangesCoverWhatWasWritten) {
  Diagnostics diagnostics;
  auto source = sourceOf("1 + tanh(beta * (x + 2))");
  ast::ExprPtr expr = parseExpression(source, diagnostics);
  const ast::Expr &call = *expr->operands[1];
  EXPECT_EQ(source->text(expr->range), "1 + tanh(beta * (x + 2))");
  EXPECT_EQ(source->text(call.range), "tanh(beta * (x + 2))");
  EXPECT_EQ(source->text(call.operands[0]->operands[1]->range), "(x + 2)");
}

TEST(Parser, NestingIsBounded) {
  EXPECT_EQ(expressionErrors(std::string(100, '(') + "x" + std::string(100, ')')), "");
  for (const char *step : {"(", "-", "not ", "exp(", "{", "2 ^ ", "if a then ", "[1 .. "}) {
    std::string deep;
    for (int count = 0; count < 100000; ++count)
      deep += step;
    std::string message = expressionErrors(deep + "x");
    EXPECT_NE(message.find("this expression is nested more than 200 deep; name a part of it by "
                           "'let'\n"),
              std::string::npos);
  }
  std::string chain = "x";
  for (int count = 0; count < 100000; ++count)
    chain += " + x";
  EXPECT_NE(expressionErrors(chain).find("more than 1000 operators in a row"), std::string::npos);
}

/// Damage of every kind must end in messages, never in a crash or an endless loop.
TEST(Parser, SurvivesDamagedText) {
  std::string text = readProjectFile("test/frontend/spec/Inputs/appendix.breg");
  unsigned state = 1;
  auto next = [&](size_t bound) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % bound;
  };
  for (int round = 0; round < 200; ++round) {
    std::string damaged = text.substr(next(text.size()), 600);
    for (int edit = 0; edit < 8; ++edit) {
      size_t at = next(damaged.size());
      if (next(2))
        damaged.erase(at, next(8));
      else
        damaged.insert(at, 1, "(){}[]'\"^,=x7\n.\xff"[next(16)]);
      if (damaged.empty())
        damaged = "{";
    }
    Diagnostics diagnostics;
    ast::File file = parseFile(sourceOf(damaged), diagnostics);
    // What could be read can be printed.
    (void)print(file);
  }
}
