// Exponents made of parameters.
#include "passes/Exponent.h"

#include "dialect/calculus/Dependence.h"
#include "dialect/calculus/Emit.h"
#include "passes/HostScalars.h"
#include "passes/ScaledLatent.h"
#include "passes/prove/Describe.h"

using namespace mlir;
using namespace bregman;
using prove::Polynomial;

prove::Atom Exponents::atomOf(Value value, llvm::function_ref<bool(Value)> isPositive) {
  auto *found = llvm::find_if(parts, [&](const Part &part) { return isSame(part.value, value); });
  if (found == parts.end()) {
    auto param = value.getDefiningOp<ParamOp>();
    Interval range = param ? calculus::admissible(param) : Interval::all();
    parts.push_back({value, range, !range.contains(0) || isPositive(value)});
    found = &parts.back();
  }
  return found - parts.begin();
}

std::optional<Exponent> Exponents::of(Value value, llvm::function_ref<bool(Value)> isPositive) {
  // Three thirds are 1, though f32 has no third.
  if (std::optional<double> number = constantOf(value))
    return prove::asWritten(*number, !value.getType().isF64());
  Operation *op = value.getDefiningOp();
  if (isa_and_present<arith::TruncFOp>(op))
    return of(op->getOperand(0), isPositive);
  if (!op || !isHost(value) || !value.getType().isF64() || movingPart(value))
    return std::nullopt;
  if (isa<arith::NegFOp>(op))
    return -*of(op->getOperand(0), isPositive);
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(op)) {
    auto a = of(op->getOperand(0), isPositive), b = of(op->getOperand(1), isPositive);
    if (!isa<arith::DivFOp>(op) || isNeverZero(*b))
      return prove::arithmetic(op, *a, *b);
  }
  return Exponent(Polynomial::atom(atomOf(value, isPositive)));
}

//===----------------------------------------------------------------------===//
// What is known of them
//===----------------------------------------------------------------------===//

Interval Exponents::rangeOf(const Polynomial &polynomial) const {
  Interval sum = Interval::point(0);
  for (const auto &[monomial, coefficient] : polynomial.terms()) {
    Interval term = coefficient;
    for (auto [atom, power] : monomial)
      term = interval::mul(term, interval::pow(parts[atom].range, Interval::point(power)));
    sum = interval::add(sum, term);
  }
  return sum;
}

bool Exponents::isNeverZero(const Polynomial &polynomial) const {
  if (!polynomial.isMonomial())
    return !rangeOf(polynomial).contains(0);
  const auto &[monomial, coefficient] = *polynomial.terms().begin();
  return !coefficient.contains(0) &&
         llvm::all_of(monomial, [&](auto factor) { return parts[factor.first].isNeverZero; });
}

/// The denominator is not 0 either: nothing is divided by what may be.
bool Exponents::isNeverZero(const Exponent &exponent) const { return isNeverZero(exponent.above); }

bool Exponents::isExact(const Exponent &exponent) {
  auto isPoint = [](const auto &term) { return term.second.isPoint(); };
  return llvm::all_of(exponent.above.terms(), isPoint) &&
         llvm::all_of(exponent.below.terms(), isPoint);
}

std::optional<double> Exponents::numberOf(const Exponent &exponent) {
  if (!exponent.isConstant() || !isExact(exponent))
    return std::nullopt;
  return exponent.above.value().lo / exponent.below.value().lo;
}

//===----------------------------------------------------------------------===//
// As text and as host arithmetic
//===----------------------------------------------------------------------===//

std::string Exponents::text(const Polynomial &polynomial) const {
  std::string sum;
  for (const auto &[monomial, coefficient] : polynomial.terms()) {
    double number = coefficient.lo;
    if (!sum.empty()) {
      sum += number < 0 ? " - " : " + ";
      number = std::abs(number);
    }
    std::string over, under;
    if (number != 1)
      over = number == -1 ? "-1" : prove::describe(number);
    for (auto [atom, power] : monomial) {
      std::string part = prove::describe(parts[atom].value);
      if (part.find(' ') != std::string::npos)
        part = "(" + part + ")";
      if (std::abs(power) != 1)
        part += "^" + std::to_string(std::abs(power));
      std::string &side = power < 0 ? under : over;
      side += (power < 0 ? " / " : side.empty() ? "" : " * ") + part;
    }
    sum += (over.empty() ? "1" : over) + under;
  }
  return sum.empty() ? "0" : sum;
}

std::string Exponents::text(const Exponent &exponent) const {
  auto wrapped = [](const std::string &text) {
    return text.find(' ') == std::string::npos ? text : "(" + text + ")";
  };
  std::string over = text(exponent.above), under = text(exponent.below);
  return under == "1" ? wrapped(over) : "(" + wrapped(over) + " / " + wrapped(under) + ")";
}

HostScalar Exponents::build(const Polynomial &polynomial, HostArithmetic &host,
                            llvm::function_ref<Value(Value)> place) const {
  HostScalar sum = 0;
  for (const auto &[monomial, coefficient] : polynomial.terms()) {
    HostScalar term = coefficient.lo;
    for (auto [atom, power] : monomial) {
      HostScalar part(place(parts[atom].value));
      if (std::abs(power) != 1)
        part = host.pow(part, double(std::abs(power)));
      term = power < 0 ? host.div(term, part) : host.mul(term, part);
    }
    sum = host.add(sum, term);
  }
  return sum;
}

HostScalar Exponents::build(const Exponent &exponent, HostArithmetic &host,
                            llvm::function_ref<Value(Value)> place) const {
  return host.div(build(exponent.above, host, place), build(exponent.below, host, place));
}
