// The host region of a method: collecting host expressions, sharing equal ones, naming them.
#include "passes/HostScalars.h"

#include "passes/Clauses.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace bregman;

bool bregman::isHost(Value value) {
  if (value.getType().isF64())
    return true;
  Operation *op = value.getDefiningOp();
  return value.getType().isInteger(1) && op && op->getNumOperands() > 0 &&
         llvm::all_of(op->getOperands(), [](Value operand) {
           return isHost(operand) ||
                  (operand.getType().isInteger(1) && matchPattern(operand, m_Constant()));
         });
}

HostScalars::HostScalars(MethodOp method, HostOp host)
    : method(method), host(host), builder(host.getContext()) {
  if (host.getBody().empty())
    host.getBody().emplaceBlock();
  for (StringRef name : {"g", "g.high", "w", "w.high", "w0", "freeze"})
    taken.insert(name);
}

void HostScalars::addParameter(ParamOp param, StringRef prefix) {
  builder.setInsertionPoint(host);
  auto clone = cast<ParamOp>(builder.clone(*param));
  clone.setName((prefix + param.getName()).str());
  parameters.map(param.getResult(), clone.getResult());
  if (clone.getName() == "optimizer.lr")
    lr = clone.getResult();
}

void HostScalars::addClock(OptimizerOp optimizer, StringAttr learned) {
  optimizer.walk([&](CounterOp clock) {
    if (clock.getKind() == Counter::T)
      parameters.map(clock.getResult(),
                     counter(Counter::T, /*next=*/false, clock.getLoc(), learned));
  });
}

/// A host expression, where the builder stands: only parameters and counters are there.
Value HostScalars::place(Value source, IRMapping &mapping) {
  if (Value parameter = parameters.lookupOrNull(source))
    return parameter;
  if (Value known = mapping.lookupOrNull(source))
    return known;
  Operation *op = source.getDefiningOp();
  // Where one state begins with another, that one begins too.
  if (auto state = dyn_cast<StateOp>(op))
    return place(yieldOf(state.getBody()).getValues().front(), mapping);
  if (auto schedule = dyn_cast<ScheduleOp>(op))
    return place(yieldOf(schedule.getBody()).getValues().front(), mapping);
  if (auto clock = dyn_cast<CounterOp>(op)) {
    if (clock.getKind() == Counter::LearningRate)
      return learningRate(clock);
    OpBuilder::InsertionGuard guard(builder);
    return counter(clock.getKind(), /*next=*/false, clock.getLoc());
  }
  for (Value operand : op->getOperands()) {
    Value placed = place(operand, mapping);
    if (!placed)
      return {};
    mapping.map(operand, placed);
  }
  Value made = builder.clone(*op, mapping)->getResult(0);
  mapping.map(source, made);
  return made;
}

LogicalResult HostScalars::addState(StateOp state, StringRef name) {
  builder.setInsertionPoint(host);
  auto made = StateOp::create(builder, state.getLoc(), state.getType(), builder.getStringAttr(name),
                              state.getExtentAttr());
  builder.setInsertionPointToStart(&made.getBody().emplaceBlock());
  YieldOp yield = yieldOf(state.getBody());
  IRMapping mapping;
  Value initial = place(yield.getValues().front(), mapping);
  if (!initial)
    return failure();
  YieldOp::create(builder, yield.getLoc(), initial);
  // Counters that it reads were put between it and the host region.
  made->moveBefore(host);
  states.insert({state.getResult(), {made, made.getResult()}});
  reserve(name);
  return success();
}

/// Before the first step nothing moves: attach publishes with the clock at step -1.
LogicalResult HostScalars::update(StateOp state, Value value, bool isPublished, Value due) {
  Value next = at(value, Time::Now), condition = due ? at(due, Time::Now) : Value();
  if (!next || (due && !condition))
    return failure();
  Value &now = states[state.getResult()].second;
  if (isPublished) {
    Location loc = value.getLoc();
    Value step = counter(Counter::Step, /*next=*/false, loc);
    builder.setInsertionPointToEnd(&host.getBody().front());
    Value zero = share(arith::ConstantOp::create(builder, loc, builder.getF64FloatAttr(0)));
    Value runs = share(arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGE, step, zero));
    condition = due ? share(arith::AndIOp::create(builder, loc, runs, condition)) : runs;
    next = share(arith::SelectOp::create(builder, loc, condition, next, now));
  }
  now = next;
  ++updates;
  return success();
}

/// An equal operation that is there already, or this one.
Value HostScalars::share(Operation *op) {
  for (Operation &other : *op->getBlock())
    if (&other != op &&
        OperationEquivalence::isEquivalentTo(&other, op, OperationEquivalence::IgnoreLocations)) {
      op->erase();
      return other.getResult(0);
    }
  return op->getResult(0);
}

Value HostScalars::counter(Counter kind, bool next, Location loc, StringAttr of) {
  builder.setInsertionPoint(host);
  return share(CounterOp::create(builder, loc, builder.getF64Type(), kind, next, of));
}

Value HostScalars::learningRate(CounterOp op) {
  if (!lr)
    op.emitError() << "Q10: quantizer `" << method.getQuantizer() << "` reads `lr`, but optimizer `"
                   << method.getOptimizer() << "` has no parameter of that name";
  return lr;
}

bool HostScalars::dependsOnTime(Value source) {
  Operation *op = source.getDefiningOp();
  if (auto counter = dyn_cast<CounterOp>(op))
    return counter.getKind() == Counter::Step || counter.getKind() == Counter::Epoch;
  if (isa<StateOp>(op))
    return true;
  if (auto schedule = dyn_cast<ScheduleOp>(op))
    return dependsOnTime(yieldOf(schedule.getBody()).getValues().front());
  return llvm::any_of(op->getOperands(), [&](Value operand) { return dependsOnTime(operand); });
}

Value HostScalars::at(Value source, Time time) {
  if (Value parameter = parameters.lookupOrNull(source))
    return parameter;
  if (auto state = states.find(source); state != states.end())
    return state->second.second;
  if (time == Time::Next && !dependsOnTime(source))
    time = Time::Now;
  std::pair<Value, int> key = {source, 2 * updates + int(time)};
  if (Value known = memo.lookup(key))
    return known;

  Operation *op = source.getDefiningOp();
  Value made;
  if (auto clock = dyn_cast<CounterOp>(op)) {
    bool moves = clock.getKind() == Counter::Step || clock.getKind() == Counter::Epoch;
    made = clock.getKind() == Counter::LearningRate
               ? learningRate(clock)
               : counter(clock.getKind(), moves && (clock.getNext() || time == Time::Next),
                         clock.getLoc());
  } else if (auto schedule = dyn_cast<ScheduleOp>(op)) {
    made = at(yieldOf(schedule.getBody()).getValues().front(), time);
  } else {
    IRMapping mapping;
    for (Value operand : op->getOperands()) {
      Value mapped = at(operand, time);
      if (!mapped)
        return {};
      mapping.map(operand, mapped);
    }
    builder.setInsertionPointToEnd(&host.getBody().front());
    made = share(builder.clone(*op, mapping));
  }
  return memo[key] = made;
}

Value HostScalars::asNumber(Value condition) {
  if (!condition.getType().isInteger(1))
    return condition;
  builder.setInsertionPointToEnd(&host.getBody().front());
  Location loc = condition.getLoc();
  Value one = share(arith::ConstantOp::create(builder, loc, builder.getF64FloatAttr(1)));
  Value zero = share(arith::ConstantOp::create(builder, loc, builder.getF64FloatAttr(0)));
  return share(arith::SelectOp::create(builder, loc, condition, one, zero));
}

StringAttr HostScalars::scalar(Value source, Time time) {
  Value value = at(source, time);
  if (!value)
    return {};
  StringAttr &name = names[value = asNumber(value)];
  if (name)
    return name;
  auto parameter = value.getDefiningOp<ParamOp>();
  std::string base = parameter ? parameter.getName().str() : describe(source);
  if (llvm::isDigit(base.front()))
    base = "n" + base;
  if (time == Time::Next && dependsOnTime(source))
    base += ".next";
  std::string unique = base;
  for (int count = 2; !taken.insert(unique).second; ++count)
    unique = base + "_" + std::to_string(count);
  name = builder.getStringAttr(unique);
  yielded.insert({name, value});
  return name;
}

LogicalResult HostScalars::yieldAs(StringRef name, Value source, Time time) {
  Value value = at(source, time);
  if (!value)
    return failure();
  value = asNumber(value);
  taken.insert(name);
  StringAttr attribute = builder.getStringAttr(name);
  names.try_emplace(value, attribute);
  yielded.insert({attribute, value});
  return success();
}

void HostScalars::finish(Location loc) {
  SmallVector<Attribute> attributes;
  SmallVector<Value> values;
  for (auto &[source, state] : states)
    yielded.insert({builder.getStringAttr(state.first.getName() + ".new"), state.second});
  for (auto [name, value] : yielded) {
    attributes.push_back(name);
    values.push_back(value);
  }
  builder.setInsertionPointToEnd(&host.getBody().front());
  YieldOp::create(builder, loc, values, builder.getArrayAttr(attributes));
}

/// A number as a part of a name.
static std::string describeNumber(double number) {
  if (number == 0)
    return "zero";
  if (number == 1)
    return "one";
  if (number == 2)
    return "two";
  if (number == 0.5)
    return "half";
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%g", number);
  for (char &c : text)
    c = c == '-' ? 'm' : c == '.' ? 'p' : c == '+' ? '_' : c;
  return text;
}

/// A readable name for an expression, of letters, digits and underscores.
std::string HostScalars::describe(Value source) {
  FloatAttr number;
  if (matchPattern(source, m_Constant(&number)))
    return describeNumber(number.getValueAsDouble());
  // What the spec calls it, by `let`.
  if (auto named = dyn_cast<NameLoc>(source.getLoc()))
    return named.getName().str();
  std::string name = describe(source.getDefiningOp());
  return name.size() <= 48 ? name : "scalar";
}

static StringRef describe(arith::CmpFPredicate predicate) {
  using P = arith::CmpFPredicate;
  switch (predicate) {
  case P::OLT:
    return "below";
  case P::OLE:
    return "at_most";
  case P::OGT:
    return "above";
  case P::OGE:
    return "at_least";
  case P::OEQ:
    return "equals";
  case P::UNE:
    return "differs_from";
  default:
    return "compared_with";
  }
}

std::string HostScalars::describe(Operation *op) {
  auto operand = [&](unsigned index) { return describe(op->getOperand(index)); };
  auto infix = [&](StringRef word) { return operand(0) + "_" + word.str() + "_" + operand(1); };
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case([&](ParamOp op) { return op.getName().str(); })
      .Case([&](ScheduleOp op) { return op.getName().str(); })
      .Case([&](StateOp op) { return op.getName().str(); })
      .Case([&](CounterOp op) {
        return (stringifyCounter(op.getKind()) + (op.getNext() ? "_next" : "")).str();
      })
      .Case([&](arith::AddFOp) { return infix("plus"); })
      .Case([&](arith::SubFOp) { return infix("minus"); })
      .Case([&](arith::MulFOp) { return infix("times"); })
      .Case([&](arith::DivFOp) { return infix("over"); })
      .Case([&](math::PowFOp) { return infix("to"); })
      .Case([&](arith::NegFOp) { return "minus_" + operand(0); })
      .Case([&](arith::CmpFOp op) { return infix(::describe(op.getPredicate())); })
      .Case([&](arith::AndIOp) { return infix("and"); })
      .Case([&](arith::OrIOp) { return infix("or"); })
      .Default([&](Operation *op) {
        std::string name = op->getName().stripDialect().str();
        for (Value value : op->getOperands())
          name += "_" + describe(value);
        return name;
      });
}
