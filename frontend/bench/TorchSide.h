// LibTorch's contenders, from the library that sees LibTorch, where there is one.
#pragma once

#include "frontend/bench/Bench.h"
#include "frontend/bench/Cases.h"
#include "frontend/bench/Contender.h"

namespace bregman::bench {

class TorchSide {
public:
  /// Loads `library`. One that is not there gives no contenders; one that cannot be loaded is an
  /// error of the environment.
  static Result<TorchSide> load(const std::string &library);

  /// LibTorch's version; empty where there is none.
  const std::string &version() const { return torchVersion; }
  /// Everyone there who does the step of `measured`; nobody is a fine answer.
  std::vector<std::unique_ptr<Contender>> contenders(const Case &measured) const;

private:
  using Add = void (*)(const char *, const char *, const std::vector<float> &,
                       std::vector<std::unique_ptr<Contender>> *);
  Add add = nullptr;
  std::string torchVersion;
};

} // namespace bregman::bench
