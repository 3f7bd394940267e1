// The interpreter of host programs. A program has some tens of instructions and runs once per step,
// so it is a plain switch in double precision; each function follows the language's "Numbers".
#include "runtime/HostProgram.h"

#include <cassert>
#include <cmath>
#include <limits>

namespace bregman {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Ties go to the larger. floor(x + 0.5) would round 0.49999999999999994 up.
double roundTiesUp(double x) {
  double below = std::floor(x);
  return x - below >= 0.5 ? below + 1 : below;
}

/// std::pow gives 1 for pow(1, NaN) and pow(NaN, 0); here NaN passes through every function.
double power(double a, double b) { return std::isnan(a) || std::isnan(b) ? nan : std::pow(a, b); }

/// Unlike std::fmin: a NaN on either side is the result, and -0 is less than +0.
double minimum(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return nan;
  if (a == b)
    return std::signbit(a) ? a : b;
  return a < b ? a : b;
}

double maximum(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return nan;
  if (a == b)
    return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

/// Never overflows on the way, so that results near 0 keep their relative accuracy.
double sigmoid(double x) {
  double e = std::exp(-std::fabs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

double sign(double x) { return std::isnan(x) ? nan : x < 0 ? -1 : 1; }
double sgn(double x) { return std::isnan(x) ? nan : x < 0 ? -1 : x > 0 ? 1 : 0; }

double apply(HostProgram::Op op, double a, double b, double c) {
  using Op = HostProgram::Op;
  // clang-format off: a table
  switch (op) {
  case Op::Constant:
  case Op::Input:
    break; // They read no earlier value: the caller handles them.
  case Op::Add: return a + b;
  case Op::Sub: return a - b;
  case Op::Mul: return a * b;
  case Op::Div: return a / b;
  case Op::Pow: return power(a, b);
  case Op::Min: return minimum(a, b);
  case Op::Max: return maximum(a, b);
  case Op::Neg: return -a;
  case Op::Exp: return std::exp(a);
  case Op::Log: return std::log(a);
  case Op::Log2: return std::log2(a);
  case Op::Sqrt: return std::sqrt(a);
  case Op::Tanh: return std::tanh(a);
  case Op::Atanh: return std::atanh(a);
  case Op::Sigmoid: return sigmoid(a);
  case Op::Erf: return std::erf(a);
  case Op::Atan: return std::atan(a);
  case Op::Abs: return std::fabs(a);
  case Op::Floor: return std::floor(a);
  case Op::Ceil: return std::ceil(a);
  case Op::Round: return roundTiesUp(a);
  case Op::Sign: return sign(a);
  case Op::Sgn: return sgn(a);
  case Op::Less: return a < b;
  case Op::LessEqual: return a <= b;
  case Op::Greater: return a > b;
  case Op::GreaterEqual: return a >= b;
  case Op::Equal: return a == b;
  case Op::NotEqual: return a != b;
  case Op::And: return a != 0 && b != 0;
  case Op::Or: return a != 0 || b != 0;
  case Op::Not: return a == 0;
  case Op::Select: return a != 0 ? b : c;
  }
  // clang-format on
  assert(false && "host instruction without a meaning");
  return nan;
}

} // namespace

std::vector<double> HostProgram::run(std::span<const double> values) const {
  std::vector<double> scratch, results(outputs.size());
  run(values, scratch, results);
  return results;
}

void HostProgram::run(std::span<const double> values, std::vector<double> &scratch,
                      std::span<double> results) const {
  run(values, {}, scratch, results);
}

void HostProgram::run(std::span<const double> values, std::span<const Fixed> fixed,
                      std::vector<double> &scratch, std::span<double> results) const {
  assert(values.size() == inputs.size() && "one value per input");
  assert(results.size() == outputs.size() && "one place per output");
  scratch.resize(code.size());
  auto operand = [&](int32_t index) { return index < 0 ? 0.0 : scratch[index]; };
  for (size_t i = 0; i < code.size(); ++i) {
    const Instruction &in = code[i];
    if (in.op == Op::Constant) {
      scratch[i] = in.constant;
    } else if (in.op == Op::Input) {
      assert(in.a >= 0 && size_t(in.a) < values.size() && "an input that does not exist");
      scratch[i] = values[in.a];
    } else {
      assert(in.a < int64_t(i) && in.b < int64_t(i) && in.c < int64_t(i) &&
             "a value used too early");
      scratch[i] = apply(in.op, operand(in.a), operand(in.b), operand(in.c));
    }
    for (const Fixed &given : fixed)
      if (given.instruction == int32_t(i))
        scratch[i] = given.value;
  }
  for (size_t i = 0; i < outputs.size(); ++i)
    results[i] = scratch[outputs[i].value];
}

int HostProgram::indexOf(const std::string &output) const {
  for (size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i].name == output)
      return int(i);
  return -1;
}

int HostProgram::inputIndexOf(const std::string &input) const {
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i] == input)
      return int(i);
  return -1;
}

std::vector<bool> HostProgram::inputsRead(std::span<const int> which) const {
  std::vector<bool> live(code.size()), read(inputs.size());
  for (int output : which)
    live[outputs[output].value] = true;
  for (size_t i = code.size(); i-- > 0;) {
    if (!live[i])
      continue;
    const Instruction &in = code[i];
    if (in.op == Op::Input) {
      read[in.a] = true;
      continue;
    }
    for (int32_t operand : {in.a, in.b, in.c})
      if (operand >= 0)
        live[operand] = true;
  }
  return read;
}

} // namespace bregman
