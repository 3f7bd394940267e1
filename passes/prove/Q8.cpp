// Q8: prox has a closed form for nonnegative sums of abs and square of x - a, or of
// y = x - nearest(x).
#include "passes/ProxTerms.h"
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

namespace {

class ProxCheck {
public:
  explicit ProxCheck(Clauses &clauses)
      : scratch(clauses.quantizer), root(scratch.add(clauses.prox.getBody())), algebra(scratch) {}

  Finding run();

private:
  /// c of c |y| or c y^2 as y is written, and s of y = s (x - a).
  struct Strength {
    const ProxTerm *term;
    Fraction weight, scale;
    Fraction ofSquare() const { return weight * scale * scale; }
  };

  Finding judge(const ProxTerm &term);
  Finding judgeFactors(const ProxTerm &term);
  Finding judgeWeight(const Strength &strength);
  Finding judgeKink(const Strength &kink, llvm::ArrayRef<Strength> kinks);
  Finding judgeSquares(llvm::ArrayRef<Strength> squares);
  Finding judgeTogether(llvm::ArrayRef<ProxTerm> terms);
  Strength strengthOf(const ProxTerm &term);
  Fraction formula(const ProxNumber &number);
  Fraction times(const Fraction &coefficient, const ProxNumber &by, bool divides);
  Sign signOf(const ProxNumber &number) { return algebra.sign(formula(number), line); }
  const Leaf *sharedPartOf(const ProxTerm &term);
  static std::string quoted(Value value) { return "`" + describe(value) + "`"; }
  static std::string hull(Interval range) {
    return "[" + describe(range.lo) + ", " + describe(range.hi) + "]";
  }

  Scratch scratch;
  Value root;
  Algebra algebra;
  const Piece line{-INFINITY, INFINITY};
};

Finding ProxCheck::run() {
  if (!scratch.dependsOnLatent(root))
    return Finding::refuted("prox does not depend on x");
  ProxTerms all = proxTerms(
      root, scratch.latent()->value, [&](Value value) { return scratch.dependsOnLatent(value); },
      [](Value a, Value b) { return a == b; });
  if (all.areTooMany)
    return Finding::refuted("prox has too many terms: sums of sums over levels are multiplied out, "
                            "and so is every `let` that is read twice");
  if (all.refused)
    return Finding::refuted("the term " + quoted(all.refused) +
                            " of prox has no closed form: a term is abs or the square of x - a, "
                            "or of x - nearest(x)");
  std::map<unsigned, std::vector<Strength>> squares; // of each level of the latent
  std::vector<Strength> kinks;
  for (const ProxTerm &term : all.terms) {
    if (Finding found = judge(term); found.verdict != Verdict::Proved)
      return found;
    (term.isSquare ? squares[term.level] : kinks).push_back(strengthOf(term));
  }
  for (const Strength &kink : kinks)
    if (Finding found = judgeKink(kink, kinks); found.verdict != Verdict::Proved)
      return found;
  for (auto &[level, ofLevel] : squares)
    if (Finding found = judgeSquares(ofLevel); found.verdict != Verdict::Proved)
      return found;
  return judgeTogether(all.terms);
}

/// What a term has to be whatever stands beside it.
Finding ProxCheck::judge(const ProxTerm &term) {
  if (const Leaf *shared = sharedPartOf(term))
    return Finding::refuted("the term " + quoted(term.whole) + " of prox reads `" + shared->name +
                            "`, which moves with x; a `state` may keep it");
  return judgeFactors(term);
}

const Leaf *ProxCheck::sharedPartOf(const ProxTerm &term) {
  for (const ProxTerm::Factor &factor : term.weight)
    if (const Leaf *shared = scratch.sharedPartOf(factor.number.value))
      return shared;
  for (const ProxTerm::Step &step : term.steps)
    if (const Leaf *shared = step.number.value ? scratch.sharedPartOf(step.number.value) : nullptr)
      return shared;
  return nullptr;
}

/// What divides is not 0, nor what x is multiplied by before something is added: the point a is
/// over that.
Finding ProxCheck::judgeFactors(const ProxTerm &term) {
  auto refuseZero = [&](const ProxNumber &number, StringRef how) -> std::optional<Finding> {
    Sign sign = signOf(number);
    if (sign == Sign::Positive || sign == Sign::Negative)
      return std::nullopt;
    return Finding::refuted("the term " + quoted(term.whole) + " of prox " + how.str() + " by " +
                            quoted(number.value) + ", which may be 0: it lies in " +
                            hull(algebra.range(formula(number), Interval::point(0))));
  };
  for (const ProxTerm::Factor &factor : term.weight)
    if (factor.divides)
      if (auto zero = refuseZero(factor.number, "is divided"))
        return *zero;
  using Kind = ProxTerm::Step::Kind;
  bool isMovedLater = false;
  for (const ProxTerm::Step &step : llvm::reverse(term.steps)) {
    isMovedLater |= step.kind == Kind::Add || step.kind == Kind::Subtract;
    if (step.kind == Kind::Divide || (step.kind == Kind::Multiply && isMovedLater))
      if (auto zero =
              refuseZero(step.number, step.kind == Kind::Divide ? "divides x" : "multiplies x"))
        return *zero;
  }
  return Finding::proved("");
}

Fraction ProxCheck::formula(const ProxNumber &number) {
  if (auto known = algebra.convert(number.value, number.level, line))
    return *known;
  return Polynomial::constant(scratch.range(number.value, scratch.admissible()));
}

Fraction ProxCheck::times(const Fraction &coefficient, const ProxNumber &by, bool divides) {
  Fraction factor = formula(by);
  if (!divides)
    return coefficient * factor;
  Sign side = algebra.sign(factor, line);
  if (side == Sign::Positive || side == Sign::Negative)
    return coefficient / factor;
  return Polynomial::constant(interval::div(algebra.range(coefficient, Interval::point(0)),
                                            algebra.range(factor, Interval::point(0))));
}

ProxCheck::Strength ProxCheck::strengthOf(const ProxTerm &term) {
  Strength result{&term, Fraction::constant(term.sign), Fraction::constant(1)};
  for (const ProxTerm::Factor &factor : term.weight)
    result.weight = times(result.weight, factor.number, factor.divides);
  using Kind = ProxTerm::Step::Kind;
  for (const ProxTerm::Step &step : term.steps)
    if (step.kind == Kind::Multiply || step.kind == Kind::Divide)
      result.scale = times(result.scale, step.number, step.kind == Kind::Divide);
  return result;
}

Finding ProxCheck::judgeWeight(const Strength &strength) {
  if (isNonNegative(algebra.sign(strength.weight, line)))
    return Finding::proved("");
  return Finding::refuted("the term " + quoted(strength.term->whole) +
                          " of prox has a coefficient that may be negative: it lies in " +
                          hull(algebra.range(strength.weight, Interval::point(0))));
}

/// Abs of one y is one abs.
Finding ProxCheck::judgeKink(const Strength &kink, llvm::ArrayRef<Strength> kinks) {
  if (isNonNegative(algebra.sign(kink.weight, line)))
    return Finding::proved("");
  Fraction total;
  for (const Strength &other : kinks)
    if (other.term->level == kink.term->level && other.term->nearest == kink.term->nearest &&
        other.term->steps == kink.term->steps)
      total = total + other.weight;
  return isNonNegative(algebra.sign(total, line)) ? Finding::proved("") : judgeWeight(kink);
}

/// Squares together are one square: of x - a whatever their centers are if they add up to more
/// than 0, of one center if they add up to no less.
Finding ProxCheck::judgeSquares(llvm::ArrayRef<Strength> squares) {
  Fraction total;
  bool haveOneCenter = true;
  for (const Strength &square : squares) {
    total = total + square.ofSquare();
    haveOneCenter &= square.term->nearest || square.term->steps == squares.front().term->steps;
  }
  Sign together = algebra.sign(total, line);
  if (together == Sign::Positive || (haveOneCenter && isNonNegative(together)))
    return Finding::proved("");
  for (const Strength &square : squares)
    if (Finding found = judgeWeight(square); found.verdict != Verdict::Proved)
      return found;
  return Finding::proved("");
}

/// Of the minima around each level only one kind of term says which is the lowest.
Finding ProxCheck::judgeTogether(llvm::ArrayRef<ProxTerm> terms) {
  const ProxTerm *nearest = nullptr, *plain = nullptr;
  for (const ProxTerm &term : terms) {
    const ProxTerm *&first = term.nearest ? nearest : plain;
    if (!first)
      first = &term;
    NearestOp one = first->nearest, other = term.nearest;
    if (one && one.getLevels() != other.getLevels())
      return Finding::refuted("prox has nearest(x) of several codebooks, in " +
                              quoted(first->whole) + " and in " + quoted(term.whole));
  }
  if (nearest && plain)
    return Finding::refuted("prox mixes x - nearest(x) in " + quoted(nearest->whole) +
                            " with x - a in " + quoted(plain->whole) +
                            ": together they may pull x to another level's cell");
  return Finding::proved("structure: a nonnegative sum of abs and square");
}

} // namespace

Finding prove::checkQ8(Clauses &clauses) {
  if (clauses.isAgile())
    return Finding::refuted("prox moves the latent, and agile mirror descent has none: use `update "
                            "lazy mirror`");
  return ProxCheck(clauses).run();
}
