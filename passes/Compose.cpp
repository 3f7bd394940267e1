// bregman-compose: a quantizer under an optimizer becomes a method.
#include "passes/GuardArms.h"
#include "passes/OptimizerReduction.h"
#include "passes/Passes.h"
#include "passes/PositiveScalars.h"
#include "passes/RegionWriter.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

namespace bregman {
#define GEN_PASS_DEF_COMPOSE
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

class Composer {
public:
  /// `others` are the learned values' optimizers where they are not the latent's.
  Composer(QuantizerOp quantizer, OptimizerOp optimizer, const llvm::StringMap<OptimizerOp> &others)
      : clauses(quantizer), optimizer(optimizer), others(others), builder(quantizer) {}
  ~Composer() {
    for (OptimizerOp copy : copies)
      copy.erase();
  }

  LogicalResult run();

private:
  std::vector<Instance> makeInstances();
  LogicalResult addStored(Composition &composition);
  LogicalResult writeBlocks(Composition &composition);
  Value isDue(EveryOp every);
  LogicalResult yieldSchedules(HostScalars &host);
  LogicalResult writeAttach(Composition &composition);
  LogicalResult writeStep(Composition &composition);
  LogicalResult writePublish(Composition &composition);
  LogicalResult writeFinal(Composition &composition);
  void namePositive(MethodOp method, HostScalars &host);
  template <typename Op> Op add(Location loc) {
    return Op::create(builder, loc, builder.getStrArrayAttr({}));
  }

  Clauses clauses;
  OptimizerOp optimizer;
  const llvm::StringMap<OptimizerOp> &others;
  SmallVector<OptimizerOp> copies;
  OpBuilder builder;
};

void yieldNamed(RegionWriter &writer, Location loc,
                ArrayRef<std::pair<std::string, Value>> results) {
  SmallVector<Value> values;
  SmallVector<Attribute> names;
  OpBuilder &builder = writer.getBuilder();
  for (auto &[name, value] : results) {
    names.push_back(builder.getStringAttr(name));
    values.push_back(value);
  }
  YieldOp::create(builder, loc, values, builder.getArrayAttr(names));
}

LogicalResult Composer::run() {
  QuantizerOp quantizer = clauses.quantizer;
  if (!clauses.step || !clauses.publish)
    return quantizer.emitOpError("has no step; `bregman-resolve-update` writes it");
  SmallVector<Attribute> schedules;
  for (auto schedule : quantizer.getBody().getOps<ScheduleOp>())
    schedules.push_back(schedule.getNameAttr());
  std::string name = (quantizer.getSymName() + "." + optimizer.getSymName()).str();
  auto method = MethodOp::create(builder, quantizer.getLoc(), builder.getStringAttr(name),
                                 quantizer.getSymNameAttr(), optimizer.getSymNameAttr(),
                                 builder.getArrayAttr(schedules));
  builder.setInsertionPointToStart(&method.getBody().emplaceBlock());
  auto hostOp = HostOp::create(builder, quantizer.getLoc());

  HostScalars host(method, hostOp);
  for (auto param : quantizer.getBody().getOps<ParamOp>())
    host.addParameter(param, "");
  Composition composition{clauses, makeInstances(), host, {}};
  for (Instance &instance : composition.instances) {
    for (auto param : instance.optimizer.getBody().getOps<ParamOp>())
      host.addParameter(param, instance.prefix);
    if (auto learned = instance.moves.getDefiningOp<LearnOp>())
      host.addClock(instance.optimizer, learned.getNameAttr());
  }
  builder.setInsertionPoint(hostOp);
  if (failed(addStored(composition)))
    return failure();

  builder.setInsertionPointToEnd(&method.getBody().front());
  if (failed(yieldSchedules(host)) || failed(writeAttach(composition)) ||
      failed(writeStep(composition)) || failed(writeBlocks(composition)) ||
      failed(writePublish(composition)) || failed(writeFinal(composition)))
    return failure();
  if (clauses.freeze &&
      failed(host.yieldAs("freeze", yieldOf(clauses.freeze.getBody()).getValues().front(),
                          Time::Next)))
    return failure();
  namePositive(method, host);
  host.finish(quantizer.getLoc());
  guardArms(method);
  return success();
}

void Composer::namePositive(MethodOp method, HostScalars &host) {
  llvm::SetVector<Attribute> positive;
  for (Value scalar : positiveScalars(clauses))
    for (Time time : {Time::Now, Time::Next})
      if (StringAttr name = host.nameOf(scalar, time))
        positive.insert(name);
  method.setPositiveAttr(builder.getArrayAttr(positive.getArrayRef()));
}

/// A learned value has an instance of its own: a copy of the definition, so that parameters and
/// states are other ones.
std::vector<Instance> Composer::makeInstances() {
  std::vector<Instance> instances{{clauses.latent.getResult(), "optimizer.", optimizer}};
  for (LearnOp learned : clauses.learned) {
    OptimizerOp other = others.lookup(learned.getName());
    OptimizerOp copy = (other ? other : optimizer).clone();
    copies.push_back(copy);
    instances.push_back({learned.getResult(), (learned.getName() + ".optimizer.").str(), copy});
  }
  return instances;
}

LogicalResult Composer::addStored(Composition &composition) {
  auto add = [&](std::string name, Value declaration, Type type, ExtentAttr extent) {
    Operation *op = declaration.getDefiningOp();
    StoredOp::create(builder, op->getLoc(), name, isa<LearnOp>(op), extent, IntegerAttr(), type);
    composition.host.reserve(name);
    composition.stored.push_back({name, type, declaration, op->getLoc()});
  };
  LatentOp latent = clauses.latent;
  add(latent.getDual() ? "dual" : "x", latent.getResult(), latent.getType(), ExtentAttr());
  for (Operation &op : clauses.quantizer.getBody().front())
    if (auto learned = dyn_cast<LearnOp>(op)) {
      add(learned.getName().str(), learned.getResult(), learned.getType(), learned.getExtentAttr());
    } else if (auto state = dyn_cast<StateOp>(op)) {
      if (!state.getType().isF64())
        add(state.getName().str(), state.getResult(), state.getType(), state.getExtentAttr());
      else if (failed(composition.host.addState(state, state.getName())))
        return failure();
    }
  for (Instance &instance : composition.instances)
    for (auto state : instance.optimizer.getBody().getOps<StateOp>()) {
      std::string name = instance.prefix + state.getName().str();
      if (state.getType().isF64()) {
        if (failed(composition.host.addState(state, name)))
          return failure();
        continue;
      }
      add(name, state.getResult(), instance.moves.getType(),
          extentInOptimizer(state.getExtentAttr(), instance.extent()));
    }
  return success();
}

/// What `trace` prints: every schedule at the present step.
LogicalResult Composer::yieldSchedules(HostScalars &host) {
  for (auto schedule : clauses.quantizer.getBody().getOps<ScheduleOp>())
    if (failed(host.yieldAs(schedule.getName(), schedule.getResult(), Time::Now)))
      return failure();
  return success();
}

/// In textual order; the latent's optimizer has its states before that, so that what reads
/// `optimizer.v` finds them.
LogicalResult Composer::writeAttach(Composition &composition) {
  auto attach = add<AttachOp>(clauses.latent.getLoc());
  RegionWriter writer(composition, attach.getBody(), Time::Now, "w0");
  writer.map(clauses.latent.getBody().getArgument(0), writer.firstArgument());
  llvm::StringMap<Value> values;
  auto write = [&](bool ofOptimizer) -> LogicalResult {
    for (const StoredValue &stored : composition.stored) {
      Operation *op = stored.declaration.getDefiningOp();
      if ((op->getParentOp() == optimizer) != ofOptimizer)
        continue;
      Value value = writer.clause(op->getRegion(0));
      if (!value)
        return failure();
      value = writer.widen(value, stored.type);
      writer.map(stored.declaration, value);
      values[stored.name] = value;
    }
    return success();
  };
  if (failed(write(/*ofOptimizer=*/true)) || failed(write(/*ofOptimizer=*/false)))
    return failure();
  SmallVector<std::pair<std::string, Value>> results;
  for (const StoredValue &stored : composition.stored)
    results.emplace_back(stored.name, values.lookup(stored.name));
  yieldNamed(writer, attach.getLoc(), results);
  attach.setArgNamesAttr(writer.finish());
  return success();
}

/// The values that a step or a block yields; those per run become the host's.
static LogicalResult writeNewValues(Composition &composition, RegionWriter &writer, YieldOp yield,
                                    Value due,
                                    SmallVectorImpl<std::pair<std::string, Value>> &results) {
  for (auto [index, value] : llvm::enumerate(yield.getValues())) {
    StringRef name = yield.nameOf(index);
    if (value.getType().isF64()) {
      auto state = llvm::find_if(composition.clauses.states,
                                 [&](StateOp state) { return state.getName() == name; });
      if (failed(composition.host.update(*state, value, /*isPublished=*/true, due)))
        return failure();
      continue;
    }
    results.emplace_back(name.str(), writer.get(value));
    if (!results.back().second)
      return failure();
  }
  return success();
}

LogicalResult Composer::writeStep(Composition &composition) {
  auto step = add<StepOp>(clauses.step.getLoc());
  RegionWriter writer(composition, step.getBody(), Time::Now, "g");
  writer.map(clauses.step.getBody().getArgument(0), writer.firstArgument());
  if (clauses.step.getBody().getNumArguments() > 1) // constrained training
    writer.map(clauses.step.getBody().getArgument(1),
               writer.addArgument("g.high", builder.getF32Type()));
  if (failed(writer.clone(clauses.step.getBody())))
    return failure();
  YieldOp yield = yieldOf(clauses.step.getBody());
  if (!yield.get(composition.stored.front().name))
    return clauses.step.emitOpError("expects to yield `") << composition.stored.front().name << "`";
  SmallVector<std::pair<std::string, Value>> results;
  if (failed(writeNewValues(composition, writer, yield, {}, results)))
    return failure();
  llvm::append_range(results, writer.newStates());
  yieldNamed(writer, yield.getLoc(), results);
  step.setArgNamesAttr(writer.finish());
  return success();
}

/// Whether the step that now ends completes the period, as a host condition.
Value Composer::isDue(EveryOp every) {
  OpBuilder before(every);
  Location loc = every.getLoc();
  Type f64 = before.getF64Type();
  Counter unit = every.getUnit() == PeriodUnit::Step ? Counter::Step : Counter::Epoch;
  Value next = CounterOp::create(before, loc, f64, unit, /*next=*/true);
  // A quotient of integers below 2^52 is an integer exactly when they divide.
  Value quotient = arith::DivFOp::create(before, loc, next, every.getPeriod());
  Value floor = math::FloorOp::create(before, loc, quotient);
  Value due = arith::CmpFOp::create(before, loc, arith::CmpFPredicate::OEQ, quotient, floor);
  if (unit == Counter::Step)
    return due;
  Value now = CounterOp::create(before, loc, f64, unit, /*next=*/false);
  Value turns = arith::CmpFOp::create(before, loc, arith::CmpFPredicate::UNE, next, now);
  return arith::AndIOp::create(before, loc, turns, due);
}

/// The blocks that are not a part of the step, in textual order: each with what the one before has
/// left.
LogicalResult Composer::writeBlocks(Composition &composition) {
  unsigned index = 0;
  for (auto every : llvm::to_vector(clauses.quantizer.getBody().getOps<EveryOp>())) {
    Value due = isDue(every);
    std::string name = "every." + std::to_string(index) + ".due";
    auto block = EveryBlockOp::create(builder, every.getLoc(), builder.getStringAttr(name),
                                      builder.getStrArrayAttr({}));
    RegionWriter writer(composition, block.getBody(), Time::Now, "");
    if (failed(writer.clone(every.getBody())))
      return failure();
    SmallVector<std::pair<std::string, Value>> results;
    YieldOp yield = yieldOf(every.getBody());
    if (failed(writeNewValues(composition, writer, yield, due, results)))
      return failure();
    if (results.empty()) { // only the host has to know
      block.erase();
      continue;
    }
    yieldNamed(writer, yield.getLoc(), results);
    block.setArgNamesAttr(writer.finish());
    if (failed(composition.host.yieldAs(name, due, Time::Now)))
      return failure();
    ++index;
  }
  return success();
}

template <typename Op>
LogicalResult writeOne(Composition &composition, Op op, Region &source, Time time) {
  RegionWriter writer(composition, op.getBody(), time, "");
  Value value = writer.clause(source);
  if (!value)
    return failure();
  YieldOp::create(writer.getBuilder(), yieldOf(source).getLoc(), value);
  op.setArgNamesAttr(writer.finish());
  return success();
}

LogicalResult Composer::writePublish(Composition &composition) {
  auto publish = add<PublishOp>(clauses.publish.getLoc());
  YieldOp yield = yieldOf(clauses.publish.getBody());
  if (yield.getNames().empty())
    return writeOne(composition, publish, clauses.publish.getBody(), Time::Next);
  RegionWriter writer(composition, publish.getBody(), Time::Next, "");
  SmallVector<std::pair<std::string, Value>> results;
  if (failed(writer.clone(clauses.publish.getBody())) ||
      failed(writeNewValues(composition, writer, yield, {}, results)))
    return failure();
  yieldNamed(writer, yield.getLoc(), results);
  publish.setArgNamesAttr(writer.finish());
  return success();
}

LogicalResult Composer::writeFinal(Composition &composition) {
  if (!clauses.final)
    return success();
  auto last = add<FinalOp>(clauses.final.getLoc());
  return writeOne(composition, last, clauses.final.getBody(), Time::Next);
}

struct Compose : bregman::impl::ComposeBase<Compose> {
  using ComposeBase::ComposeBase;

  /// The symbol of that name, or the module's only one of its kind.
  template <typename Op> Op choose(StringRef kind, const std::string &name) {
    if (!name.empty()) {
      auto op = getOperation().lookupSymbol<Op>(name);
      if (!op)
        getOperation().emitError() << "has no " << kind << " named `" << name << "`";
      return op;
    }
    auto ops = llvm::to_vector(getOperation().getOps<Op>());
    if (ops.size() == 1)
      return ops.front();
    getOperation().emitError() << "has " << ops.size() << " " << kind
                               << "s; `bregman-select` leaves the one to take";
    return {};
  }

  /// `s:momentum`: the optimizer of a learned value.
  LogicalResult readLearned(QuantizerOp quantizer, llvm::StringMap<OptimizerOp> &others) {
    for (const std::string &entry : learned) {
      auto [value, name] = StringRef(entry).split(':');
      auto declared = quantizer.getBody().getOps<LearnOp>();
      if (llvm::none_of(declared, [&](LearnOp op) { return op.getName() == value; }))
        return quantizer.emitError() << "quantizer `" << quantizer.getSymName()
                                     << "` has no learned value `" << value << "`";
      auto op = choose<OptimizerOp>("optimizer", name.str());
      if (!op)
        return failure();
      others[value] = op;
    }
    return success();
  }

  void runOnOperation() override {
    auto quantizer = choose<QuantizerOp>("quantizer", "");
    auto base = choose<OptimizerOp>("optimizer", optimizer);
    llvm::StringMap<OptimizerOp> others;
    if (!quantizer || !base || failed(readLearned(quantizer, others)))
      return signalPassFailure();
    {
      Composer composer(quantizer, base, others);
      if (failed(composer.run()))
        return signalPassFailure();
    }
    quantizer.erase();
    for (auto op : llvm::to_vector(getOperation().getOps<OptimizerOp>()))
      op.erase();
  }
};

} // namespace
