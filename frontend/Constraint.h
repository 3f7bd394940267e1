// A plan's constraints as data: what stands behind `subject to`, for who has the two branches.
#pragma once

#include "runtime/HostProgram.h"
#include "runtime/Stepper.h"

#include <string>
#include <vector>

namespace bregman {

/// An expression of what two branches give, as straight-line code on tensors. Each value has no
/// axis of its own, the class axis (axis 1 of what a module or network gives), or the axis of a set
/// of levels.
struct TensorProgram {
  enum class Op {
    High, ///< what the float branch gives
    Low,
    Number, ///< `constants`, one, or one per level
    Scalar, ///< the output `index` of `scalars`
    Set,    ///< its operands, along the axis of a set
    Spread, ///< the operand, along the axis that this value has
    // Elementwise; conditions are booleans.
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Min,
    Max,
    Clamp,
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
    Ste,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
    Xor,
    Select,
    // Along the operand's axis.
    Softmax, ///< with a second operand, of that times the first
    Sparsemax,
    Hardmax,
    ReduceSum,
    ReduceMean,
    ReduceMin,
    ReduceMax,
    ReduceStd,
    // A value among levels.
    Nearest,
    SoftNearest, ///< value, steepness, levels
  };
  enum class Axis { None, Class, Set };

  struct Instruction {
    Op op;
    Axis axis = Axis::None;        ///< of its value
    std::vector<int32_t> operands; ///< earlier instructions
    std::vector<double> constants = {};
    int32_t index = 0;
  };

  /// Host values of the counters, by position.
  HostProgram scalars;
  /// The last one is the value.
  std::vector<Instruction> code;
};

/// One `subject to` of a plan: the mean of `distance` shall not exceed `bound`.
struct Constraint {
  std::string target; ///< a pattern of modules; empty: the networks' outputs
  TensorProgram distance;
  /// Of the counters: `bound`, the `multiplier` before the first period, its `rate`.
  HostProgram numbers;
  int64_t every = 1; ///< the period
  bool inEpochs = false;
  std::string location; ///< file:line:column, for messages
};

/// The outputs of a program of the counters in force in step `step`. Fails where it reads what
/// `timing` leaves unknown; `place` begins the message, `what` says who reads.
BREGMAN_API Result<std::vector<double>> countersProgramAt(const HostProgram &program, int64_t step,
                                                          const Timing &timing,
                                                          const std::string &place,
                                                          const std::string &what);

} // namespace bregman
