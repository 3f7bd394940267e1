// The host scalars of one step: a straight-line program in double precision, evaluated once per
// step. It is what a method's `bregman.host` region becomes at run time.
#pragma once

#include "runtime/Result.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bregman {

class BREGMAN_API HostProgram {
public:
  /// Comparisons and the logical operations give 1 or 0; any other value but 0 counts as true.
  enum class Op : uint8_t {
    Constant,
    Input,
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Min,
    Max,
    Neg,
    Exp,
    Log,
    Log2,
    Sqrt,
    Tanh,
    Atanh,
    Sigmoid,
    Erf,
    Atan,
    Abs,
    Floor,
    Ceil,
    Round,
    Sign,
    Sgn,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
    Not,
    Select, ///< a ? b : c; the arm not taken cannot leak a NaN
  };

  /// One value. `a`, `b`, `c` are indices of earlier instructions; Input's `a` is an input's index.
  struct Instruction {
    Op op;
    int32_t a = -1, b = -1, c = -1;
    double constant = 0;
  };
  struct Output {
    std::string name;
    int32_t value;
    std::string place = {}; ///< in the spec, as "FILE:LINE:COLUMN"; empty where it has none
  };

  std::vector<std::string> inputs;
  std::vector<Instruction> code;
  std::vector<Output> outputs;

  /// The outputs, in their order, for `values` of the inputs in theirs.
  std::vector<double> run(std::span<const double> values) const;
  /// The same without allocating, for who runs it often: `scratch` is reused, `results` has one
  /// place per output.
  void run(std::span<const double> values, std::vector<double> &scratch,
           std::span<double> results) const;
  /// An instruction whose value is given instead of computed.
  struct Fixed {
    int32_t instruction;
    double value;
  };
  void run(std::span<const double> values, std::span<const Fixed> fixed,
           std::vector<double> &scratch, std::span<double> results) const;

  /// The index of an output, or -1.
  int indexOf(const std::string &output) const;
  /// The index of an input, or -1.
  int inputIndexOf(const std::string &input) const;
  /// For every input, whether one of the outputs `which` (by index) depends on it.
  std::vector<bool> inputsRead(std::span<const int> which) const;
};

} // namespace bregman
