// Writing one region of a method.
#include "passes/RegionWriter.h"

#include "passes/OptimizerReduction.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace bregman;

ExtentAttr Instance::extent() const {
  auto learned = mlir::Value(moves).getDefiningOp<LearnOp>();
  return learned ? learned.getExtentAttr() : ExtentAttr();
}

Instance &Composition::instanceOf(Value moved) {
  for (Instance &instance : instances)
    if (instance.moves == moved)
      return instance;
  return instances.front();
}

RegionWriter::RegionWriter(Composition &composition, Region &region, Time time, StringRef first)
    : composition(composition), block(&region.emplaceBlock()), time(time),
      builder(region.getContext()) {
  builder.setInsertionPointToStart(block);
  if (!first.empty()) {
    names.push_back(builder.getStringAttr(first));
    block->addArgument(builder.getF32Type(), region.getLoc());
  }
  if (first == "w0")
    return; // nothing is stored before attach
  for (const StoredValue &stored : composition.stored) {
    names.push_back(builder.getStringAttr(stored.name));
    map(stored.declaration, block->addArgument(stored.type, stored.loc));
  }
}

Value RegionWriter::addArgument(StringRef name, Type type) {
  names.push_back(builder.getStringAttr(name));
  return block->addArgument(type, block->getParent()->getLoc());
}

LogicalResult RegionWriter::clone(Region &source) {
  for (Operation &op : source.front().without_terminator())
    if (failed(clone(op)))
      return failure();
  return success();
}

Value RegionWriter::clause(Region &source) {
  if (failed(clone(source)))
    return {};
  return get(yieldOf(source).getValues().front());
}

Value RegionWriter::widen(Value value, Type type) {
  if (!isa<VectorType>(type) || isa<VectorType>(value.getType()))
    return value;
  Type wide = VectorType::get(cast<VectorType>(type).getShape(), value.getType());
  return vector::BroadcastOp::create(builder, value.getLoc(), wide, value);
}

/// The f32 argument that carries a host value.
Value RegionWriter::hostArgument(Value source, Location loc) {
  StringAttr name = composition.host.scalar(source, time);
  if (!name)
    return {};
  for (auto [known, argument] : llvm::zip(names, block->getArguments()))
    if (known == name)
      return argument;
  names.push_back(name);
  return block->addArgument(builder.getF32Type(), loc);
}

/// A host value is rounded once, a literal here.
Value RegionWriter::scalarArgument(arith::TruncFOp op) {
  FloatAttr literal;
  if (!matchPattern(op.getIn(), m_Constant(&literal)))
    return hostArgument(op.getIn(), op.getLoc());
  APFloat value = literal.getValue();
  bool inexact;
  value.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &inexact);
  return arith::ConstantOp::create(builder, op.getLoc(), builder.getF32Type(),
                                   builder.getFloatAttr(builder.getF32Type(), value));
}

/// A condition of the host comes as 1 or 0.
Value RegionWriter::condition(Value source) {
  Location loc = source.getLoc();
  Value number = hostArgument(source, loc);
  if (!number)
    return {};
  Value zero = arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0));
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNE, number, zero);
}

Value RegionWriter::get(Value source) {
  if (Value known = mapping.lookupOrNull(source))
    return known;
  Value made;
  Operation *op = source.getDefiningOp();
  if (source.getType().isInteger(1) && isHost(source))
    made = condition(source);
  else if (isa<ProjectOp, WeightOp>(op) ||
           (isa<LevelsOp>(op) && op->getRegion(0).getNumArguments() == 0))
    made = clause(op->getRegion(0));
  else if (succeeded(clone(*op))) // stands among the declarations
    return mapping.lookup(source);
  if (made)
    map(source, made);
  return made;
}

LogicalResult RegionWriter::clone(Operation &op) {
  if (auto levels = dyn_cast<LevelsOp>(op); levels && levels.getBody().getNumArguments())
    return op.emitOpError("depend on what is quantized; look one up by `nearest`");
  if (isa<ParamOp, CounterOp, StateOp>(op) || llvm::all_of(op.getResults(), isHost))
    return success(); // wherever they are read
  if (auto base = dyn_cast<BaseOp>(op))
    return expandBase(base);
  if (auto apply = dyn_cast<ApplyOp>(op))
    return expandApply(apply);
  if (auto truncate = dyn_cast<arith::TruncFOp>(op)) {
    Value scalar = scalarArgument(truncate);
    map(truncate.getResult(), scalar);
    return success(scalar != nullptr);
  }
  if (auto surrogate = dyn_cast<SteOp>(op)) { // nothing is differentiated any more
    Value value = get(surrogate.getValue());
    map(surrogate.getResult(), value);
    return success(value != nullptr);
  }
  if (auto state = dyn_cast<OptimizerStateOp>(op))
    return expandState(state);
  if (auto random = dyn_cast<RandomOp>(op)) {
    map(random.getResult(), RandomOp::create(builder, op.getLoc(), random.getType(),
                                             random.getNext() || time == Time::Next));
    return success();
  }
  if (isa<FitOp>(op))
    return op.emitOpError("is still symbolic; `bregman-expand-fit` expands it");
  if (isa<InverseOp>(op))
    return op.emitOpError("is still symbolic; `bregman-change-coordinate` does away with it");
  if (isa<VjpOp>(op))
    return op.emitOpError("is still symbolic; `bregman-expand-vjp` expands it");
  if (isa<ProximalOp>(op))
    return op.emitOpError("is still symbolic; `bregman-expand-prox` expands it");
  if (op.getNumRegions() != 0 || !isMemoryEffectFree(&op))
    return op.emitOpError("does not compute a value of a weight");

  // An optimizer is written for one number per weight; on levels it works level by level.
  Type wide;
  auto reduce = dyn_cast<ReduceOp>(op);
  bool isOptimizers = reduce && isa<OptimizerOp>(op.getParentOp());
  bool elementwise = op.hasTrait<OpTrait::Elementwise>() || isOptimizers;
  for (Value operand : op.getOperands()) {
    Value value = get(operand);
    if (!value)
      return failure();
    if (elementwise && isa<VectorType>(value.getType()))
      wide = value.getType();
  }
  IRMapping operands;
  for (Value operand : op.getOperands()) {
    Value value = get(operand);
    bool choosesAll = isa<arith::SelectOp>(op) && operand == op.getOperand(0);
    operands.map(operand, wide && !choosesAll ? widen(value, wide) : value);
  }
  if (isOptimizers) {
    Value condition = reduce.getCondition() ? operands.lookup(reduce.getCondition()) : Value();
    map(reduce.getResult(), reduceInOptimizer(builder, reduce, extentMovedBy(op.getParentOp()),
                                              operands.lookup(reduce.getOperand()), condition));
    return success();
  }
  Operation *cloned = builder.clone(op, operands);
  for (auto [result, made] : llvm::zip(op.getResults(), cloned->getResults())) {
    if (wide && !isa<VectorType>(made.getType()))
      made.setType(VectorType::get(cast<VectorType>(wide).getShape(), made.getType()));
    map(result, made);
  }
  return success();
}

/// Which weights share one of the numbers that the optimizer moves.
ExtentAttr RegionWriter::extentMovedBy(Operation *optimizer) {
  for (const Instance &instance : composition.instances)
    if (instance.optimizer == optimizer)
      return instance.extent();
  return {};
}

LogicalResult RegionWriter::expandBase(BaseOp op) {
  Instance &instance = composition.instanceOf(op.getX());
  Region &body = instance.optimizer.getBody();
  Value gradient = get(op.getGradient()), x = get(op.getX());
  if (!gradient || !x)
    return failure();
  map(body.getArgument(0), gradient);
  map(body.getArgument(1), x);
  if (failed(clone(body)))
    return failure();
  auto descend = cast<DescendOp>(body.front().getTerminator());
  Value d = get(descend.getStep());
  if (!d)
    return failure();
  map(op.getResult(), widen(d, op.getType()));
  for (auto [attribute, value] : llvm::zip(descend.getNames(), descend.getStates())) {
    StringRef name = cast<StringAttr>(attribute).getValue();
    if (value.getType().isF64()) {
      auto declared = llvm::find_if(body.getOps<StateOp>(),
                                    [&](StateOp state) { return state.getName() == name; });
      bool isRead = false; // of the latent's optimizer alone
      composition.clauses.quantizer.walk([&](OptimizerStateOp read) {
        isRead |= read.getName() == name && &instance == &composition.instances.front();
      });
      if (failed(composition.host.update(*declared, value, isRead)))
        return failure();
      continue;
    }
    Value state = get(value);
    if (!state)
      return failure();
    states.emplace_back(instance.prefix + name.str(), widen(state, op.getType()));
  }
  return success();
}

/// The newest value: what the base optimizer has left here, or what is stored.
LogicalResult RegionWriter::expandState(OptimizerStateOp op) {
  Instance &instance = composition.instances.front();
  auto &declared = instance.optimizer.getBody();
  for (auto state : declared.getOps<StateOp>()) {
    if (state.getName() != op.getName())
      continue;
    if (state.getType().isF64()) { // one per run
      Value number = hostArgument(state.getResult(), op.getLoc());
      map(op.getResult(), number ? widen(number, op.getType()) : number);
      return success(number != nullptr);
    }
    std::string name = instance.prefix + state.getName().str();
    Value newest = mapping.lookupOrNull(state.getResult());
    for (auto &[known, value] : states)
      if (known == name)
        newest = value;
    if (!newest)
      return emitError(op.getLoc(), "Q16: `optimizer.")
             << op.getName() << "` has no value yet when the latent is initialized";
    if (newest.getType() != op.getType())
      return emitError(op.getLoc(), "Q3: `optimizer.")
             << op.getName() << "` has a level axis, as the latent has";
    map(op.getResult(), newest);
    return success();
  }
  return op.emitError() << "Q10: quantizer `" << composition.clauses.quantizer.getSymName()
                        << "` reads `optimizer." << op.getName() << "`, but optimizer `"
                        << instance.optimizer.getSymName() << "` has no state of that name";
}

/// A clause at a point other than the one that is stored, perhaps.
LogicalResult RegionWriter::expandApply(ApplyOp op) {
  Clauses &clauses = composition.clauses;
  Value point = get(op.getOperand());
  if (!point)
    return failure();
  IRMapping outer = mapping;
  if (op.getClause() != Clause::Weight) {
    map(clauses.latent.getResult(), point);
    mapping.erase(clauses.project.getResult());
    if (clauses.levels)
      mapping.erase(clauses.levels.getResult());
  } else {
    map(clauses.project.getResult(), point);
  }
  Value value = clause(clauses.find(op.getClause())->getRegion(0));
  mapping = std::move(outer);
  map(op.getResult(), value);
  return success(value != nullptr);
}

ArrayAttr RegionWriter::finish() {
  SmallVector<Attribute> kept;
  for (int index = block->getNumArguments() - 1; index >= 0; --index)
    if (block->getArgument(index).use_empty())
      block->eraseArgument(index);
    else
      kept.push_back(names[index]);
  std::reverse(kept.begin(), kept.end());
  return builder.getArrayAttr(kept);
}
