// bregman-compose: a quantizer under an optimizer becomes a method.
#include "passes/Passes.h"
#include "passes/RegionWriter.h"

namespace bregman {
#define GEN_PASS_DEF_COMPOSE
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

class Composer {
public:
  Composer(QuantizerOp quantizer, OptimizerOp optimizer)
      : clauses(quantizer), optimizer(optimizer), builder(quantizer) {}

  LogicalResult run();

private:
  void addStored(Composition &composition, MethodOp method);
  LogicalResult yieldSchedules(HostScalars &host);
  LogicalResult writeAttach(Composition &composition);
  LogicalResult writeStep(Composition &composition);
  LogicalResult writePublish(Composition &composition);
  LogicalResult writeFinal(Composition &composition);
  template <typename Op> Op add(Location loc) {
    return Op::create(builder, loc, builder.getStrArrayAttr({}));
  }

  Clauses clauses;
  OptimizerOp optimizer;
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
  for (auto param : optimizer.getBody().getOps<ParamOp>())
    host.addParameter(param, "optimizer.");
  Composition composition{clauses, optimizer, host, {}};
  builder.setInsertionPoint(hostOp);
  addStored(composition, method);

  builder.setInsertionPointToEnd(&method.getBody().front());
  if (failed(yieldSchedules(host)) || failed(writeAttach(composition)) ||
      failed(writeStep(composition)) || failed(writePublish(composition)) ||
      failed(writeFinal(composition)))
    return failure();
  if (clauses.freeze &&
      failed(host.yieldAs("freeze", yieldOf(clauses.freeze.getBody()).getValues().front(),
                          Time::Next)))
    return failure();
  host.finish(quantizer.getLoc());
  return success();
}

void Composer::addStored(Composition &composition, MethodOp method) {
  auto add = [&](std::string name, Value declaration, Location loc) {
    StoredOp::create(builder, loc, name, composition.latentType());
    composition.host.reserve(name);
    composition.stored.push_back({name, composition.latentType(), declaration, loc});
  };
  add(clauses.latent.getDual() ? "dual" : "x", clauses.latent.getResult(), clauses.latent.getLoc());
  for (auto state : optimizer.getBody().getOps<StateOp>())
    add(("optimizer." + state.getName()).str(), state.getResult(), state.getLoc());
}

/// What `trace` prints: every schedule at the present step.
LogicalResult Composer::yieldSchedules(HostScalars &host) {
  for (auto schedule : clauses.quantizer.getBody().getOps<ScheduleOp>())
    if (failed(host.yieldAs(schedule.getName(), schedule.getResult(), Time::Now)))
      return failure();
  return success();
}

LogicalResult Composer::writeAttach(Composition &composition) {
  auto attach = add<AttachOp>(clauses.latent.getLoc());
  RegionWriter writer(composition, attach.getBody(), Time::Now, "w0");
  writer.map(clauses.latent.getBody().getArgument(0), writer.firstArgument());
  SmallVector<std::pair<std::string, Value>> results;
  for (const StoredValue &stored : composition.stored) {
    Value value = writer.clause(stored.declaration.getDefiningOp()->getRegion(0));
    if (!value)
      return failure();
    value = writer.widen(value, stored.type);
    writer.map(stored.declaration, value);
    results.emplace_back(stored.name, value);
  }
  yieldNamed(writer, attach.getLoc(), results);
  attach.setArgNamesAttr(writer.finish());
  return success();
}

LogicalResult Composer::writeStep(Composition &composition) {
  auto step = add<StepOp>(clauses.step.getLoc());
  RegionWriter writer(composition, step.getBody(), Time::Now, "g");
  writer.map(clauses.step.getBody().getArgument(0), writer.firstArgument());
  if (failed(writer.clone(clauses.step.getBody())))
    return failure();
  YieldOp yield = yieldOf(clauses.step.getBody());
  if (yield.getValues().size() != 1 || yield.nameOf(0) != composition.stored.front().name)
    return clauses.step.emitOpError("expects to yield `")
           << composition.stored.front().name << "` and nothing else";
  SmallVector<std::pair<std::string, Value>> results;
  results.emplace_back(yield.nameOf(0).str(), writer.get(yield.getValues().front()));
  if (!results.front().second)
    return failure();
  llvm::append_range(results, writer.newStates());
  yieldNamed(writer, yield.getLoc(), results);
  step.setArgNamesAttr(writer.finish());
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
  return writeOne(composition, publish, clauses.publish.getBody(), Time::Next);
}

LogicalResult Composer::writeFinal(Composition &composition) {
  if (!clauses.final)
    return success();
  auto last = add<FinalOp>(clauses.final.getLoc());
  return writeOne(composition, last, clauses.final.getBody(), Time::Next);
}

struct Compose : bregman::impl::ComposeBase<Compose> {
  /// The module's only symbol of its kind.
  template <typename Op> Op only(StringRef kind) {
    auto ops = llvm::to_vector(getOperation().getOps<Op>());
    if (ops.size() == 1)
      return ops.front();
    getOperation().emitError() << "has " << ops.size() << " " << kind
                               << "s; `bregman-select` leaves the one to take";
    return {};
  }

  void runOnOperation() override {
    auto quantizer = only<QuantizerOp>("quantizer");
    auto optimizer = only<OptimizerOp>("optimizer");
    if (!quantizer || !optimizer || failed(Composer(quantizer, optimizer).run()))
      return signalPassFailure();
    quantizer.erase();
    optimizer.erase();
  }
};

} // namespace
