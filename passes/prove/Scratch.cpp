// Inlining of clauses.
#include "passes/prove/Scratch.h"

#include "dialect/calculus/Dependence.h"
#include "passes/Clauses.h"
#include "passes/prove/Course.h"
#include "passes/prove/Describe.h"

#include "mlir/IR/OperationSupport.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double infinity = std::numeric_limits<double>::infinity();

Scratch::~Scratch() {
  for (Operation *op : opaque) {
    op->dropAllReferences();
    op->destroy();
  }
  body.dropAllReferences();
}

/// Ops whose value is not that of their operands at one weight.
static bool isOpaque(Operation *op) {
  auto reduce = dyn_cast<ReduceOp>(op);
  return (reduce && reduce.getExtent()) || isa<FitOp, RandomOp, OptimizerStateOp>(op);
}

static Value yielded(Region &region) { return region.front().getTerminator()->getOperand(0); }

static Leaf counterLeaf(CounterOp counter) {
  Leaf leaf;
  leaf.kind = Leaf::Kind::Counter;
  leaf.name = stringifyCounter(counter.getKind()).str();
  switch (counter.getKind()) {
  case Counter::Step:
  case Counter::Epoch:
    leaf.range = {0, longRun};
    leaf.late = 1e30;
    break;
  case Counter::Steps:
  case Counter::Epochs:
  case Counter::T:
    leaf.range = {1, longRun};
    leaf.inForce = 1;
    leaf.late = 1e30;
    break;
  case Counter::LearningRate:
    leaf.range = {0, infinity};
    leaf.inForce = leaf.late = 1e-3;
    break;
  }
  return leaf;
}

static Leaf paramLeaf(ParamOp param) {
  Leaf leaf;
  leaf.kind = Leaf::Kind::Parameter;
  leaf.name = param.getName().str();
  leaf.inForce = leaf.late = param.getValue().convertToDouble();
  leaf.range = calculus::admissible(param);
  return leaf;
}

static double somewhereIn(Interval range) {
  return range.contains(1) ? 1 : std::isfinite(range.lo) ? range.lo : std::min(range.hi, 0.0);
}

/// What holds of the initial value and is kept by every assignment: the least interval that rounds
/// of assignments lead to, or a half line.
Interval Scratch::rangeOfState(StateOp state) {
  for (auto [other, range] : assumed)
    if (other == state)
      return range;
  if (assumed.size() >= 2 || isa<VectorType>(state.getResult().getType()))
    return Interval::all();
  auto rangeIn = [&](Region &region, Value value, Interval before) {
    Assumed inner = assumed;
    inner.push_back({state, before});
    Scratch scratch(quantizer, std::move(inner));
    Value root = scratch.add(region, value);
    return scratch.range(root, scratch.admissible());
  };
  Interval range = rangeIn(state.getBody(), {}, Interval::all());
  for (unsigned round = 0; round < 6; ++round) {
    Interval next = range;
    for (auto every : quantizer.getBody().getOps<EveryOp>())
      if (Value value = yieldOf(every.getBody()).get(state.getName()))
        next = interval::hull(next, rangeIn(every.getBody(), value, range));
    if (range.contains(next))
      return range;
    // It goes on like that, unless an average only comes near its end: then some way beyond holds.
    bool isNear = round == 2;
    if (round >= 2 && next.lo < range.lo)
      next.lo = isNear ? next.lo * (next.lo > 0 ? 0.5 : 2) : next.lo >= 0 ? 0 : -infinity;
    if (round >= 2 && next.hi > range.hi)
      next.hi = isNear ? next.hi * (next.hi > 0 ? 2 : 0.5) : next.hi <= 0 ? 0 : infinity;
    range = next;
  }
  return Interval::all();
}

/// The values of a reduction over weights, by the range of what is reduced.
Interval Scratch::rangeOfShared(Operation *op) {
  if (isa<RandomOp>(op))
    return {0, 1};
  auto reduce = dyn_cast<ReduceOp>(op);
  if (!reduce)
    return Interval::all();
  Interval each = range(reduce.getOperand(), admissible());
  bool mayBeNone = bool(reduce.getCondition());
  switch (reduce.getKind()) {
  case Reduction::Sum:
    return {each.lo >= 0 ? (mayBeNone ? 0 : each.lo) : -infinity,
            each.hi <= 0 ? (mayBeNone ? 0 : each.hi) : infinity};
  case Reduction::Mean:
    return mayBeNone ? interval::hull(each, Interval::point(0)) : each;
  case Reduction::Std:
    return {0, infinity};
  case Reduction::Min:
  case Reduction::Max:
    return mayBeNone ? Interval::all() : each;
  }
  return Interval::all();
}

Value Scratch::leaf(Value source) {
  if (Value known = inlined.lookupOrNull(source))
    return known;
  Leaf leaf;
  auto clock = source.getDefiningOp<CounterOp>();
  // At the end of a run, where its clock and its total are one.
  bool isTime = clock && (time == clock.getKind() ||
                          (time == Counter::Steps && clock.getKind() == Counter::Step) ||
                          (time == Counter::Epochs && clock.getKind() == Counter::Epoch));
  if (const Leaf *known = isTime ? latent() : nullptr) {
    inlined.map(source, known->value);
    return known->value;
  }
  if (auto param = source.getDefiningOp<ParamOp>()) {
    leaf = paramLeaf(param);
  } else if (auto counter = source.getDefiningOp<CounterOp>()) {
    leaf = counterLeaf(counter);
    if (isTime)
      leaf.kind = Leaf::Kind::Latent;
  } else if (auto schedule = source.getDefiningOp<ScheduleOp>()) {
    Scratch host(quantizer);
    Value root = host.add(schedule.getBody());
    Course course = courseOf(schedule);
    leaf.kind = Leaf::Kind::Schedule;
    leaf.name = schedule.getName().str();
    leaf.range = course.all;
    leaf.taken = course.taken;
    Point start = host.now(0), late = start;
    for (auto [into, of] : llvm::zip(late, host.leaves()))
      into = {of.late};
    leaf.isPositive = host.isPositive(root);
    leaf.inForce = host.evaluate(root, start);
    // Far out doubles lose what a period leaves; bounds know it.
    Box atLate;
    for (const Numbers &numbers : late)
      atLate.push_back(Interval::point(numbers[0]));
    Interval bounds = host.range(root, atLate);
    leaf.late = std::clamp(host.evaluate(root, late), bounds.lo, bounds.hi);
  } else if (auto state = source.getDefiningOp<StateOp>()) {
    leaf.kind = Leaf::Kind::State;
    leaf.name = state.getName().str();
    leaf.range = rangeOfState(state);
    leaf.inForce = leaf.late = somewhereIn(leaf.range);
  } else if (auto learn = source.getDefiningOp<LearnOp>()) {
    leaf.kind = Leaf::Kind::Learned;
    leaf.name = learn.getName().str();
    if (learn.getLow())
      leaf.range = {learn.getLow()->convertToDouble(), learn.getHigh()->convertToDouble()};
    leaf.inForce = leaf.late = somewhereIn(leaf.range);
  } else if (source.getDefiningOp<LatentOp>()) {
    leaf.kind = Leaf::Kind::Latent;
    leaf.name = "x";
  } else {
    leaf.kind = Leaf::Kind::Argument;
    bool isWeight = isa_and_present<LatentOp>(source.getParentBlock()->getParentOp());
    leaf.name = isWeight ? "w0" : "an argument";
  }
  leaf.source = source;
  Value value = add(leaf);
  inlined.map(source, value);
  return value;
}

Value Scratch::add(Leaf leaf) {
  leaf.isPositive |= leaf.range.lo > 0;
  MLIRContext *context = leaf.source.getContext();
  leaf.value =
      body.addArgument(leaf.source.getType(), NameLoc::get(StringAttr::get(context, leaf.name)));
  bool fixed = leaf.range.isPoint() && leaf.kind != Leaf::Kind::Latent;
  if (fixed)
    numbers[leaf.value] = leaf.inForce;
  all.push_back(leaf);
  return leaf.value;
}

/// Whether a schedule follows from another one: b = 1 - a is not free to be anything beside a.
static bool followsFromSchedule(Operation *op) {
  bool follows = false;
  op->getRegion(0).walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      follows |= operand.getDefiningOp<ScheduleOp>() != nullptr;
  });
  return follows;
}

Value Scratch::value(Value captured) {
  if (Value known = inlined.lookupOrNull(captured))
    return known;
  Operation *op = captured.getDefiningOp();
  if (isa_and_present<ScheduleOp>(op) && (time || followsFromSchedule(op))) {
    Value result = add(op->getRegion(0));
    inlined.map(captured, result);
    return result;
  }
  if (!op || isa<ParamOp, CounterOp, ScheduleOp, StateOp, LearnOp, LatentOp>(op))
    return leaf(captured);
  // A codebook that is a function: that of the latent.
  if (auto levels = dyn_cast<LevelsOp>(op))
    for (Value argument : levels.getBody().getArguments())
      for (auto latent : quantizer.getBody().getOps<LatentOp>())
        inlined.map(argument, leaf(latent.getResult()));
  // Declarations with a value: what they yield.
  if (isa<ProjectOp, WeightOp, LevelsOp>(op)) {
    Value result = add(op->getRegion(0));
    inlined.map(captured, result);
    return result;
  }
  clone(op, inlined);
  return inlined.lookup(captured);
}

/// A reduction over weights and its like: one leaf for equal ones.
void Scratch::addOpaque(Operation *op, IRMapping &mapping) {
  Operation *copy = op->clone(mapping);
  for (Operation *other : opaque)
    if (OperationEquivalence::isEquivalentTo(copy, other, OperationEquivalence::IgnoreLocations)) {
      copy->dropAllReferences();
      copy->destroy();
      for (auto [result, known] : llvm::zip(op->getResults(), other->getResults()))
        mapping.map(result, inlined.lookup(known));
      return;
    }
  opaque.push_back(copy);
  for (auto [result, source] : llvm::zip(op->getResults(), copy->getResults())) {
    Leaf leaf;
    leaf.kind = isa<RandomOp, OptimizerStateOp>(op) ? Leaf::Kind::Drawn : Leaf::Kind::Shared;
    leaf.source = source;
    leaf.name = describe(source);
    leaf.range = rangeOfShared(copy);
    if (auto reduce = dyn_cast<ReduceOp>(copy); reduce && !reduce.getCondition())
      leaf.isPositive =
          (reduce.getKind() == Reduction::Sum || reduce.getKind() == Reduction::Mean) &&
          isPositive(reduce.getOperand());
    leaf.inForce = leaf.late = isa<RandomOp>(op) ? 0.5 : somewhereIn(leaf.range);
    Value value = add(leaf);
    inlined.map(source, value);
    mapping.map(result, value);
  }
}

Value Scratch::clone(Operation *op, IRMapping &mapping) {
  for (Value operand : op->getOperands())
    if (!mapping.contains(operand))
      mapping.map(operand, value(operand));
  if (isOpaque(op)) {
    addOpaque(op, mapping);
    return mapping.lookup(op->getResult(0));
  }
  Operation *copy = op->clone(mapping);
  for (Operation &other : body) {
    if (!OperationEquivalence::isEquivalentTo(copy, &other, OperationEquivalence::IgnoreLocations))
      continue;
    copy->destroy();
    copy = nullptr;
    mapping.map(op->getResults(), other.getResults());
    return other.getResult(0);
  }
  body.push_back(copy);
  ++count;
  Value result = copy->getResult(0);
  mapping.map(op->getResult(0), result);

  auto calculus = dyn_cast<CalculusOpInterface>(copy);
  if (!calculus)
    return result;
  Numbers operands;
  for (Value operand : copy->getOperands()) {
    if (auto known = number(operand))
      operands.push_back(*known);
    else if (Numbers known = row(operand); !known.empty())
      operands.append(known);
    else
      return result;
  }
  Numbers values(levelCount(result.getType()));
  calculus.evaluate(operands, values);
  if (isa<VectorType>(result.getType()))
    rows[result] = values;
  else
    numbers[result] = values.front();
  return result;
}

Value Scratch::add(Region &region, Value result) {
  IRMapping local = inlined;
  for (Operation &op : region.front().without_terminator())
    clone(&op, local);
  if (!result)
    result = yielded(region);
  return local.contains(result) ? local.lookup(result) : value(result);
}

const Leaf *Scratch::leafOf(Value value) const {
  for (const Leaf &leaf : all)
    if (leaf.value == value)
      return &leaf;
  return nullptr;
}

const Leaf *Scratch::latent() const {
  for (const Leaf &leaf : all)
    if (leaf.kind == Leaf::Kind::Latent)
      return &leaf;
  return nullptr;
}

bool Scratch::dependsOnLatent(Value value) const {
  Operation *op = value.getDefiningOp();
  if (!op)
    return latent() && latent()->value == value;
  if (auto known = ofLatent.find(value); known != ofLatent.end())
    return known->second;
  bool depends =
      llvm::any_of(op->getOperands(), [&](Value operand) { return dependsOnLatent(operand); });
  return ofLatent[value] = depends;
}

const Leaf *Scratch::sharedPartOf(Value value) const {
  llvm::DenseSet<Value> seen;
  SmallVector<Value> open{value};
  while (!open.empty()) {
    Value next = open.pop_back_val();
    if (!seen.insert(next).second)
      continue;
    if (Operation *op = next.getDefiningOp()) {
      llvm::append_range(open, llvm::reverse(op->getOperands())); // the first one first
      continue;
    }
    const Leaf *leaf = leafOf(next);
    if (leaf && leaf->kind == Leaf::Kind::Shared &&
        llvm::any_of(leaf->source.getDefiningOp()->getOperands(), [&](Value operand) {
          return dependsOnLatent(operand) || sharedPartOf(operand);
        }))
      return leaf;
  }
  return nullptr;
}

std::optional<double> Scratch::number(Value value) const {
  auto found = numbers.find(value);
  return found == numbers.end() ? std::nullopt : std::optional(found->second);
}
