// bregman-reduce-two-levels: two duals of which one is the other's negative are one dual.
#include "passes/Clauses.h"
#include "passes/Passes.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"

namespace bregman {
#define GEN_PASS_DEF_REDUCETWOLEVELS
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

/// How the lower level of a value follows from the upper one. Zero is both even and odd.
enum class Parity { Zero, Even, Odd, None };

Parity join(Parity a, Parity b) {
  if (a == b || b == Parity::Zero)
    return a;
  return a == Parity::Zero ? b : Parity::None;
}

Parity product(Parity a, Parity b) {
  if (a == Parity::None || b == Parity::None)
    return Parity::None;
  if (a == Parity::Zero || b == Parity::Zero)
    return Parity::Zero;
  return a == b ? Parity::Even : Parity::Odd;
}

bool isPair(Type type) { return isa<VectorType>(type); }

using Parities = llvm::StringMap<Parity>;

/// What is known of a region's level vectors when the stored ones have the given parities.
class ParityAnalysis {
public:
  ParityAnalysis(Region &region, ArrayAttr names, const Parities &stored) {
    for (auto [name, argument] : llvm::zip(names, region.getArguments()))
      if (isPair(argument.getType()))
        known[argument] = stored.lookup(cast<StringAttr>(name).getValue());
  }

  Parity of(Value value) {
    auto found = known.find(value);
    if (found != known.end())
      return found->second;
    Parity parity = value.getDefiningOp() ? ofOp(value.getDefiningOp()) : Parity::None;
    return known[value] = parity;
  }

private:
  Parity ofConstant(DenseElementsAttr levels) {
    auto values = llvm::to_vector(levels.getValues<APFloat>());
    if (values[0].isZero() && values[1].isZero())
      return Parity::Zero;
    if (values[0].bitwiseIsEqual(values[1]))
      return Parity::Even;
    return values[0].bitwiseIsEqual(neg(values[1])) ? Parity::Odd : Parity::None;
  }

  /// e^n for an integer n.
  Parity ofPower(math::PowFOp op) {
    DenseElementsAttr exponent;
    if (of(op.getLhs()) != Parity::Odd || !matchPattern(op.getRhs(), m_Constant(&exponent)) ||
        !exponent.isSplat())
      return ofEven(op);
    double n = exponent.getSplatValue<APFloat>().convertToDouble();
    if (n != std::floor(n) || n <= 0)
      return Parity::None;
    return std::fmod(n, 2) == 0 ? Parity::Even : Parity::Odd;
  }

  /// clamp(e, -a, a) is odd in e.
  Parity ofClamp(ClampOp op) {
    FloatAttr low = splat(op.getLow()), high = splat(op.getHigh());
    if (of(op.getOperand()) == Parity::Odd && low && high &&
        low.getValueAsDouble() == -high.getValueAsDouble())
      return Parity::Odd;
    return ofEven(op);
  }

  /// A function applied to each level of equal levels.
  Parity ofEven(Operation *op) {
    bool even =
        op->hasTrait<OpTrait::Elementwise>() && llvm::all_of(op->getOperands(), [&](Value operand) {
          return !isPair(operand.getType()) || of(operand) == Parity::Even ||
                 of(operand) == Parity::Zero;
        });
    return even ? Parity::Even : Parity::None;
  }

  Parity ofOp(Operation *op) {
    auto operand = [&](unsigned index) { return of(op->getOperand(index)); };
    DenseElementsAttr constant;
    if (matchPattern(op, m_Constant(&constant)))
      return isa<FloatType>(constant.getElementType()) ? ofConstant(constant) : Parity::None;
    return llvm::TypeSwitch<Operation *, Parity>(op)
        .Case([&](vector::BroadcastOp) { return Parity::Even; })
        .Case<arith::AddFOp, arith::SubFOp>(
            [&](Operation *) { return join(operand(0), operand(1)); })
        .Case([&](arith::MulFOp multiply) {
          return isCentred(multiply) ? Parity::Odd : product(operand(0), operand(1));
        })
        .Case([&](arith::DivFOp) {
          return operand(1) == Parity::Zero ? Parity::None : product(operand(0), operand(1));
        })
        .Case<arith::NegFOp, math::TanhOp, math::AtanhOp, math::ErfOp, math::AtanOp, SgnOp>(
            [&](Operation *) { return operand(0); })
        .Case([&](math::AbsFOp) { return operand(0) == Parity::Odd ? Parity::Even : operand(0); })
        .Case([&](math::PowFOp power) { return ofPower(power); })
        .Case([&](ClampOp clamp) { return ofClamp(clamp); })
        .Case([&](arith::SelectOp) {
          bool together = !isPair(op->getOperand(0).getType()) || operand(0) == Parity::Even;
          return together ? join(operand(1), operand(2)) : Parity::None;
        })
        .Default([&](Operation *op) { return ofEven(op); });
  }

public:
  static FloatAttr splat(Value value) {
    DenseElementsAttr constant;
    if (!matchPattern(value, m_Constant(&constant)) || !constant.isSplat())
      return {};
    return constant.getSplatValue<FloatAttr>();
  }

  /// sum(a * b) as a level vector or a number: its two factors.
  static bool isDot(Value value, Value &a, Value &b) {
    if (auto broadcast = value.getDefiningOp<vector::BroadcastOp>())
      value = broadcast.getSource();
    auto reduce = value.getDefiningOp<ReduceOp>();
    if (!reduce || reduce.getKind() != Reduction::Sum || reduce.getExtentAttr())
      return false;
    auto multiply = reduce.getOperand().getDefiningOp<arith::MulFOp>();
    if (!multiply)
      return false;
    a = multiply.getLhs();
    b = multiply.getRhs();
    return true;
  }

  /// A softmax or hardmax of something odd.
  template <typename Op> Op ofOdd(Value value) {
    auto op = value.getDefiningOp<Op>();
    return op && of(op.getOperand()) == Parity::Odd ? op : Op();
  }

  /// u (c - sum(u c)) with an odd c and u the softmax of something odd: J^T c. With two levels it
  /// is odd, although u is neither.
  bool isCentred(arith::MulFOp multiply) {
    SoftmaxOp u;
    Value c;
    return isCentred(multiply, u, c);
  }
  bool isCentred(arith::MulFOp multiply, SoftmaxOp &u, Value &c) {
    for (auto [first, second] : {std::pair(multiply.getLhs(), multiply.getRhs()),
                                 std::pair(multiply.getRhs(), multiply.getLhs())}) {
      u = first.getDefiningOp<SoftmaxOp>();
      auto difference = second.getDefiningOp<arith::SubFOp>();
      Value a, b;
      if (!u || !difference || !isDot(difference.getRhs(), a, b))
        continue;
      c = difference.getLhs();
      bool matches = (a == first && b == c) || (b == first && a == c);
      if (matches && ofOdd<SoftmaxOp>(first) && of(c) == Parity::Odd)
        return true;
    }
    return false;
  }

private:
  DenseMap<Value, Parity> known;
};

/// Writes a region again with the upper level in the place of level vectors, from its yield up.
class UpperLevel {
public:
  UpperLevel(Region &source, Region &region, ArrayAttr names, const Parities &stored)
      : analysis(source, names, stored), block(&region.emplaceBlock()),
        builder(source.getContext()) {
    builder.setInsertionPointToStart(block);
    for (BlockArgument argument : source.getArguments())
      made[argument] =
          block->addArgument(getElementTypeOrSelf(argument.getType()), argument.getLoc());
  }

  LogicalResult run(YieldOp yield) {
    SmallVector<Value> values;
    for (Value value : yield.getValues()) {
      Value upper = get(value);
      if (!upper)
        return failure();
      values.push_back(upper);
    }
    YieldOp::create(builder, yield.getLoc(), values, yield.getNames());
    return success();
  }

private:
  /// A number, or the upper level of a level vector with a parity; null where there is none.
  Value get(Value value) {
    if (Value known = made.lookup(value))
      return known;
    bool expressible = !isPair(value.getType()) || analysis.of(value) != Parity::None;
    return made[value] = expressible ? make(value.getDefiningOp()) : Value();
  }

  Value make(Operation *op) {
    DenseElementsAttr levels;
    if (matchPattern(op, m_Constant(&levels)))
      return constant(op->getLoc(), levels.getValues<FloatAttr>()[1]);
    if (auto broadcast = dyn_cast<vector::BroadcastOp>(op))
      return get(broadcast.getSource());
    SoftmaxOp u;
    Value c;
    if (auto multiply = dyn_cast<arith::MulFOp>(op);
        multiply && isPair(multiply.getType()) && analysis.isCentred(multiply, u, c))
      return centred(multiply.getLoc(), u, c);
    if (auto reduce = dyn_cast<ReduceOp>(op); reduce && !reduce.getExtentAttr())
      return weight(reduce);
    bool acrossLevels =
        !op->hasTrait<OpTrait::Elementwise>() && llvm::any_of(op->getOperandTypes(), isPair);
    if (acrossLevels)
      return {};
    IRMapping operands;
    for (Value operand : op->getOperands()) {
      Value upper = get(operand);
      if (!upper)
        return {};
      operands.map(operand, upper);
    }
    Operation *clone = builder.clone(*op, operands);
    for (Value result : clone->getResults())
      result.setType(getElementTypeOrSelf(result.getType()));
    return clone->getResult(0);
  }

  Value constant(Location loc, FloatAttr number) {
    return arith::ConstantOp::create(builder, loc, number);
  }

  /// tanh(c y) = u_1 - u_0 of u = softmax(c (-y, y)).
  Value difference(SoftmaxOp softmax) {
    Value y = get(softmax.getOperand());
    if (y && softmax.getScale()) {
      Value scale = get(softmax.getScale());
      y = arith::MulFOp::create(builder, softmax.getLoc(), scale, y);
    }
    return y ? math::TanhOp::create(builder, softmax.getLoc(), y) : Value();
  }

  /// sum(q u) of odd q: the upper q times the difference of u's levels. The larger index wins a
  /// hardmax's tie, as +1 does that of `sign`.
  Value weight(ReduceOp reduce) {
    Value a, b;
    if (!ParityAnalysis::isDot(reduce.getResult(), a, b))
      return {};
    for (auto [q, u] : {std::pair(a, b), std::pair(b, a)}) {
      if (analysis.of(q) != Parity::Odd)
        continue;
      Value spread;
      if (auto softmax = analysis.ofOdd<SoftmaxOp>(u))
        spread = difference(softmax);
      else if (auto hardmax = analysis.ofOdd<HardmaxOp>(u))
        if (Value y = get(hardmax.getOperand()))
          spread = SignOp::create(builder, hardmax.getLoc(), y.getType(), y);
      Value upper = spread ? get(q) : Value();
      if (upper)
        return arith::MulFOp::create(builder, reduce.getLoc(), upper, spread);
    }
    return {};
  }

  /// u_1 (c - (u_1 - u_0) c) with u_1 = (1 + t) / 2: (c / 2) (1 - t) (1 + t).
  Value centred(Location loc, SoftmaxOp u, Value c) {
    Value t = difference(u), upper = get(c);
    if (!t || !upper)
      return {};
    Value one = constant(loc, builder.getF32FloatAttr(1));
    Value half = constant(loc, builder.getF32FloatAttr(0.5));
    Value slope = arith::MulFOp::create(builder, loc, arith::SubFOp::create(builder, loc, one, t),
                                        arith::AddFOp::create(builder, loc, one, t));
    return arith::MulFOp::create(builder, loc, arith::MulFOp::create(builder, loc, half, upper),
                                 slope);
  }

  ParityAnalysis analysis;
  Block *block;
  OpBuilder builder;
  DenseMap<Value, Value> made;
};

class Reducer {
public:
  explicit Reducer(MethodOp method) : method(method) {}

  /// Leaves the method as it is where two levels do not reduce to one.
  void run() {
    if (!storesPairs() || !findParities())
      return;
    SmallVector<Operation *> made;
    bool complete = rewrite(method.getAttach(), made) && rewrite(method.getStep(), made) &&
                    rewrite(method.getPublish(), made) && rewriteBlocks(made) &&
                    (!method.getFinal() || rewrite(method.getFinal(), made));
    if (!complete) {
      for (Operation *op : made)
        op->erase();
      return;
    }
    for (Operation *op : made)
      op->getPrevNode()->erase();
    for (auto stored : method.getBody().getOps<StoredOp>())
      if (isPair(stored.getType())) {
        bool odd = parities.lookup(stored.getName()) == Parity::Odd;
        stored.setType(getElementTypeOrSelf(stored.getType()));
        stored.setParityAttr(
            IntegerAttr::get(IntegerType::get(method.getContext(), 32), odd ? -1 : 1));
      }
  }

private:
  bool storesPairs() {
    bool any = false;
    for (auto stored : method.getBody().getOps<StoredOp>()) {
      int64_t levels = levelCount(stored.getType());
      if (isPair(stored.getType()) && levels != 2)
        return false;
      any |= levels == 2;
    }
    return any;
  }

  /// From attach on, step after step, until nothing changes. False where one has no parity.
  bool findParities() {
    auto joinYields = [&](auto op, bool &changed) {
      ParityAnalysis analysis(op.getBody(), op.getArgNames(), parities);
      YieldOp yield = yieldOf(op.getBody());
      for (auto [index, value] : llvm::enumerate(yield.getValues())) {
        if (!isPair(value.getType()))
          continue;
        Parity &parity = parities.try_emplace(yield.nameOf(index), Parity::Zero).first->second;
        Parity now = join(parity, analysis.of(value));
        changed |= now != parity;
        parity = now;
      }
    };
    bool changed = false;
    joinYields(method.getAttach(), changed);
    do {
      changed = false;
      joinYields(method.getStep(), changed);
      for (EveryBlockOp block : method.getEveryBlocks())
        joinYields(block, changed);
    } while (changed);
    return llvm::none_of(parities, [](auto &entry) { return entry.second == Parity::None; });
  }

  template <typename Op> bool rewrite(Op op, SmallVector<Operation *> &made) {
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    auto copy = cast<Op>(builder.insert(op->cloneWithoutRegions()));
    made.push_back(copy);
    UpperLevel writer(op.getBody(), copy.getBody(), op.getArgNames(), parities);
    return succeeded(writer.run(yieldOf(op.getBody())));
  }

  bool rewriteBlocks(SmallVector<Operation *> &made) {
    return llvm::all_of(method.getEveryBlocks(),
                        [&](EveryBlockOp block) { return rewrite(block, made); });
  }

  MethodOp method;
  Parities parities;
};

struct ReduceTwoLevels : bregman::impl::ReduceTwoLevelsBase<ReduceTwoLevels> {
  void runOnOperation() override {
    for (auto method : getOperation().getOps<MethodOp>())
      Reducer(method).run();
  }
};

} // namespace
