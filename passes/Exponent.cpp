// Exponents made of parameters.
#include "passes/Exponent.h"

#include "dialect/calculus/Emit.h"
#include "dialect/calculus/IntervalMath.h"
#include "passes/prove/Describe.h"
#include "passes/prove/Polynomial.h"

#include <cmath>

using namespace mlir;
using namespace bregman;

Exponent::Exponent(double number)
    : number(number), node(std::make_shared<Node>(Node{'n', number})),
      range(Interval::point(number)) {
  samples.fill(number);
}

/// Its range, else the value in force.
static Interval rangeOf(ParamOp param) {
  double now = param.getValue().convertToDouble();
  return {param.getLow() ? param.getLow()->convertToDouble() : now,
          param.getHigh() ? param.getHigh()->convertToDouble() : now};
}

/// A parameter at places that have no relation to each other's, nor to those of other parameters.
static double sampleOf(ParamOp param, size_t index) {
  Interval range = rangeOf(param);
  double low = std::isfinite(range.lo) ? range.lo : std::min(0.3, range.hi - 3);
  double high = std::isfinite(range.hi) ? range.hi : std::max(3.7, low + 3);
  if (range.isPoint())
    low -= 0.3, high += 3.4;
  uint64_t mixed = 0x9e3779b97f4a7c15ULL * (index + 1);
  for (char each : param.getName()) {
    mixed = (mixed ^ uint8_t(each)) * 0xbf58476d1ce4e5b9ULL;
    mixed ^= mixed >> 29;
  }
  return low + (high - low) * double(mixed >> 11) * 0x1p-53;
}

std::optional<Exponent> Exponent::of(Value value) {
  // Three thirds are 1, though f32 has no third.
  if (std::optional<double> number = constantOf(value)) {
    Interval written = prove::asWritten(*number, !value.getType().isF64()).value();
    return Exponent(written.lo + (written.hi - written.lo) / 2);
  }
  Operation *op = value.getDefiningOp();
  if (auto param = dyn_cast_or_null<ParamOp>(op)) {
    Exponent result;
    result.number.reset();
    result.node = std::make_shared<Node>(Node{'p', 0, value});
    result.range = rangeOf(param);
    for (size_t i = 0; i < result.samples.size(); ++i)
      result.samples[i] = sampleOf(param, i);
    return result;
  }
  if (isa_and_present<arith::TruncFOp>(op))
    return of(op->getOperand(0));
  if (auto negation = dyn_cast_or_null<arith::NegFOp>(op)) {
    auto operand = of(negation.getOperand());
    return operand ? std::optional(Exponent(0) - *operand) : std::nullopt;
  }
  if (!isa_and_present<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(op) ||
      !value.getType().isF64())
    return std::nullopt;
  auto a = of(op->getOperand(0)), b = of(op->getOperand(1));
  if (!a || !b || (isa<arith::DivFOp>(op) && !b->isNeverZero()))
    return std::nullopt;
  return isa<arith::AddFOp>(op)   ? *a + *b
         : isa<arith::SubFOp>(op) ? *a - *b
         : isa<arith::MulFOp>(op) ? *a * *b
                                  : *a / *b;
}

Exponent Exponent::made(char op, const Exponent &other) const {
  Exponent result;
  result.number.reset();
  result.node = std::make_shared<Node>(Node{op, 0, {}, node, other.node});
  for (size_t i = 0; i < samples.size(); ++i) {
    double a = samples[i], b = other.samples[i];
    result.samples[i] = op == '+' ? a + b : op == '-' ? a - b : op == '*' ? a * b : a / b;
  }
  result.range = op == '+'   ? interval::add(range, other.range)
                 : op == '-' ? interval::add(range, interval::neg(other.range))
                 : op == '*' ? interval::mul(range, other.range)
                             : interval::div(range, other.range);
  bool isKept = ((op == '+' || op == '-') && other.isZero()) ||
                ((op == '*' || op == '/') && other.number == 1.0);
  if (isKept)
    result.node = node;
  else if ((op == '+' && isZero()) || (op == '*' && number == 1.0))
    result.node = other.node;
  result.simplify();
  return result;
}

/// The number that all these are, if they are one.
static std::optional<double> commonOf(ArrayRef<double> numbers) {
  for (double number : numbers)
    if (!(std::abs(number - numbers[0]) <= 1e-9 * std::max(1.0, std::abs(numbers[0]))))
      return std::nullopt;
  double fraction = std::round(numbers[0] * 5040) / 5040; // but for rounding
  return std::abs(fraction - numbers[0]) < 1e-9 ? fraction : numbers[0];
}

void Exponent::collect(const std::shared_ptr<const Node> &node,
                       std::vector<std::shared_ptr<const Node>> &parameters) {
  if (node->op == 'p')
    parameters.push_back(node);
  for (const auto &part : {node->left, node->right})
    if (part)
      collect(part, parameters);
}

/// What has one value at all samples is that number; else, if it is that, n a / b with parameters,
/// or 1, for a and b.
void Exponent::simplify() {
  if (std::optional<double> one = commonOf(samples)) {
    *this = Exponent(*one);
    return;
  }
  std::vector<std::shared_ptr<const Node>> parts{std::make_shared<Node>(Node{'n', 1})};
  collect(node, parts);
  if (parts.size() > 6)
    return;
  auto sampled = [](const Node &part, size_t index) {
    return part.op == 'p' ? sampleOf(part.parameter.getDefiningOp<ParamOp>(), index) : 1;
  };
  for (const auto &above : parts)
    for (const auto &below : parts) {
      std::array<double, 24> ratios;
      for (size_t i = 0; i < ratios.size(); ++i)
        ratios[i] = samples[i] * sampled(*below, i) / sampled(*above, i);
      std::optional<double> factor = commonOf(ratios);
      if (!factor)
        continue;
      auto joined = [](char op, const auto &a, const auto &b) {
        return std::make_shared<Node>(Node{op, 0, {}, a, b});
      };
      auto number = std::make_shared<Node>(Node{'n', *factor});
      node = above->op == 'n' ? number : *factor == 1 ? above : joined('*', number, above);
      if (below->op == 'p')
        node = joined('/', node, below);
      return;
    }
}

std::string Exponent::textOf(const Node &node) {
  if (node.op == 'n')
    return prove::describe(node.number);
  if (node.op == 'p')
    return prove::describe(node.parameter);
  return "(" + textOf(*node.left) + " " + node.op + " " + textOf(*node.right) + ")";
}

std::string Exponent::text() const { return textOf(*node); }

HostScalar Exponent::build(const Node &node, HostArithmetic &host,
                           llvm::function_ref<Value(Value)> place) {
  if (node.op == 'n')
    return node.number;
  if (node.op == 'p')
    return HostScalar(place(node.parameter));
  HostScalar a = build(*node.left, host, place), b = build(*node.right, host, place);
  return node.op == '+'   ? host.add(a, b)
         : node.op == '-' ? host.add(a, host.neg(b))
         : node.op == '*' ? host.mul(a, b)
                          : host.div(a, b);
}

HostScalar Exponent::build(HostArithmetic &host, llvm::function_ref<Value(Value)> place) const {
  return build(*node, host, place);
}
