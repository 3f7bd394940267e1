// The values of a scratch at points, in double precision.
#include "passes/prove/Scratch.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

DenseMap<Value, Numbers> Scratch::evaluate(const Point &point, Value held, double as) const {
  DenseMap<Value, Numbers> known;
  known.reserve(4 * all.size() + 64);
  for (auto [leaf, number] : llvm::zip(all, point))
    known[leaf.value] = number;
  for (Operation &op : const_cast<Block &>(body)) {
    Numbers operands, result(levelCount(op.getResult(0).getType()));
    for (Value operand : op.getOperands())
      llvm::append_range(operands, known[operand]);
    if (auto calculus = dyn_cast<CalculusOpInterface>(&op))
      calculus.evaluate(operands, result);
    else
      llvm::fill(result, std::numeric_limits<double>::quiet_NaN());
    if (op.getResult(0) == held)
      result = {as};
    known[op.getResult(0)] = result;
  }
  return known;
}

bool Scratch::isPossible(const DenseMap<Value, Numbers> &values) const {
  for (const Leaf &leaf : all) {
    auto reduce =
        leaf.kind == Leaf::Kind::Shared ? leaf.source.getDefiningOp<ReduceOp>() : ReduceOp();
    if (!reduce || (reduce.getCondition() && values.lookup(reduce.getCondition())[0] == 0))
      continue;
    double each = values.lookup(reduce.getOperand())[0], whole = values.lookup(leaf.value)[0];
    if (reduce.getKind() == Reduction::Max ? each > whole
                                           : reduce.getKind() == Reduction::Min && each < whole)
      return false;
    // A sum is so many means.
    if (reduce.getKind() != Reduction::Mean)
      continue;
    double sum = NAN, count = NAN;
    for (const Leaf &other : all) {
      auto total = other.source.getDefiningOp<ReduceOp>();
      if (!total || total.getKind() != Reduction::Sum || total.getExtent() != reduce.getExtent() ||
          total.getCondition() != reduce.getCondition())
        continue;
      double here = values.lookup(other.value)[0];
      if (total.getOperand() == reduce.getOperand())
        sum = here;
      else if (number(total.getOperand()) == 1.0)
        count = here;
    }
    bool isApart = std::abs(sum - whole * count) > 1e-9 * std::abs(sum);
    if (isApart) // NaN where there is no such sum
      return false;
  }
  return true;
}

void Scratch::makeProgram(Value root) const {
  DenseSet<Value> needed{root};
  for (Operation &op : llvm::reverse(const_cast<Block &>(body)))
    if (needed.contains(op.getResult(0)))
      needed.insert(op.operand_begin(), op.operand_end());
  program = {root, count + all.size(), {}, {}, {}, {}, 0};
  DenseMap<Value, std::pair<unsigned, unsigned>> places;
  DenseSet<Value> moving;
  auto place = [&](Value value) {
    unsigned width = levelCount(value.getType());
    places[value] = {unsigned(program.places.size()), width};
    program.places.resize(program.places.size() + width, std::numeric_limits<double>::quiet_NaN());
  };
  for (const Leaf &leaf : all) { // first, in their order
    place(leaf.value);
    if (leaf.kind == Leaf::Kind::Latent) {
      moving.insert(leaf.value);
      program.latent = places[leaf.value];
    }
  }
  for (Operation &op : const_cast<Block &>(body)) {
    Value value = op.getResult(0);
    if (!needed.contains(value))
      continue;
    place(value);
    auto [to, width] = places[value];
    if (std::optional<double> fixed = number(value)) {
      program.places[to] = *fixed;
    } else if (auto calculus = dyn_cast<CalculusOpInterface>(&op)) {
      Program::Step step{calculus, {}, to, width};
      for (Value operand : op.getOperands())
        step.operands.push_back(places.lookup(operand));
      bool moves = llvm::any_of(op.getOperands(), [&](Value of) { return moving.contains(of); });
      if (moves)
        moving.insert(value);
      if (op.getNumOperands())
        (moves ? program.moving : program.fixed).push_back(step);
      else
        calculus.evaluate({}, MutableArrayRef(program.places).slice(to, width));
    }
  }
  program.result = places.lookup(root).first;
}

void Scratch::run(ArrayRef<Program::Step> steps, MutableArrayRef<double> places) {
  SmallVector<double, 16> operands;
  for (const Program::Step &step : steps) {
    operands.clear();
    for (auto [from, width] : step.operands)
      operands.append(places.begin() + from, places.begin() + from + width);
    CalculusOpInterface(step.calculus).evaluate(operands, places.slice(step.to, step.width));
  }
}

std::vector<double> Scratch::evaluate(Value root, const Point &point,
                                      ArrayRef<double> latents) const {
  if (program.root != root || program.size != count + all.size())
    makeProgram(root);
  std::vector<double> places = program.places, values;
  unsigned next = 0;
  for (const Numbers &numbers : point)
    for (double number : numbers)
      places[next++] = number;
  run(program.fixed, places);
  values.reserve(latents.size());
  for (double x : latents) {
    llvm::fill(MutableArrayRef(places).slice(program.latent.first, program.latent.second), x);
    run(program.moving, places);
    values.push_back(places[program.result]);
  }
  return values;
}

double Scratch::evaluate(Value root, const Point &point) const {
  if (program.root != root || program.size != count + all.size())
    makeProgram(root);
  std::vector<double> places = program.places;
  unsigned next = 0;
  for (const Numbers &numbers : point)
    for (double number : numbers)
      places[next++] = number;
  run(program.fixed, places);
  run(program.moving, places);
  return places[program.result];
}

Point Scratch::inside(double x) const {
  Point point;
  for (auto [i, leaf] : llvm::enumerate(all)) {
    double value = x;
    if (leaf.kind != Leaf::Kind::Latent) {
      double low = std::max(leaf.range.lo, -16.0), high = std::min(leaf.range.hi, low + 16);
      value = leaf.range.isPoint() ? leaf.inForce : low + (0.37 + 0.01 * (i % 7)) * (high - low);
    }
    point.push_back(Numbers(levelCount(leaf.value.getType()), value));
  }
  return point;
}

Point Scratch::now(double x) const {
  Point point;
  for (const Leaf &leaf : all)
    point.push_back(Numbers(levelCount(leaf.value.getType()),
                            leaf.kind == Leaf::Kind::Latent ? x : leaf.inForce));
  return point;
}
