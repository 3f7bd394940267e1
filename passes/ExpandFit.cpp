// bregman-expand-fit: alternating assignment and least squares as reductions and a small linear
// system per segment.
#include "dialect/calculus/Emit.h"
#include "passes/Clauses.h"
#include "passes/Passes.h"

#include "mlir/IR/Matchers.h"

namespace bregman {
#define GEN_PASS_DEF_EXPANDFIT
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

/// Unrolled beyond this, a spec asks for more code than anybody means.
constexpr int64_t maxRounds = 32;
/// A pivot below this share of its diagonal entry makes the system singular: what is left there is
/// the rounding of the entries.
constexpr double singular = 1e-6;

/// The levels that `value` has whatever the data are; empty where data matter.
SmallVector<double> constantLevels(Value value) {
  Operation *op = value.getDefiningOp();
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant))) {
    if (auto number = dyn_cast<FloatAttr>(constant))
      return {number.getValueAsDouble()};
    SmallVector<double> levels;
    for (APFloat level : cast<DenseElementsAttr>(constant).getValues<APFloat>())
      levels.push_back(level.convertToDouble());
    return levels;
  }
  auto calculus = dyn_cast_or_null<CalculusOpInterface>(op);
  if (!calculus || op->getNumOperands() == 0)
    return {};
  SmallVector<double> operands, results(levelCount(value.getType()));
  for (Value operand : op->getOperands()) {
    SmallVector<double> levels = constantLevels(operand);
    if (levels.empty())
      return {};
    operands.append(levels);
  }
  calculus.evaluate(operands, results);
  return results;
}

/// One fit: the unknowns a_j of levels b + sum_j A_j a_j. An unknown with a level axis is one for
/// each of its levels.
class FitExpander {
public:
  explicit FitExpander(FitOp op) : op(op), builder(op), emit(builder, op.getLoc()) {}

  LogicalResult run();

private:
  SmallVector<Value> gather(ArrayRef<Value> unknowns, TypeRange types);
  Value levelsAt(ArrayRef<Value> unknowns);
  void findDirections(size_t count);
  void findSystems();
  Value sum(Value value);
  SmallVector<Value> solve(ArrayRef<Value> now);
  void solve(ArrayRef<size_t> system, ArrayRef<Value> slopes, Value residual,
             SmallVectorImpl<Value> &unknowns);
  Value pick(Value oneHot, Value levels) {
    return emit.reduce(Reduction::Sum, emit.mul(oneHot, levels));
  }

  FitOp op;
  OpBuilder builder;
  Emit emit;
  Value base;                    ///< b; null where it is zero
  SmallVector<Value> directions; ///< A_j, by level
  /// The unknowns that meet in a level, themselves or by way of others, are of one system.
  SmallVector<SmallVector<size_t>> systems;
};

/// One value for each type, with a level axis where the type has one.
SmallVector<Value> FitExpander::gather(ArrayRef<Value> unknowns, TypeRange types) {
  SmallVector<Value> values;
  for (Type type : types) {
    size_t count = levelCount(type);
    values.push_back(isa<VectorType>(type) ? emit.fromElements(unknowns.take_front(count))
                                           : unknowns.front());
    unknowns = unknowns.drop_front(count);
  }
  return values;
}

/// The levels for given unknowns.
Value FitExpander::levelsAt(ArrayRef<Value> unknowns) {
  IRMapping mapping;
  auto values = gather(unknowns, op.getBody().getArgumentTypes());
  for (auto [argument, value] : llvm::zip(op.getBody().getArguments(), values))
    mapping.map(argument, value);
  return cloneClause(builder, op.getBody(), mapping);
}

static bool isZero(Value levels) {
  SmallVector<double> known = constantLevels(levels);
  return !known.empty() && llvm::all_of(known, [](double level) { return level == 0; });
}

void FitExpander::findDirections(size_t count) {
  for (size_t j = 0; j <= count; ++j) {
    SmallVector<Value> unit;
    for (size_t k = 0; k < count; ++k)
      unit.push_back(emit.constant(builder.getF32Type(), k + 1 == j));
    Value levels = levelsAt(unit);
    if (j > 0)
      directions.push_back(base ? emit.sub(levels, base) : levels);
    else if (!isZero(levels))
      base = levels;
  }
}

void FitExpander::findSystems() {
  for (size_t j = 0; j < directions.size(); ++j) {
    SmallVector<size_t> joined;
    llvm::erase_if(systems, [&](ArrayRef<size_t> system) {
      bool meets = llvm::any_of(
          system, [&](size_t i) { return !isZero(emit.mul(directions[i], directions[j])); });
      if (meets)
        llvm::append_range(joined, system);
      return meets;
    });
    joined.push_back(j);
    llvm::sort(joined);
    systems.push_back(joined);
  }
}

Value FitExpander::sum(Value value) {
  if (Value weight = op.getWeight())
    value = emit.mul(weight, value);
  return emit.make<ReduceOp>(Reduction::Sum, op.getExtent(), value, Value());
}

/// Least squares for the assignment to the nearest of the levels at `now`.
SmallVector<Value> FitExpander::solve(ArrayRef<Value> now) {
  Value v = op.getOperand(), levels = levelsAt(now);
  Type row = levels.getType();
  Value nearest = emit.make<NearestOp>(v.getType(), v, levels);
  Value equal = emit.compare(arith::CmpFPredicate::OEQ, levels, emit.spread(nearest, row));
  // Of merged levels one takes it all.
  Value chosen = emit.make<HardmaxOp>(row, emit.keep(equal, emit.constant(row, 1)));
  Value residual = base ? emit.sub(v, pick(chosen, base)) : v;
  SmallVector<Value> slopes, unknowns(now);
  for (Value direction : directions)
    slopes.push_back(pick(chosen, direction));
  for (ArrayRef<size_t> system : systems)
    solve(system, slopes, residual, unknowns);
  return unknowns;
}

/// The normal equations M a = r of one system, by the decomposition M = L D L^T.
void FitExpander::solve(ArrayRef<size_t> system, ArrayRef<Value> slopes, Value residual,
                        SmallVectorImpl<Value> &unknowns) {
  size_t count = system.size();
  SmallVector<SmallVector<Value>> lower(count, SmallVector<Value>(count));
  SmallVector<Value> pivots, right;
  Value regular;
  for (size_t j : system)
    right.push_back(sum(emit.mul(slopes[j], residual)));
  for (size_t j = 0; j < count; ++j) {
    Value slope = slopes[system[j]];
    Value diagonal = sum(emit.mul(slope, slope)), pivot = diagonal;
    for (size_t k = 0; k < j; ++k)
      pivot = emit.sub(pivot, emit.mul(emit.mul(lower[j][k], lower[j][k]), pivots[k]));
    pivots.push_back(pivot);
    // The first pivot is the entry itself.
    Value least = j ? emit.mul(diagonal, singular) : emit.constant(diagonal.getType(), 0);
    Value holds = emit.compare(arith::CmpFPredicate::OGT, pivot, least);
    regular = regular ? emit.make<arith::AndIOp>(regular, holds) : holds;
    for (size_t i = j + 1; i < count; ++i) {
      Value entry = sum(emit.mul(slopes[system[i]], slope));
      for (size_t k = 0; k < j; ++k)
        entry = emit.sub(entry, emit.mul(emit.mul(lower[i][k], lower[j][k]), pivots[k]));
      lower[i][j] = emit.div(entry, pivot);
    }
  }
  SmallVector<Value> solution = right;
  for (size_t i = 0; i < count; ++i)
    for (size_t k = 0; k < i; ++k)
      solution[i] = emit.sub(solution[i], emit.mul(lower[i][k], solution[k]));
  for (size_t i = 0; i < count; ++i)
    solution[i] = emit.div(solution[i], pivots[i]);
  for (size_t i = count; i-- > 0;)
    for (size_t k = i + 1; k < count; ++k)
      solution[i] = emit.sub(solution[i], emit.mul(lower[k][i], solution[k]));
  for (auto [index, value] : llvm::zip(system, solution))
    unknowns[index] = emit.select(regular, value, unknowns[index]);
}

LogicalResult FitExpander::run() {
  if (op.getRounds() > static_cast<uint64_t>(maxRounds))
    return op.emitOpError("asks for ")
           << op.getRounds() << " rounds; at most " << maxRounds << " are compiled";
  SmallVector<Value> now;
  for (Value start : op.getStart())
    if (isa<VectorType>(start.getType()))
      for (int64_t level = 0; level < levelCount(start.getType()); ++level)
        now.push_back(emit.extract(start, level));
    else
      now.push_back(start);
  findDirections(now.size());
  findSystems();
  for (uint64_t round = 0; round < op.getRounds(); ++round)
    now = solve(now);
  op.replaceAllUsesWith(gather(now, op.getResultTypes()));
  op.erase();
  return success();
}

struct ExpandFit : bregman::impl::ExpandFitBase<ExpandFit> {
  void runOnOperation() override {
    SmallVector<FitOp> ops;
    getOperation()->walk([&](FitOp op) { ops.push_back(op); });
    for (FitOp op : ops)
      if (failed(FitExpander(op).run()))
        return signalPassFailure();
  }
};

} // namespace
