// A walk over the nodes of a host expression.
#include "frontend/spec/Evaluate.h"

#include <algorithm>
#include <cmath>

using namespace bregman::spec;

bool Node::constant() const {
  return op != Op::Invalid && op != Op::Declared && op != Op::Grad && dependencies == 0 &&
         type.host() && type.levels == 0;
}

static double sigmoid(double x) {
  double e = std::exp(-std::fabs(x));
  return std::isnan(x) ? x : (x < 0 ? e : 1) / (1 + e);
}

/// std::pow(1, NaN) and std::pow(NaN, 0) are 1; NaN passes through every function of the language.
static double power(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? std::nan("") : std::pow(a, b);
}
static double clamped(double value, double low, double high) {
  if (std::isnan(value) || std::isnan(low) || std::isnan(high))
    return std::nan("");
  return value < low ? low : value > high ? high : value;
}
static double least(double a, double b) { return std::isnan(a) || a < b ? a : b; }
static double greatest(double a, double b) { return std::isnan(a) || a > b ? a : b; }

static double valueOf(Op op, const std::vector<double> &v) {
  switch (op) {
  case Op::Negate:
    return -v[0];
  case Op::Add:
    return v[0] + v[1];
  case Op::Sub:
    return v[0] - v[1];
  case Op::Mul:
    return v[0] * v[1];
  case Op::Div:
    return v[0] / v[1];
  case Op::Pow:
    return power(v[0], v[1]);
  case Op::Min:
    return least(v[0], v[1]);
  case Op::Max:
    return greatest(v[0], v[1]);
  case Op::Clamp:
    return clamped(v[0], v[1], v[2]);
  case Op::Exp:
    return std::exp(v[0]);
  case Op::Log:
    return std::log(v[0]);
  case Op::Log2:
    return std::log2(v[0]);
  case Op::Sqrt:
    return std::sqrt(v[0]);
  case Op::Tanh:
    return std::tanh(v[0]);
  case Op::Atanh:
    return std::atanh(v[0]);
  case Op::Sigmoid:
    return sigmoid(v[0]);
  case Op::Erf:
    return std::erf(v[0]);
  case Op::Atan:
    return std::atan(v[0]);
  case Op::Abs:
    return std::fabs(v[0]);
  case Op::Floor:
    return std::floor(v[0]);
  case Op::Ceil:
    return std::ceil(v[0]);
  // floor(x + 0.5) would round the sum of the largest number below a half.
  case Op::Round:
    return v[0] - std::floor(v[0]) < 0.5 ? std::floor(v[0]) : std::ceil(v[0]);
  case Op::Sign:
    return std::isnan(v[0]) ? v[0] : v[0] < 0 ? -1 : 1;
  case Op::Sgn:
    return v[0] < 0 ? -1 : v[0] > 0 ? 1 : v[0];
  case Op::Less:
    return v[0] < v[1];
  case Op::LessEqual:
    return v[0] <= v[1];
  case Op::Greater:
    return v[0] > v[1];
  case Op::GreaterEqual:
    return v[0] >= v[1];
  case Op::Equal:
    return v[0] == v[1];
  case Op::NotEqual:
    return v[0] != v[1];
  case Op::And:
    return v[0] != 0 && v[1] != 0;
  case Op::Or:
    return v[0] != 0 || v[1] != 0;
  case Op::Not:
    return v[0] == 0;
  case Op::Select:
    return v[0] != 0 ? v[1] : v[2];
  case Op::Ste:
    return v[0];
  default:
    return std::nan("");
  }
}

namespace {

struct Evaluator {
  const std::map<const Declaration *, double> &params;
  int level; ///< of values with a level axis; -1 where there are none
  /// Abbreviations share nodes: each is evaluated once.
  std::map<const Node *, std::optional<double>> known;

  std::optional<double> run(const Node &node) {
    auto found = known.find(&node);
    if (found == known.end())
      found = known.emplace(&node, compute(node)).first;
    return found->second;
  }

  std::optional<double> compute(const Node &node) {
    if (!node.type.host() && level < 0)
      return std::nullopt;
    if (node.op == Op::Set)
      return run(*node.operands[level]);
    if (node.op == Op::Constant)
      return node.number;
    if (node.op == Op::Declared) {
      const Declaration &declaration = *node.declaration;
      if (declaration.kind == DeclarationKind::Schedule && declaration.value)
        return run(*declaration.value);
      if (declaration.kind != DeclarationKind::Param)
        return std::nullopt;
      auto value = params.find(&declaration);
      return value == params.end() ? declaration.number : value->second;
    }
    if (node.op > Op::Ste)
      return std::nullopt;
    std::vector<double> values;
    for (const Node *operand : node.operands) {
      std::optional<double> value = run(*operand);
      if (!value)
        return std::nullopt;
      values.push_back(*value);
    }
    return valueOf(node.op, values);
  }
};

} // namespace

std::optional<double> bregman::spec::evaluate(const Node &node,
                                              const std::map<const Declaration *, double> &params) {
  return Evaluator{params, -1, {}}.run(node);
}

std::optional<double>
bregman::spec::evaluateLevel(const Node &node, int level,
                             const std::map<const Declaration *, double> &params) {
  return Evaluator{params, level, {}}.run(node);
}
