// Q6: `final` is a level for every finite x: whatever its staircases and `if`s choose is one.
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

namespace {

using Choices = std::optional<std::vector<Fraction>>;
/// More cases than that are not enumerated.
constexpr size_t maxChoices = 600;

class FinalCheck {
public:
  explicit FinalCheck(Clauses &clauses)
      : clauses(clauses), scratch(clauses.quantizer),
        levels(scratch.value(clauses.levels.getResult())),
        root(scratch.add(clauses.final.getBody())), algebra(scratch) {}

  Finding run() {
    for (unsigned i = 0; i < levelCount(levels.getType()); ++i)
      codebook.push_back(algebra.convert(levels, i, line));
    std::string tried;
    if (isLevel(root, tried))
      return Finding::proved("structure: a level in each case");
    if (auto found = refute())
      return *found;
    return Finding::undecided("structure gives " + (tried.empty() ? "nothing" : tried) +
                              ", samples gave levels only");
  }

private:
  bool isLevel(Value value, std::string &tried) {
    if (isStateOfLevels(value))
      return true;
    if (auto select = value.getDefiningOp<arith::SelectOp>()) {
      Interval truth = scratch.range(select.getCondition(), scratch.admissible());
      return (truth.hi == 0 || isLevel(select.getTrueValue(), tried)) &&
             (truth.lo == 1 || isLevel(select.getFalseValue(), tried));
    }
    Choices all = choices(value, 0);
    if (!all) {
      tried = "no finite set of values for `" + describe(value) + "`";
      return false;
    }
    for (const Fraction &choice : *all) {
      bool found = llvm::any_of(codebook, [&](const std::optional<Fraction> &level) {
        return level && (choice - *level).isZero();
      });
      if (found)
        continue;
      tried = choice.isConstant() ? "the value " + describe(choice.value().lo)
                                  : "a value that equals no level identically";
      return false;
    }
    return true;
  }

  /// A state all of whose values, the initial one and those of `every`, are levels.
  bool isStateOfLevels(Value value) {
    const Leaf *leaf = scratch.leafOf(value);
    if (!leaf || leaf->kind != Leaf::Kind::State || pending.contains(value))
      return false;
    pending.insert(value); // what a state takes from itself was a level before
    auto state = leaf->source.getDefiningOp<StateOp>();
    std::string name = leaf->name, tried;
    bool all = isLevel(scratch.add(state.getBody()), tried);
    for (auto every : clauses.quantizer.getBody().getOps<EveryOp>())
      if (Value next = yieldOf(every.getBody()).get(name))
        all = all && isLevel(scratch.add(every.getBody(), next), tried);
    pending.erase(value);
    return all;
  }

  Choices constants(ArrayRef<double> values) {
    std::vector<Fraction> all;
    for (double value : values)
      all.push_back(Fraction::constant(value));
    return all;
  }

  Choices elements(Value row) {
    std::vector<Fraction> all;
    for (unsigned i = 0; i < levelCount(row.getType()); ++i) {
      auto element = algebra.convert(row, i, line);
      if (!element)
        return std::nullopt;
      all.push_back(*element);
    }
    return all;
  }

  /// The values that `value` may take, each an expression of the host's numbers.
  Choices choices(Value value, unsigned level) {
    if (!scratch.dependsOnLatent(value)) {
      auto one = algebra.convert(value, level, line);
      return one ? Choices({*one}) : std::nullopt;
    }
    Operation *op = value.getDefiningOp();
    if (!op)
      return std::nullopt;
    if (isa<SignOp>(op))
      return constants({-1, 1});
    if (isa<SgnOp>(op))
      return constants({-1, 0, 1});
    if (isa<NearestOp, LowerOp, UpperOp>(op) && !scratch.dependsOnLatent(op->getOperand(1)))
      return elements(op->getOperand(1));
    if (isa<RoundOp, math::FloorOp, math::CeilOp>(op)) {
      Interval range = scratch.range(value, scratch.admissible());
      if (!(range.hi - range.lo <= 256))
        return std::nullopt;
      SmallVector<double> steps;
      for (double k = range.lo; k <= range.hi; ++k)
        steps.push_back(k);
      return constants(steps);
    }
    if (isa<arith::SelectOp>(op)) {
      Choices a = choices(op->getOperand(1), level), b = choices(op->getOperand(2), level);
      if (a && b)
        a->insert(a->end(), b->begin(), b->end());
      return a && b ? a : std::nullopt;
    }
    if (isa<arith::TruncFOp, arith::ExtFOp, SteOp>(op))
      return choices(op->getOperand(0), level);
    if (isa<vector::BroadcastOp>(op))
      return choices(op->getOperand(0), 0);
    if (auto sum = dyn_cast<ReduceOp>(op))
      return chosenByHardmax(sum);
    if (isa<arith::NegFOp>(op))
      return combine(constants({-1}), choices(op->getOperand(0), level), op);
    if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(op))
      return combine(choices(op->getOperand(0), level), choices(op->getOperand(1), level), op);
    return std::nullopt;
  }

  /// sum(q * hardmax(e)) is one of the entries of q.
  Choices chosenByHardmax(ReduceOp sum) {
    auto product = sum.getOperand().getDefiningOp<arith::MulFOp>();
    if (sum.getKind() != Reduction::Sum || !product)
      return std::nullopt;
    for (unsigned i : {0u, 1u})
      if (product->getOperand(i).getDefiningOp<HardmaxOp>() &&
          !scratch.dependsOnLatent(product->getOperand(1 - i)))
        return elements(product->getOperand(1 - i));
    return std::nullopt;
  }

  Choices combine(Choices a, Choices b, Operation *op) {
    if (!a || !b || a->size() * b->size() > maxChoices)
      return std::nullopt;
    std::vector<Fraction> all;
    for (const Fraction &x : *a)
      for (const Fraction &y : *b) {
        if (isa<arith::DivFOp>(op) && y.isZero())
          return std::nullopt;
        Fraction value = isa<arith::AddFOp>(op)   ? x + y
                         : isa<arith::SubFOp>(op) ? x - y
                         : isa<arith::DivFOp>(op) ? x / y
                                                  : x * y;
        bool known =
            llvm::any_of(all, [&](const Fraction &other) { return (other - value).isZero(); });
        if (!known)
          all.push_back(value);
      }
    return all;
  }

  /// Whether a little to the left and to the right the value is the same: then it is that of no
  /// tie that rounding may decide otherwise. For values that intervals know by their hull alone.
  bool isStable(Point point, double value) {
    for (double away : {-0x1p-20, 0x1p-20}) {
      Point beside = point;
      for (auto [leaf, numbers] : llvm::zip(scratch.leaves(), beside))
        if (leaf.kind == Leaf::Kind::Latent)
          numbers[0] += away * std::max(1.0, std::abs(numbers[0]));
      if (std::abs(scratch.evaluate(root, beside) - value) > 1e-12 * std::max(1.0, std::abs(value)))
        return false;
    }
    return true;
  }

  std::optional<Finding> refute() {
    Numbers now = levelsAt(scratch, levels, scratch.now(0));
    std::vector<std::vector<double>> tiers = samples(scratch, now);
    for (std::vector<double> &tier : tiers) // the smallest first
      llvm::sort(tier, [](double a, double b) {
        return std::abs(a) == std::abs(b) ? a > b : std::abs(a) < std::abs(b);
      });
    const Leaf *latent = scratch.latent();
    int64_t width = latent ? levelCount(latent->value.getType()) : 1;
    for (std::vector<double> &xs : tiers)
      for (Point point : settings(scratch))
        for (size_t k = 0; k < xs.size(); ++k) {
          for (auto [leaf, numbers] : llvm::zip(scratch.leaves(), point))
            if (leaf.kind == Leaf::Kind::Latent)
              for (int64_t i = 0; i < width; ++i) // neighbours, in no order
                numbers[i] = xs[(k + i * 37) % xs.size()];
          auto values = scratch.evaluate(point);
          double value = values.lookup(root)[0];
          Numbers here = values.lookup(levels);
          auto near = [&](double level) {
            return std::abs(value - level) <= 1e-9 * std::max(1.0, std::abs(level));
          };
          bool comparable =
              std::isfinite(value) && llvm::all_of(here, [](double l) { return std::isfinite(l); });
          if (!comparable || llvm::any_of(here, near) || !scratch.isPossible(values))
            continue;
          if (width == 1) {
            Box box;
            for (const Numbers &numbers : point)
              box.push_back(Interval::point(numbers[0]));
            Interval range = scratch.range(root, box);
            bool isOpen = llvm::any_of(here, [&](double level) { return range.contains(level); });
            if (isOpen && !isStable(point, value))
              continue;
          }
          std::string text = "final is not a level: ";
          if (latent) {
            text += "at x = ";
            for (int64_t i = 0; i < width; ++i)
              text += (i ? ", " : "") + describe(xs[(k + i * 37) % xs.size()]);
            text += " ";
          }
          text += "it is " + describe(value) + ", and the levels are ";
          for (auto [i, level] : llvm::enumerate(here))
            text += (i ? ", " : "") + describe(level);
          return Finding::refuted(text + describeSetting(scratch, point));
        }
    return std::nullopt;
  }

  Clauses &clauses;
  Scratch scratch;
  Value levels, root;
  Algebra algebra;
  Piece line{-INFINITY, INFINITY};
  std::vector<std::optional<Fraction>> codebook;
  DenseSet<Value> pending;
};

} // namespace

Finding prove::checkQ6(Clauses &clauses) { return FinalCheck(clauses).run(); }
