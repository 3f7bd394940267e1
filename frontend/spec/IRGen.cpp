// Definitions and plans as operations.
#include "frontend/spec/IRGen.h"

#include "frontend/spec/IRGenExpr.h"

#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::spec;

namespace {

class DefinitionEmitter {
public:
  DefinitionEmitter(OpBuilder &builder, const Definition &definition)
      : definition(definition), builder(builder), emitter(builder, *definition.source) {}

  void emitQuantizer();
  void emitOptimizer();

private:
  void emitHead();
  void emitClause(const TypedClause &clause);
  void emitLatent(const TypedClause *clause);
  void emitEvery(const TypedClause &clause);
  void emitState(const TypedClause &clause);
  void emitLearn(const TypedClause &clause);

  /// A region of one block whose operations `body` makes; it yields what `body` gives.
  void fill(Region &region, function_ref<Value(Block &)> body) {
    ExprEmitter::Region scope(emitter);
    Block &block = region.empty() ? region.emplaceBlock() : region.front();
    builder.setInsertionPointToStart(&block);
    Value value = body(block);
    YieldOp::create(builder, value.getLoc(), value);
  }
  /// The same for one expression.
  void fill(Region &region, const Node &value, int levels) {
    fill(region, [&](Block &) { return emitter.emitWeight(value, levels); });
  }
  /// A value as what is declared is: a host scalar, or of its level axis.
  Value emitFor(const Declaration &declaration, const Node &value) {
    return declaration.type.host() ? emitter.emit(value)
                                   : emitter.emitWeight(value, declaration.type.levels);
  }
  mlir::Type weightType(int levels) { return ExprEmitter::axisType(builder.getF32Type(), levels); }

  const Definition &definition;
  OpBuilder &builder;
  ExprEmitter emitter;
  /// The predeclared names that regions and bodies define.
  const Declaration *named(DeclarationKind kind) const {
    for (const Declaration &declaration : definition.declarations)
      if (declaration.kind == kind)
        return &declaration;
    return nullptr;
  }
  const Declaration *latent() const {
    if (const TypedClause *clause = definition.find(TypedClause::Latent))
      return clause->declared;
    return named(DeclarationKind::Latent);
  }
  bool hasLatent = false;
};

/// Parameters and the counters that are read.
void DefinitionEmitter::emitHead() {
  for (const Declaration *param : definition.params) {
    if (param->structural || param->kind == DeclarationKind::Schedule)
      continue;
    FloatAttr low, high;
    if (param->bounded) {
      low = builder.getF64FloatAttr(param->low);
      high = builder.getF64FloatAttr(param->high);
    }
    auto op = ParamOp::create(builder, emitter.at(param->range), builder.getF64Type(),
                              builder.getStringAttr(param->name), low, high,
                              builder.getF64FloatAttr(param->number));
    emitter.define(param, op.getResult());
  }
  for (const Declaration *counter : definition.counters) {
    std::optional<Counter> kind = symbolizeCounter(counter->name);
    auto op = CounterOp::create(builder, emitter.at(definition.nameRange), builder.getF64Type(),
                                *kind, /*next=*/false);
    emitter.define(counter, op.getResult());
  }
}

/// The latent, at its clause or, with the parameter's own value, before its first use.
void DefinitionEmitter::emitLatent(const TypedClause *clause) {
  hasLatent = true;
  const Declaration *x = latent();
  auto op = LatentOp::create(builder, emitter.at(clause ? clause->range : definition.nameRange),
                             weightType(x->type.levels), /*dual=*/false, /*scale=*/Value(),
                             builder.getStrArrayAttr({"w0"}));
  Block &block = op.getBody().emplaceBlock();
  Value w0 = block.addArgument(builder.getF32Type(), emitter.named(op.getLoc(), "w0"));
  emitter.define(named(DeclarationKind::InitialWeight), w0);
  fill(op.getBody(),
       [&](Block &) { return clause ? emitter.emitWeight(*clause->value, x->type.levels) : w0; });
  emitter.define(x, op.getResult());
}

void DefinitionEmitter::emitEvery(const TypedClause &clause) {
  Location location = emitter.at(clause.keyword);
  Value period = clause.period ? emitter.emit(*clause.period) : emitter.constantF64(1, location);
  auto op = EveryOp::create(builder, location, period,
                            clause.epochs ? PeriodUnit::Epoch : PeriodUnit::Step);
  ExprEmitter::Region scope(emitter);
  builder.setInsertionPointToStart(&op.getBody().emplaceBlock());
  SmallVector<Value> values;
  SmallVector<StringRef> names;
  for (const auto &[target, value] : clause.next) {
    values.push_back(emitFor(*target, *value));
    names.push_back(target->name);
  }
  YieldOp::create(builder, location, values, builder.getStrArrayAttr(names));
}

void DefinitionEmitter::emitState(const TypedClause &clause) {
  const Declaration &state = *clause.declared;
  mlir::Type type = state.type.host() ? builder.getF64Type() : weightType(state.type.levels);
  auto op = StateOp::create(builder, emitter.at(clause.range), type,
                            builder.getStringAttr(state.name), emitter.extentAttr(state.extent));
  fill(op.getBody(), [&](Block &) { return emitFor(state, *clause.value); });
  emitter.define(&state, op.getResult());
}

void DefinitionEmitter::emitLearn(const TypedClause &clause) {
  const Declaration &learned = *clause.declared;
  auto bound = [&](std::optional<double> value) {
    return value ? builder.getF64FloatAttr(*value) : FloatAttr();
  };
  auto op = LearnOp::create(builder, emitter.at(clause.range), weightType(learned.type.levels),
                            builder.getStringAttr(learned.name), emitter.extentAttr(learned.extent),
                            bound(clause.low), bound(clause.high));
  fill(op.getBody(), *clause.value, learned.type.levels);
  if (clause.scale)
    fill(op.getScale(), *clause.scale, 0);
  emitter.define(&learned, op.getResult());
}

void DefinitionEmitter::emitClause(const TypedClause &clause) {
  Location location = emitter.at(clause.range);
  switch (clause.kind) {
  case TypedClause::Levels: {
    SmallVector<StringRef> names;
    if (clause.variable)
      names.push_back(clause.variable->name);
    auto op = LevelsOp::create(builder, location, weightType(clause.value->type.levels),
                               builder.getStrArrayAttr(names));
    Block &block = op.getBody().emplaceBlock();
    if (clause.variable)
      emitter.define(
          clause.variable,
          block.addArgument(builder.getF32Type(), emitter.named(location, clause.variable->name)));
    fill(op.getBody(), *clause.value, clause.value->type.levels);
    emitter.define(clause.declared, op.getResult());
    return;
  }
  case TypedClause::Schedule: {
    FloatAttr low, high;
    if (clause.declared->bounded) {
      low = builder.getF64FloatAttr(clause.declared->low);
      high = builder.getF64FloatAttr(clause.declared->high);
    }
    auto op = ScheduleOp::create(builder, location, builder.getF64Type(),
                                 builder.getStringAttr(clause.declared->name), low, high);
    fill(op.getBody(), [&](Block &) { return emitter.emit(*clause.value); });
    emitter.define(clause.declared, op.getResult());
    return;
  }
  case TypedClause::Latent:
    return emitLatent(&clause);
  case TypedClause::Project: {
    int levels = clause.declared->type.levels;
    auto op = ProjectOp::create(builder, location, weightType(levels), clause.declared->name);
    fill(op.getBody(), *clause.value, levels);
    emitter.define(clause.declared, op.getResult());
    return;
  }
  case TypedClause::Weight: {
    auto op = WeightOp::create(builder, location, builder.getF32Type(), clause.declared->name);
    fill(op.getBody(), *clause.value, 0);
    emitter.define(clause.declared, op.getResult());
    return;
  }
  case TypedClause::Update: {
    static constexpr UpdateKind kinds[] = {UpdateKind::Lazy, UpdateKind::Agile, UpdateKind::Chain,
                                           UpdateKind::StraightThrough, UpdateKind::Gradient};
    bool handsOn = clause.value != nullptr;
    auto op = UpdateOp::create(builder, location, kinds[static_cast<int>(clause.update)],
                               handsOn ? builder.getStrArrayAttr({"g"}) : ArrayAttr());
    if (!handsOn)
      return;
    Block &block = op.getBody().emplaceBlock();
    emitter.define(named(DeclarationKind::Gradient),
                   block.addArgument(builder.getF32Type(), emitter.named(location, "g")));
    return fill(op.getBody(), *clause.value, latent()->type.levels);
  }
  case TypedClause::State:
    return emitState(clause);
  case TypedClause::Learn:
    return emitLearn(clause);
  case TypedClause::High:
    return fill(HighOp::create(builder, location).getBody(), *clause.value, 0);
  case TypedClause::Penalty:
    return fill(PenaltyOp::create(builder, location).getBody(), *clause.value, 0);
  case TypedClause::Prox:
    return fill(ProxOp::create(builder, location).getBody(), *clause.value, 0);
  case TypedClause::Every:
    return emitEvery(clause);
  case TypedClause::Freeze: {
    auto op = FreezeOp::create(builder, location);
    return fill(op.getBody(), [&](Block &) { return emitter.emit(*clause.value); });
  }
  case TypedClause::Final: {
    auto op = FinalOp::create(builder, location, builder.getStrArrayAttr({}));
    return fill(op.getBody(), *clause.value, 0);
  }
  case TypedClause::Assume:
    AssumeOp::create(builder, location, clause.rule, clause.reason);
    return;
  case TypedClause::Next:
  case TypedClause::Descend:
    break;
  }
  llvm_unreachable("an item of an optimizer");
}

static bool readsLatent(const TypedClause &clause) {
  if (clause.kind == TypedClause::Every || clause.kind == TypedClause::Update)
    return true;
  auto reads = [](const Node *value) {
    return value && (value->dependencies & (DependsOnLatent | DependsOnTarget));
  };
  return reads(clause.value) || reads(clause.scale);
}

void DefinitionEmitter::emitQuantizer() {
  auto op = QuantizerOp::create(builder, emitter.at(definition.nameRange), definition.name);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&op.getBody().emplaceBlock());
  emitHead();
  bool declared = definition.find(TypedClause::Latent) != nullptr;
  for (const TypedClause &clause : definition.clauses) {
    if (!declared && !hasLatent && readsLatent(clause))
      emitLatent(nullptr);
    emitClause(clause);
  }
  if (!hasLatent)
    emitLatent(nullptr);
}

void DefinitionEmitter::emitOptimizer() {
  Location location = emitter.at(definition.nameRange);
  auto op =
      OptimizerOp::create(builder, location, definition.name, builder.getStrArrayAttr({"g", "x"}));
  OpBuilder::InsertionGuard guard(builder);
  Block &block = op.getBody().emplaceBlock();
  mlir::Type f32 = builder.getF32Type();
  emitter.define(named(DeclarationKind::Gradient),
                 block.addArgument(f32, emitter.named(location, "g")));
  emitter.define(named(DeclarationKind::Latent),
                 block.addArgument(f32, emitter.named(location, "x")));
  builder.setInsertionPointToStart(&block);
  emitHead();
  SmallVector<Value> states;
  SmallVector<StringRef> names;
  for (const TypedClause &clause : definition.clauses) {
    if (clause.kind == TypedClause::State) {
      emitState(clause);
    } else if (clause.kind == TypedClause::Next) {
      // The reader of the IR meets m' as m1.
      Value value = emitFor(*clause.declared, *clause.value);
      if (Operation *made = value.getDefiningOp(); made && isa<FileLineColLoc>(value.getLoc()))
        made->setLoc(emitter.named(value.getLoc(), clause.declared->name + "1"));
      emitter.define(clause.declared, value);
      states.push_back(value);
      names.push_back(clause.declared->name);
    } else if (clause.kind == TypedClause::Descend) {
      Value step = emitter.emitWeight(*clause.value, 0);
      DescendOp::create(builder, emitter.at(clause.range), step, states,
                        builder.getStrArrayAttr(names));
    }
  }
}

void emitCounters(ExprEmitter &emitter, const std::vector<Declaration *> &counters,
                  Location location) {
  OpBuilder &builder = emitter.builder;
  for (const Declaration *counter : counters) {
    auto value = CounterOp::create(builder, location, builder.getF64Type(),
                                   *symbolizeCounter(counter->name), /*next=*/false);
    emitter.define(counter, value.getResult());
  }
}

void emitSubject(OpBuilder &builder, const Source &source, const TypedSubject &subject) {
  ExprEmitter emitter(builder, source);
  Location location = emitter.at(subject.range);
  auto op = SubjectToOp::create(
      builder, location,
      subject.target ? builder.getStringAttr(subject.target->text) : StringAttr(), subject.every,
      subject.inEpochs ? PeriodUnit::Epoch : PeriodUnit::Step,
      builder.getStrArrayAttr({"high", "low"}));
  OpBuilder::InsertionGuard guard(builder);
  {
    ExprEmitter::Region scope(emitter);
    Block &block = op.getBody().emplaceBlock();
    mlir::Type type = ExprEmitter::axisType(builder.getF32Type(), classAxis);
    for (const Declaration *branch : {subject.high, subject.low})
      emitter.define(branch, block.addArgument(type, emitter.named(location, branch->name)));
    builder.setInsertionPointToStart(&block);
    if (subject.value->dependencies & DependsOnCounter)
      emitCounters(emitter, subject.counters, location);
    Value value = emitter.emit(*subject.value);
    YieldOp::create(builder, value.getLoc(), value);
  }
  builder.setInsertionPointToStart(&op.getNumbers().emplaceBlock());
  emitCounters(emitter, subject.counters, location);
  SmallVector<Value> values;
  for (const Node *number : {subject.bound, subject.multiplier, subject.rate})
    values.push_back(emitter.emit(*number));
  YieldOp::create(builder, location, values,
                  builder.getStrArrayAttr({"bound", "multiplier", "rate"}));
}

} // namespace

void bregman::spec::generateInto(const TypedPlan &plan, const Source &source, ModuleOp module) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  ExprEmitter places(builder, source);
  auto op = PlanOp::create(builder, places.at(plan.range), plan.name.empty() ? "plan" : plan.name);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&op.getBody().emplaceBlock());
  for (const TypedLine &line : plan.lines) {
    ExprEmitter emitter(builder, *line.source);
    Location location = emitter.at(line.range);
    SmallVector<StringRef> patterns;
    for (const ast::Pattern &pattern : line.patterns)
      patterns.push_back(pattern.text);
    auto symbol = [&](const TypedUse &use) {
      return FlatSymbolRefAttr::get(builder.getContext(), use.definition->name);
    };
    auto made = LineOp::create(
        builder, location, line.activations ? builder.getUnitAttr() : UnitAttr(),
        builder.getStrArrayAttr(patterns), symbol(line.quantizer),
        line.optimizer ? symbol(*line.optimizer) : FlatSymbolRefAttr(),
        line.reset ? builder.getI64IntegerAttr(line.reset) : IntegerAttr(),
        line.reset ? PeriodUnitAttr::get(builder.getContext(),
                                         line.resetInEpochs ? PeriodUnit::Epoch : PeriodUnit::Step)
                   : PeriodUnitAttr());
    OpBuilder::InsertionGuard lineGuard(builder);
    builder.setInsertionPointToStart(&made.getArgs().emplaceBlock());
    emitCounters(emitter, line.counters, location);
    SmallVector<Value> values;
    std::vector<std::string> names;
    auto emitArguments = [&](const TypedUse &use, const std::string &prefix) {
      for (const TypedArgument &argument : use.arguments) {
        values.push_back(emitter.emit(*argument.value));
        names.push_back(prefix + argument.name);
      }
    };
    emitArguments(line.quantizer, "");
    if (line.optimizer)
      emitArguments(*line.optimizer, "optimizer.");
    SmallVector<StringRef> nameRefs(names.begin(), names.end());
    YieldOp::create(builder, location, values, builder.getStrArrayAttr(nameRefs));
  }
  if (plan.minimize)
    MinimizeOp::create(builder, places.at(plan.minimize->range),
                       plan.minimize->high ? Branch::High : Branch::Low);
  for (const TypedSubject &subject : plan.subjects)
    emitSubject(builder, source, subject);
}

void bregman::spec::generateInto(const Definition &definition, ModuleOp module) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  DefinitionEmitter emitter(builder, definition);
  definition.isOptimizer ? emitter.emitOptimizer() : emitter.emitQuantizer();
}

OwningOpRef<ModuleOp> bregman::spec::generate(const Unit &unit, MLIRContext &context) {
  // By the registry, for the ops' calculus comes with it.
  DialectRegistry registry;
  registerBregmanDialects(registry);
  context.appendDialectRegistry(registry);
  context
      .loadDialect<BregmanDialect, arith::ArithDialect, math::MathDialect, vector::VectorDialect>();
  OpBuilder builder(&context);
  const Source &source = *unit.syntax().source;
  OwningOpRef<ModuleOp> module =
      ModuleOp::create(FileLineColLoc::get(&context, source.name(), 1, 1));
  builder.setInsertionPointToEnd(module->getBody());
  for (const Definition *definition : unit.definitions())
    generateInto(*definition, *module);
  for (const TypedPlan &plan : unit.plans())
    generateInto(plan, source, *module);
  return succeeded(verify(*module)) ? std::move(module) : nullptr;
}
