// The grammar on docs/language.md is the parser's: files derived from it at random parse.
#include "SpecTest.h"

#include <algorithm>
#include <cctype>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <vector>

using namespace bregman::spec;

namespace {

/// The right side of a production, as the page writes it.
struct Rule {
  enum Kind { Word, Symbol, Sequence, Choice, Optional, Repeated } kind = Sequence;
  std::string text;
  std::vector<Rule> parts;
};

/// Reads `name = alternatives` from the page's block.
class GrammarReader {
public:
  explicit GrammarReader(const std::string &text) {
    for (size_t at = 0; at < text.size();)
      at = token(text, at);
  }

  std::map<std::string, Rule> read() {
    std::map<std::string, Rule> rules;
    while (at < tokens.size()) {
      std::string name = tokens[at];
      at += 2;
      rules[name] = choice();
    }
    return rules;
  }

private:
  size_t token(const std::string &text, size_t at) {
    if (text.compare(at, 2, "(*") == 0)
      return text.find("*)", at) + 2;
    if (std::isspace(static_cast<unsigned char>(text[at])))
      return at + 1;
    size_t end = at + 1;
    if (text[at] == '"')
      end = text.find('"', end) + 1;
    else if (std::isalpha(static_cast<unsigned char>(text[at])))
      while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end])))
        ++end;
    tokens.push_back(text.substr(at, end - at));
    return end;
  }

  bool ends() const {
    // The next production begins where a name stands before `=`.
    return at >= tokens.size() || (at + 1 < tokens.size() && tokens[at + 1] == "=") ||
           std::string("|)]}").find(tokens[at]) != std::string::npos;
  }

  Rule choice() {
    Rule made{Rule::Choice, "", {sequence()}};
    while (at < tokens.size() && tokens[at] == "|") {
      ++at;
      made.parts.push_back(sequence());
    }
    return made;
  }

  Rule sequence() {
    Rule made;
    while (!ends())
      made.parts.push_back(one());
    return made;
  }

  Rule one() {
    std::string word = tokens[at++];
    if (word[0] == '"')
      return {Rule::Word, word.substr(1, word.size() - 2), {}};
    static const std::map<std::string, Rule::Kind> brackets = {
        {"(", Rule::Choice}, {"[", Rule::Optional}, {"{", Rule::Repeated}};
    auto bracket = brackets.find(word);
    if (bracket == brackets.end())
      return {Rule::Symbol, word, {}};
    Rule inner = choice();
    ++at;
    return {bracket->second, "", {inner}};
  }

  std::vector<std::string> tokens;
  size_t at = 0;
};

class Writer {
public:
  /// From where on nothing is written that may be left out.
  static constexpr int deep = 9;

  Writer(const std::map<std::string, Rule> &rules, unsigned seed) : rules(rules), random(seed) {
    for (size_t round = 0; round < rules.size(); ++round)
      for (const auto &[name, rule] : rules)
        heights[name] = height(rule);
  }

  std::string out;

  void write(const Rule &rule, int depth) {
    switch (rule.kind) {
    case Rule::Word:
      out += rule.text + ' ';
      return;
    case Rule::Symbol:
      return symbol(rule.text, depth);
    case Rule::Sequence:
      for (const Rule &part : rule.parts)
        write(part, depth);
      return;
    case Rule::Choice:
      return write(rule.parts[choose(rule, depth)], depth);
    case Rule::Optional:
      if (chance(depth))
        write(rule.parts[0], depth);
      return;
    case Rule::Repeated:
      for (int times = 0; times < 4 && chance(depth); ++times)
        write(rule.parts[0], depth);
      return;
    }
  }

private:
  bool chance(int depth) { return depth < deep && random() % 2; }

  /// Deep down the alternative that ends soonest.
  size_t choose(const Rule &rule, int depth) {
    if (depth < deep)
      return random() % rule.parts.size();
    return std::ranges::min_element(rule.parts, {},
                                    [&](const Rule &part) { return height(part); }) -
           rule.parts.begin();
  }

  /// How many productions deep the shallowest text of a rule is.
  int height(const Rule &rule) const {
    if (rule.kind == Rule::Symbol) {
      auto known = heights.find(rule.text);
      return std::isupper(static_cast<unsigned char>(rule.text[0])) ? 0
             : known == heights.end()                               ? 1000
                                                                    : known->second + 1;
    }
    if (rule.kind == Rule::Optional || rule.kind == Rule::Repeated)
      return 0;
    int found = rule.kind == Rule::Choice ? 1000 : 0;
    for (const Rule &part : rule.parts)
      found =
          rule.kind == Rule::Choice ? std::min(found, height(part)) : std::max(found, height(part));
    return found;
  }

  void symbol(const std::string &name, int depth) {
    static const std::vector<std::string> names = {"a",    "x1",     "_b",    "steps_",
                                                   "high", "tensor", "mirror"};
    if (name == "NAME")
      out += names[random() % names.size()] + ' ';
    else if (name == "PRIMED")
      out += names[random() % 3] + "' ";
    else if (name == "NUMBER")
      out += std::vector<std::string>{"1", "0.25", "1e-3", "2.5E+2", "inf"}[random() % 5] + ' ';
    else if (name == "STRING")
      out += "\"fc?.*\" ";
    else
      write(rules.at(name), depth + 1);
  }

  const std::map<std::string, Rule> &rules;
  std::map<std::string, int> heights;
  std::mt19937 random;
};

std::map<std::string, Rule> rulesOfThePage() {
  std::string page = readProjectFile("docs/language.md");
  size_t begin = page.find("```ebnf");
  EXPECT_NE(begin, std::string::npos);
  begin = page.find('\n', begin);
  return GrammarReader(page.substr(begin, page.find("```", begin) - begin)).read();
}

} // namespace

TEST(Grammar, WhatThePageDerivesIsParsed) {
  const std::map<std::string, Rule> rules = rulesOfThePage();
  size_t longest = 0;
  for (unsigned seed = 0; seed < 3000; ++seed) {
    Writer writer(rules, seed);
    writer.write(rules.at("file"), 0);
    longest = std::max(longest, writer.out.size());
    std::string errors = parseErrors(writer.out);
    // The page says that this one is refused though it can be derived, in two ways even.
    if (errors.find("can be read in two ways") == std::string::npos)
      ASSERT_EQ(errors, "") << "seed " << seed << ": " << writer.out;
  }
  EXPECT_GT(longest, 2000u);
}

TEST(Grammar, EveryProductionOfThePageIsDefinedAndUsed) {
  const std::map<std::string, Rule> rules = rulesOfThePage();
  std::map<std::string, int> uses;
  auto count = [&](auto &self, const Rule &rule) -> void {
    if (rule.kind == Rule::Symbol)
      ++uses[rule.text];
    for (const Rule &part : rule.parts)
      self(self, part);
  };
  for (const auto &[name, rule] : rules)
    count(count, rule);
  for (const auto &[name, times] : uses)
    EXPECT_TRUE(rules.contains(name) || std::isupper(static_cast<unsigned char>(name[0]))) << name;
  for (const auto &[name, rule] : rules)
    EXPECT_TRUE(name == "file" || uses.contains(name)) << name;
}
