// Inlining of clauses, and their values in double precision and in intervals.
#include "passes/prove/Scratch.h"

#include "dialect/calculus/Dependence.h"
#include "passes/Clauses.h"
#include "passes/prove/Course.h"
#include "passes/prove/Describe.h"

#include "mlir/IR/OperationSupport.h"
#include "mlir/IR/TypeUtilities.h"

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
  if (!calculus || isa<VectorType>(result.getType()))
    return result;
  Numbers operands;
  for (Value operand : copy->getOperands()) {
    auto found = numbers.find(operand);
    if (found == numbers.end())
      return result;
    operands.push_back(found->second);
  }
  double value;
  calculus.evaluate(operands, value);
  numbers[result] = value;
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
  return llvm::any_of(op->getOperands(), [&](Value operand) { return dependsOnLatent(operand); });
}

const Leaf *Scratch::sharedPartOf(Value value) const {
  if (const Leaf *leaf = leafOf(value)) {
    bool ofLatents = leaf->kind == Leaf::Kind::Shared &&
                     llvm::any_of(leaf->source.getDefiningOp()->getOperands(), [&](Value operand) {
                       return dependsOnLatent(operand) || sharedPartOf(operand);
                     });
    return ofLatents ? leaf : nullptr;
  }
  if (Operation *op = value.getDefiningOp())
    for (Value operand : op->getOperands())
      if (const Leaf *found = sharedPartOf(operand))
        return found;
  return nullptr;
}

std::optional<double> Scratch::number(Value value) const {
  auto found = numbers.find(value);
  return found == numbers.end() ? std::nullopt : std::optional(found->second);
}

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
  program = {root, count + all.size(), {}, {}, 0};
  DenseMap<Value, std::pair<unsigned, unsigned>> places;
  auto place = [&](Value value) {
    unsigned width = levelCount(value.getType());
    places[value] = {unsigned(program.places.size()), width};
    program.places.resize(program.places.size() + width, std::numeric_limits<double>::quiet_NaN());
  };
  for (const Leaf &leaf : all) // first, in their order
    place(leaf.value);
  for (Operation &op : const_cast<Block &>(body)) {
    Value value = op.getResult(0);
    if (!needed.contains(value))
      continue;
    place(value);
    auto [to, width] = places[value];
    if (std::optional<double> fixed = number(value)) {
      program.places[to] = *fixed;
    } else if (auto calculus = dyn_cast<CalculusOpInterface>(&op)) {
      Program::Step step{&op, {}, to, width};
      for (Value operand : op.getOperands())
        step.operands.push_back(places.lookup(operand));
      if (op.getNumOperands())
        program.steps.push_back(step);
      else
        calculus.evaluate({}, MutableArrayRef(program.places).slice(to, width));
    }
  }
  program.result = places.lookup(root).first;
}

double Scratch::evaluate(Value root, const Point &point) const {
  if (program.root != root || program.size != count + all.size())
    makeProgram(root);
  std::vector<double> places = program.places;
  unsigned next = 0;
  for (const Numbers &numbers : point)
    for (double number : numbers)
      places[next++] = number;
  SmallVector<double, 16> operands;
  for (const Program::Step &step : program.steps) {
    operands.clear();
    for (auto [from, width] : step.operands)
      operands.append(places.begin() + from, places.begin() + from + width);
    cast<CalculusOpInterface>(step.op).evaluate(operands,
                                                MutableArrayRef(places).slice(step.to, step.width));
  }
  return places[program.result];
}

/// Whether it is a whole number at every step.
static bool isWhole(Value value, const Scratch &scratch) {
  if (const Leaf *leaf = scratch.leafOf(value)) {
    auto counter = leaf->source.getDefiningOp<CounterOp>();
    return counter && counter.getKind() != Counter::LearningRate;
  }
  if (auto number = scratch.number(value))
    return *number == std::floor(*number);
  Operation *op = value.getDefiningOp();
  if (isa_and_present<arith::AddFOp, arith::SubFOp, arith::MulFOp>(op))
    return isWhole(op->getOperand(0), scratch) && isWhole(op->getOperand(1), scratch);
  return isa_and_present<RoundOp, math::FloorOp, math::CeilOp>(op);
}

/// What an op's operands tell together beside their ranges: of two clocks of a run one is not
/// beyond the other, and u - n floor(u / n) is a part of n.
static Interval boundsOf(Operation &op, const DenseMap<Value, Interval> &known,
                         const Scratch &scratch) {
  auto clockOf = [&](Value value) -> std::optional<Counter> {
    const Leaf *leaf = scratch.leafOf(value);
    auto counter = leaf ? leaf->source.getDefiningOp<CounterOp>() : CounterOp();
    return counter ? std::optional(counter.getKind()) : std::nullopt;
  };
  auto arePart = [&](Value part, Value whole) {
    auto a = clockOf(part), b = clockOf(whole);
    return a && b &&
           ((a == Counter::Step && b == Counter::Steps) ||
            (a == Counter::Epoch && (b == Counter::Epochs || b == Counter::Steps)));
  };
  if (isa<arith::DivFOp>(op) && arePart(op.getOperand(0), op.getOperand(1)))
    return {0, 1};
  if (!isa<arith::SubFOp>(op))
    return Interval::all();
  if (arePart(op.getOperand(1), op.getOperand(0)))
    return {0, infinity};
  // The period, where there is one.
  Value period;
  auto floor = op.getOperand(1).getDefiningOp<math::FloorOp>();
  if (auto times = op.getOperand(1).getDefiningOp<arith::MulFOp>())
    for (unsigned i : {0, 1})
      if (auto factor = times->getOperand(i).getDefiningOp<math::FloorOp>()) {
        floor = factor;
        period = times->getOperand(1 - i);
      }
  if (!floor)
    return Interval::all();
  Value u = floor.getOperand();
  Interval rest{0, 1};
  auto quotient = u.getDefiningOp<arith::DivFOp>();
  bool isWholePart = quotient && isWhole(quotient.getLhs(), scratch) &&
                     isWhole(quotient.getRhs(), scratch) && known.lookup(quotient.getRhs()).lo >= 1;
  if (period) {
    Interval length = known.lookup(period);
    if (!quotient || quotient.getRhs() != period || !(length.lo > 0))
      return Interval::all();
    u = quotient.getLhs();
    rest.hi = isWholePart ? length.hi - 1 : length.hi;
  } else if (isWholePart) {
    Interval length = known.lookup(quotient.getRhs());
    rest.hi = interval::div(Interval::point(length.hi - 1), Interval::point(length.hi)).hi;
  }
  if (op.getOperand(0) == u)
    return rest;
  // A sum of u and more.
  auto sum = op.getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum || (sum.getLhs() != u && sum.getRhs() != u))
    return Interval::all();
  Interval more = known.lookup(sum.getLhs() == u ? sum.getRhs() : sum.getLhs());
  return interval::add(rest, more);
}

/// What f32, or double precision, rounds to a number; only itself where it has few digits.
static Interval roundedTo(double number, bool isSingle) {
  bool isExact = std::ldexp(number, 20) == std::floor(std::ldexp(number, 20));
  double half =
      isExact || !std::isfinite(number) ? 0 : std::abs(number) * (isSingle ? 0x1p-24 : 0x1p-53);
  return {number - half, number + half};
}

DenseMap<Value, Interval> Scratch::ranges(const Box &box, Constants constants) const {
  DenseMap<Value, Interval> known;
  known.reserve(4 * all.size() + 64);
  for (auto [leaf, range] : llvm::zip(all, box))
    known[leaf.value] = range;
  for (Operation &op : const_cast<Block &>(body)) {
    Value result = op.getResult(0);
    if (auto fixed = number(result)) {
      bool isSingle = !getElementTypeOrSelf(result.getType()).isF64();
      known[result] = std::isnan(*fixed)                ? Interval::all()
                      : constants == Constants::Written ? roundedTo(*fixed, isSingle)
                                                        : Interval::point(*fixed);
      continue;
    }
    llvm::SmallVector<Interval> operands;
    for (Value operand : op.getOperands())
      operands.push_back(known[operand]);
    auto calculus = dyn_cast<CalculusOpInterface>(&op);
    Interval range = calculus ? calculus.range(operands) : Interval::all();
    Interval both = interval::intersect(range, boundsOf(op, known, *this));
    known[result] = both.isEmpty() ? range : both;
  }
  return known;
}

Interval Scratch::range(Value root, const Box &box, Constants constants) const {
  return ranges(box, constants).lookup(root);
}

bool Scratch::isPositive(Value value) const {
  if (const Leaf *leaf = leafOf(value))
    return leaf->isPositive;
  if (std::optional<double> fixed = number(value); fixed && *fixed != 0)
    return *fixed > 0;
  Operation *op = value.getDefiningOp();
  if (!op || dependsOnLatent(value) || isa<VectorType>(value.getType()))
    return false;
  auto positive = [&](unsigned i) { return isPositive(op->getOperand(i)); };
  auto least = [&](Value of) { return range(of, admissible()).lo; };
  if (isa<arith::TruncFOp, arith::ExtFOp, math::SqrtOp, math::PowFOp>(op))
    return positive(0);
  if (isa<arith::MulFOp, arith::DivFOp, arith::MinimumFOp>(op))
    return positive(0) && positive(1);
  if (isa<arith::MaximumFOp>(op))
    return positive(0) || positive(1);
  if (isa<ClampOp>(op))
    return positive(1) || (positive(0) && positive(2));
  if (isa<arith::AddFOp>(op))
    return (positive(0) && (positive(1) || least(op->getOperand(1)) >= 0)) ||
           (positive(1) && least(op->getOperand(0)) >= 0);
  if (isa<arith::SelectOp>(op))
    return positive(1) && positive(2);
  return isa<math::ExpOp, SigmoidOp>(op) || least(value) > 0;
}

Box Scratch::admissible() const {
  Box box;
  for (const Leaf &leaf : all)
    box.push_back(leaf.range);
  return box;
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
