// The specs of `trials/`.
#pragma once

#include "gtest/gtest.h"

#include <string>
#include <vector>

namespace bregman::test {

struct FiledTrial {
  std::string file, name;
  std::string messages; ///< the right verdict, a line for each error and warning, or `sound`
  std::string spec;

  std::string id() const { return file + "_" + name; }
};
inline void PrintTo(const FiledTrial &trial, std::ostream *out) { *out << trial.spec; }

std::vector<FiledTrial> filedTrials();

} // namespace bregman::test
