// The only list of methods outside of the library's specs.
#include "frontend/bench/Cases.h"

#include <fstream>
#include <sstream>

using namespace bregman;
using namespace bregman::bench;

const std::vector<Case> &bregman::bench::cases() {
  static const std::vector<Case> all = {
      {"md_tanh_s", "momentum", {}},
      {"md_tanh_s", "adam", {}},
      {"md_ternary_s", "momentum", {}},
      {"md_softmax_s", "momentum", {-1, 1}},
      {"md_softmax_s", "momentum", {-1, 0, 1}},
      {"md_softmax_s", "momentum", {-1, -0.5, 0.5, 1}},
      {"md_softmax_s", "adam", {-1, 1}},
      {"md_softmax", "sgd", {}},
      {"pmf", "adam", {}},
      {"binary_connect", "adam", {}},
      {"proxquant", "adam", {}},
      {"float", "momentum", {}},
      {"float", "adam", {}},
  };
  return all;
}

std::string Case::title() const {
  std::string of = levels.empty() ? "" : " of " + std::to_string(levels.size()) + " levels";
  return quantizer + of + " by " + optimizer;
}

Result<Program> Case::load(const std::string &specs) const {
  const std::string path = specs + "/" + quantizer + ".breg";
  std::ifstream file(path);
  if (levels.empty() || !file)
    return Program::load(path); // which says what is wrong with a file
  std::stringstream content;
  content << file.rdbuf();
  std::string text = content.str();
  size_t keyword = text.find("\n  levels");
  size_t open = text.find('{', keyword), close = text.find('}', keyword);
  if (keyword == std::string::npos || close == std::string::npos)
    return Error{ErrorKind::Input, path + ": error: there is no clause `levels` to replace"};
  std::ostringstream list;
  for (float level : levels)
    list << (list.tellp() ? ", " : "") << level;
  return Program::parse(path, text.replace(open + 1, close - open - 1, list.str()));
}
