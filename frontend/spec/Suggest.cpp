// Optimal string alignment distance; what other languages call our functions.
#include "frontend/spec/Suggest.h"

#include <algorithm>
#include <map>

int bregman::spec::editDistance(std::string_view from, std::string_view to) {
  std::vector<std::vector<int>> cost(from.size() + 1, std::vector<int>(to.size() + 1));
  for (size_t i = 0; i <= from.size(); ++i)
    cost[i][0] = static_cast<int>(i);
  for (size_t j = 0; j <= to.size(); ++j)
    cost[0][j] = static_cast<int>(j);
  for (size_t i = 1; i <= from.size(); ++i)
    for (size_t j = 1; j <= to.size(); ++j) {
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                             cost[i - 1][j - 1] + (from[i - 1] != to[j - 1])});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  return cost[from.size()][to.size()];
}

std::string bregman::spec::closest(std::string_view word,
                                   const std::vector<std::string> &candidates) {
  // A third of the letters may be wrong; of one or two letters, one, but not all of them.
  int allowed = std::max<int>(1, static_cast<int>(word.size()) / 3);
  std::string best;
  for (const std::string &candidate : candidates) {
    int distance = editDistance(word, candidate);
    if (distance > allowed || distance >= static_cast<int>(word.size()))
      continue;
    allowed = distance - 1;
    best = candidate;
    if (allowed < 0)
      break;
  }
  return best;
}

std::string bregman::spec::didYouMean(std::string_view word,
                                      const std::vector<std::string> &candidates) {
  std::string found = closest(word, candidates);
  return found.empty() ? "" : "; did you mean '" + found + "'?";
}

static const std::map<std::string, std::string, std::less<>> &foreign() {
  static const std::map<std::string, std::string, std::less<>> table = {
      {"arctan", "atan(x)"},
      {"arctanh", "atanh(x)"},
      {"clip", "clamp(x, low, high)"},
      {"erfc", "1 - erf(x)"},
      {"exp2", "2 ^ x"},
      {"expit", "sigmoid(x)"},
      {"expm1", "exp(x) - 1"},
      {"fabs", "abs(x)"},
      {"hardtanh", "clamp(x, -1, 1)"},
      {"ln", "log(x)"},
      {"log10", "log(x) / log(10)"},
      {"log1p", "log(1 + x)"},
      {"logistic", "sigmoid(x)"},
      {"maximum", "max(x, y)"},
      {"minimum", "min(x, y)"},
      {"pow", "x ^ y"},
      {"power", "x ^ y"},
      {"rand", "random()"},
      {"relu", "max(x, 0)"},
      {"relu6", "clamp(x, 0, 6)"},
      {"rint", "round(x)"},
      {"rsqrt", "1 / sqrt(x)"},
      {"softplus", "log(1 + exp(x))"},
      {"softsign", "x / (1 + abs(x))"},
      {"square", "x ^ 2"},
      {"stop_gradient", "detach(x)"},
      {"where", "if x > 0 then a else b"},
  };
  return table;
}

std::string bregman::spec::writtenHere(std::string_view function) {
  auto found = foreign().find(function);
  return found == foreign().end() ? "" : found->second;
}

std::vector<std::string> bregman::spec::foreignNames() {
  std::vector<std::string> names;
  for (const auto &[name, here] : foreign())
    names.push_back(name);
  return names;
}
