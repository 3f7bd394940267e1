// Q6: `final` is a level for every finite x: whatever its staircases and `if`s choose is one.
#include "passes/prove/Cases.h"
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

namespace {

class FinalCheck {
public:
  explicit FinalCheck(Clauses &clauses)
      : clauses(clauses), scratch(clauses.quantizer),
        levels(scratch.value(clauses.levels.getResult())),
        root(scratch.add(clauses.final.getBody())), algebra(scratch),
        cases(clauses, scratch, algebra) {}

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
    auto all = cases.valuesOf(value);
    auto select = value.getDefiningOp<arith::SelectOp>();
    if (select && (!all || hasStates(select))) { // arm by arm
      Interval truth = scratch.range(select.getCondition(), scratch.admissible());
      return (truth.hi == 0 || isLevel(select.getTrueValue(), tried)) &&
             (truth.lo == 1 || isLevel(select.getFalseValue(), tried));
    }
    if (!all) {
      tried = "no finite set of values for `" + describe(value) + "`";
      return isLevelAlongTheLine(value);
    }
    for (const Fraction &choice : *all) {
      if (equalsLevel(choice))
        continue;
      tried = choice.isConstant() ? "the value " + describe(choice.value().lo)
                                  : "a value that equals no level identically";
      return isLevelAlongTheLine(value);
    }
    return true;
  }

  bool equalsLevel(const Fraction &choice) {
    return llvm::any_of(codebook, [&](const std::optional<Fraction> &level) {
      return level && cases.areEqual(choice, *level);
    });
  }

  /// Cases take each staircase by itself. Here the line is cut where any of them turns: on each
  /// piece, and at each cut, all have one value together.
  bool isLevelAlongTheLine(Value value) {
    const Leaf *latent = scratch.latent();
    if (!latent || isa<VectorType>(latent->value.getType()) || !scratch.dependsOnLatent(value))
      return false;
    std::vector<Piece> pieces = algebra.pieces(value);
    for (size_t i = 0; i < pieces.size(); ++i) {
      auto between = algebra.convert(value, 0, pieces[i]);
      if (!between || !equalsLevel(*between))
        return false;
      if (i == 0)
        continue;
      bool atStart = pieces[i].moves();
      auto here = algebra.valueAtEnd(value, pieces[atStart ? i : i - 1], atStart);
      if (!here || !equalsLevel(*here))
        return false;
    }
    return true;
  }

  bool hasStates(Operation *op) {
    return llvm::any_of(op->getOperands(), [&](Value operand) {
      const Leaf *leaf = scratch.leafOf(operand);
      Operation *inner = operand.getDefiningOp();
      return (leaf && leaf->kind == Leaf::Kind::State) || (inner && hasStates(inner));
    });
  }

  /// A state all of whose values, the initial one and those of `every`, are levels of their time.
  bool isStateOfLevels(Value value) {
    const Leaf *leaf = scratch.leafOf(value);
    if (!leaf || leaf->kind != Leaf::Kind::State || cases.isEnumerated(value))
      return false;
    if (pending.contains(value)) // what a state takes from itself was a level before
      return true;
    pending.insert(value);
    auto state = leaf->source.getDefiningOp<StateOp>();
    std::string name = leaf->name, tried;
    bool all = isLevel(scratch.add(state.getBody()), tried);
    for (auto every : clauses.quantizer.getBody().getOps<EveryOp>())
      if (Value next = yieldOf(every.getBody()).get(name))
        all = all && isLevel(scratch.add(every.getBody(), next), tried);
    pending.erase(value);
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

  bool isPossible(const Point &point, const DenseMap<Value, Numbers> &values) {
    for (auto [leaf, numbers] : llvm::zip(scratch.leaves(), point))
      if (leaf.kind == Leaf::Kind::State && !cases.mayBe(leaf, numbers[0]))
        return false;
    return scratch.isPossible(values);
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
            return std::abs(value - level) <= roundingOf(std::max(1.0, std::abs(level)));
          };
          bool comparable =
              std::isfinite(value) && llvm::all_of(here, [](double l) { return std::isfinite(l); });
          if (!std::isfinite(value) && width == 1 && isPossible(point, values))
            if (Operation *hole = findHole(scratch, root, point))
              return Finding::refuted("final has no value at x = " + describe(xs[k]) + ": `" +
                                      describe(hole->getResult(0)) + "`" +
                                      describeSetting(scratch, point));
          if (!comparable || llvm::any_of(here, near) || !isPossible(point, values))
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
  Cases cases;
  DenseSet<Value> pending;
};

} // namespace

Finding prove::checkQ6(Clauses &clauses) { return FinalCheck(clauses).run(); }
