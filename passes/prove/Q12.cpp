// Q12, a warning: no finite input makes what is published or stored NaN or infinite.
//
// What f32 can hold counts here, so values are rounded as kernels round them. Tensors whose weights
// are all equal are tried: there deviations are 0, maxima and means are the weight itself, and with
// it quotients lose their denominators.
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

/// Weights of the tensors that are tried; any number above 1 finds the same.
static constexpr double weightCount = 16;
/// Beyond, every product overflows, and no network has such latents.
static constexpr double largest = 0x1p60;

namespace {

class FiniteCheck {
public:
  explicit FiniteCheck(Clauses &clauses) : clauses(clauses), scratch(clauses.quantizer) {}

  Finding run();

private:
  using Values = DenseMap<Value, Numbers>;

  /// What must be finite, and what it is called.
  void watch(Value value, const Twine &name) { watched.emplace_back(value, name.str()); }
  /// All values where every weight has the latent `x`.
  Values valuesAt(double x);
  Values evaluate(const Point &point);
  /// What a leaf is at these values of the others.
  Numbers settled(const Leaf &leaf, const Numbers &before, const Values &values);
  double narrowed(ReduceOp reduce, const Values &values);
  /// The operation in which the trouble begins.
  Value causeOf(Value value, const Values &values);

  Clauses &clauses;
  Scratch scratch;
  std::vector<std::pair<Value, std::string>> watched;
  DenseMap<Value, Value> initial; ///< of the leaf of a state or learned value, what it begins with
};

} // namespace

static const char *nameOf(double number) {
  return std::isnan(number) ? "NaN" : number > 0 ? "infinite" : "-infinite";
}

/// As Scratch::evaluate, each value rounded to f32 unless it is the host's.
FiniteCheck::Values FiniteCheck::evaluate(const Point &point) {
  Values known;
  for (auto [leaf, numbers] : llvm::zip(scratch.leaves(), point))
    known[leaf.value] = numbers;
  for (Operation &op : scratch.block()) {
    Value result = op.getResult(0);
    Numbers operands, numbers(levelCount(result.getType()));
    for (Value operand : op.getOperands())
      llvm::append_range(operands, known[operand]);
    cast<CalculusOpInterface>(op).evaluate(operands, numbers);
    if (!getElementTypeOrSelf(result.getType()).isF64())
      for (double &number : numbers)
        number = static_cast<float>(number);
    known[result] = numbers;
  }
  return known;
}

double FiniteCheck::narrowed(ReduceOp reduce, const Values &values) {
  double each = values.lookup(reduce.getOperand())[0];
  bool isNone = reduce.getCondition() && values.lookup(reduce.getCondition())[0] == 0;
  switch (reduce.getKind()) {
  case Reduction::Sum:
    return isNone ? 0 : each * weightCount;
  case Reduction::Mean:
    return isNone ? 0 : each;
  case Reduction::Std:
    return isNone ? std::nan("") : 0 * each;
  case Reduction::Min:
    return isNone ? HUGE_VAL : each;
  case Reduction::Max:
    return isNone ? -HUGE_VAL : each;
  }
  return each;
}

Numbers FiniteCheck::settled(const Leaf &leaf, const Numbers &before, const Values &values) {
  if (leaf.kind == Leaf::Kind::Shared) {
    if (auto reduce = leaf.source.getDefiningOp<ReduceOp>())
      return {narrowed(reduce, values)};
    // Equal weights leave a fit's system singular, or fit.
    auto fit = leaf.source.getDefiningOp<FitOp>();
    return values.lookup(fit.getStart()[cast<OpResult>(leaf.source).getResultNumber()]);
  }
  Value begin = initial.lookup(leaf.value);
  if (!begin)
    return before;
  Numbers numbers = values.lookup(begin);
  if (leaf.kind == Leaf::Kind::Learned)
    for (double &number : numbers)
      if (!std::isnan(number))
        number = std::clamp(number, leaf.range.lo, leaf.range.hi);
  return numbers;
}

FiniteCheck::Values FiniteCheck::valuesAt(double x) {
  Point point = scratch.now(x);
  for (auto [leaf, numbers] : llvm::zip(scratch.leaves(), point))
    if (leaf.kind == Leaf::Kind::Latent && numbers.size() > 1)
      for (auto [i, number] : llvm::enumerate(numbers))
        number = static_cast<float>(x * std::cos(1.0 + 2.0 * i)); // one latent for each level
  // Each leaf follows from others, in no cycle: a statistic of a state, a state of a statistic.
  Values values = evaluate(point);
  for (size_t round = 0; round < point.size(); ++round) {
    Point next;
    for (auto [leaf, numbers] : llvm::zip(scratch.leaves(), point))
      next.push_back(settled(leaf, numbers, values));
    bool isSettled = std::equal(next.begin(), next.end(), point.begin());
    point = std::move(next);
    if (isSettled)
      break;
    values = evaluate(point);
  }
  return values;
}

Value FiniteCheck::causeOf(Value value, const Values &values) {
  if (const Leaf *leaf = scratch.leafOf(value)) {
    if (Value begin = initial.lookup(value))
      return causeOf(begin, values);
    auto reduce = leaf->source.getDefiningOp<ReduceOp>();
    bool isInherited = reduce && !areFinite(values.lookup(reduce.getOperand()));
    return isInherited ? causeOf(reduce.getOperand(), values) : value;
  }
  Value from = notFiniteOperand(value.getDefiningOp(), values);
  return from ? causeOf(from, values) : value;
}

Finding FiniteCheck::run() {
  Region &body = clauses.quantizer.getBody();
  for (auto learn : body.getOps<LearnOp>())
    watch(scratch.add(learn.getBody()), "the learned value `" + learn.getName() + "`");
  for (auto state : body.getOps<StateOp>())
    watch(scratch.add(state.getBody()), "the state `" + state.getName() + "`");
  if (Value weight = clauses.weight    ? clauses.weight.getResult()
                     : clauses.project ? clauses.project.getResult()
                                       : Value())
    watch(scratch.value(weight), "the weight");
  if (clauses.final)
    watch(scratch.add(clauses.final.getBody()), "`final`");
  if (!llvm::all_of(scratch.block(), llvm::IsaPred<CalculusOpInterface>))
    return Finding::proved("samples: nothing is known of an operation's values");
  size_t next = 0;
  for (auto learn : body.getOps<LearnOp>())
    initial[scratch.value(learn.getResult())] = watched[next++].first;
  for (auto state : body.getOps<StateOp>())
    initial[scratch.value(state.getResult())] = watched[next++].first;

  bool isShared = llvm::any_of(scratch.leaves(), [](const Leaf &leaf) {
    return leaf.kind == Leaf::Kind::Shared || leaf.kind == Leaf::Kind::Learned;
  });
  std::vector<double> points = samples(scratch, {})[1];
  for (int k = -40; k <= 60; k += 4)
    points.insert(points.end(), {std::ldexp(1.0, k), -std::ldexp(1.0, k)});
  llvm::sort(points, [](double a, double b) {
    return std::pair(std::abs(a), a < 0) < std::pair(std::abs(b), b < 0);
  });
  for (double x : points) {
    if (std::abs(x) > largest)
      break;
    Values values = valuesAt(x + 0.0); // of the zeros the positive one
    for (auto &[value, name] : watched) {
      Numbers found = values.lookup(value);
      if (areFinite(found))
        continue;
      Value cause = causeOf(value, values);
      double number =
          *llvm::find_if(values.lookup(cause), [](double each) { return !std::isfinite(each); });
      std::string text = name + " is not finite " +
                         (isShared ? "where every weight of a tensor has x = " : "at x = ") +
                         describe(x + 0.0) + ": `" + describe(cause) + "` is " + nameOf(number);
      return Finding::warned(text);
    }
  }
  return Finding::proved("samples: finite in f32 up to 2^60, and where all weights are equal");
}

/// Where the latent that a weight begins with is not finite: also outside of what P reaches, where
/// it has no inverse.
Finding prove::checkLatentOfQ12(Clauses &clauses) {
  const Finding fine = Finding::proved("samples: the latent begins finite");
  Scratch scratch(clauses.quantizer);
  Value root = scratch.add(clauses.latent.getBody());
  double low = -INFINITY, high = INFINITY; // the hull
  if (clauses.levels) {
    Scratch codebook(clauses.quantizer);
    Value levels = codebook.value(clauses.levels.getResult());
    Numbers now = levelsAt(codebook, levels, codebook.now(0));
    low = *llvm::min_element(now), high = *llvm::max_element(now);
  }
  bool areKnown = llvm::all_of(scratch.block(), llvm::IsaPred<CalculusOpInterface, InverseOp>);
  if (!areKnown || !root.getDefiningOp())
    return fine;
  for (double w0 :
       {0.0, 0.25, -0.25, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 16.0, -16.0, 0x1p60, -0x1p60}) {
    DenseMap<Value, Numbers> known;
    for (auto [leaf, numbers] : llvm::zip(scratch.leaves(), scratch.now(0)))
      known[leaf.value] = leaf.kind == Leaf::Kind::Argument ? Numbers(numbers.size(), w0) : numbers;
    for (Operation &op : scratch.block()) {
      Value result = op.getResult(0);
      Numbers operands, numbers(levelCount(result.getType()));
      for (Value operand : op.getOperands())
        llvm::append_range(operands, known[operand]);
      if (isa<InverseOp>(op)) {
        double u = operands[0];
        numbers[0] = u > low && u < high ? 0 : std::copysign(INFINITY, u);
        if (u < low || u > high)
          numbers[0] = NAN;
      } else {
        cast<CalculusOpInterface>(op).evaluate(operands, numbers);
      }
      if (!getElementTypeOrSelf(result.getType()).isF64())
        for (double &number : numbers)
          number = static_cast<float>(number);
      known[result] = numbers;
      if (result == root && !areFinite(numbers)) {
        double number = *llvm::find_if(numbers, [](double each) { return !std::isfinite(each); });
        return Finding::warned("the latent is not finite at w0 = " + describe(w0) + ": `" +
                               describe(root) + "` is " + nameOf(number));
      }
    }
  }
  return fine;
}

Finding prove::checkQ12(Clauses &clauses) { return FiniteCheck(clauses).run(); }
