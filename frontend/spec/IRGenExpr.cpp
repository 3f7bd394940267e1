// One node, one operation, except where phases or level axes meet.
#include "frontend/spec/IRGenExpr.h"

#include "frontend/spec/Evaluate.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::spec;
/// A function or a declaration; mlir::Op is meant nowhere here.
using Kind = spec::Op;

Location ExprEmitter::at(SourceRange range) const {
  Position position = source.position(range.begin);
  return FileLineColLoc::get(builder.getContext(), source.name(), position.line, position.column);
}

Location ExprEmitter::named(Location place, const std::string &name) const {
  return name.empty() ? place : NameLoc::get(builder.getStringAttr(name), place);
}

mlir::Type ExprEmitter::axisType(mlir::Type element, int levels) {
  if (levels == classAxis)
    return VectorType::get({1}, element, {true});
  return levels ? mlir::Type(VectorType::get({levels}, element)) : element;
}

ExtentAttr ExprEmitter::extentAttr(const Extent &extent) {
  static constexpr Scope scopes[] = {Scope::Run, Scope::Tensor, Scope::Channel, Scope::Group,
                                     Scope::Token};
  if (extent.kind == Extent::Weight)
    return {};
  return ExtentAttr::get(builder.getContext(), scopes[extent.kind], extent.length);
}

Value ExprEmitter::constantF64(double value, Location location) {
  return arith::ConstantOp::create(builder, location, builder.getF64FloatAttr(value));
}

Value ExprEmitter::constantF32(double value, int levels, Location location) {
  FloatAttr element = builder.getF32FloatAttr(static_cast<float>(value));
  if (!levels)
    return arith::ConstantOp::create(builder, location, element);
  auto type = cast<ShapedType>(axisType(builder.getF32Type(), levels));
  return arith::ConstantOp::create(builder, location, DenseElementsAttr::get(type, element));
}

Value ExprEmitter::broadcast(Value value, int levels, Location location) {
  if (!levels || isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(builder, location, axisType(value.getType(), levels), value);
}

Value ExprEmitter::emit(const Node &node) {
  if (node.op == Kind::Declared) {
    // What a structural parameter is worth is compiled in.
    if (node.declaration->structural)
      return constantF64(node.declaration->number, at(node.range));
    return declared.at(node.declaration);
  }
  if (auto found = values.find(&node); found != values.end())
    return found->second;
  Value result = compute(node); // which may enter a region, and leave it
  return values[&node] = result;
}

Value ExprEmitter::emitWeight(const Node &node, int levels) {
  if (!node.type.host())
    return broadcast(emit(node), levels, at(node.range));
  auto key = std::make_pair(&node, levels);
  if (auto found = weights.find(key); found != weights.end())
    return found->second;
  Value result;
  if (node.constant()) {
    result = constantF32(*evaluate(node), levels, at(node.range));
  } else if (levels) {
    result = broadcast(emitWeight(node, 0), levels, at(node.range));
  } else {
    Location location = at(node.range);
    result = arith::TruncFOp::create(builder, location, builder.getF32Type(), emit(node));
  }
  return weights[key] = result;
}

Value ExprEmitter::emitCondition(const Node &node, int levels) {
  return broadcast(emit(node), levels, at(node.range));
}

/// The reciprocal in double, rounded once.
Value ExprEmitter::reciprocal(const Node &divisor) {
  if (auto found = reciprocals.find(&divisor); found != reciprocals.end())
    return found->second;
  Location location = at(divisor.range);
  Value result;
  if (divisor.constant()) {
    result = constantF32(1 / *evaluate(divisor), 0, location);
  } else {
    Value one = constantF64(1, location);
    Value quotient = arith::DivFOp::create(builder, location, one, emit(divisor));
    result = arith::TruncFOp::create(builder, location, builder.getF32Type(), quotient);
  }
  return reciprocals[&divisor] = result;
}

Value ExprEmitter::elementwise(Kind op, ValueRange v, Location l) {
  auto &b = builder;
  switch (op) {
  case Kind::Negate:
    return arith::NegFOp::create(b, l, v[0]);
  case Kind::Add:
    return arith::AddFOp::create(b, l, v[0], v[1]);
  case Kind::Sub:
    return arith::SubFOp::create(b, l, v[0], v[1]);
  case Kind::Mul:
    return arith::MulFOp::create(b, l, v[0], v[1]);
  case Kind::Div:
    return arith::DivFOp::create(b, l, v[0], v[1]);
  case Kind::Pow:
    return math::PowFOp::create(b, l, v[0], v[1]);
  case Kind::Min:
    return arith::MinimumFOp::create(b, l, v[0], v[1]);
  case Kind::Max:
    return arith::MaximumFOp::create(b, l, v[0], v[1]);
  case Kind::Clamp:
    return ClampOp::create(b, l, v[0].getType(), v[0], v[1], v[2]);
  case Kind::Exp:
    return math::ExpOp::create(b, l, v[0]);
  case Kind::Log:
    return math::LogOp::create(b, l, v[0]);
  case Kind::Log2:
    return math::Log2Op::create(b, l, v[0]);
  case Kind::Sqrt:
    return math::SqrtOp::create(b, l, v[0]);
  case Kind::Tanh:
    return math::TanhOp::create(b, l, v[0]);
  case Kind::Atanh:
    return math::AtanhOp::create(b, l, v[0]);
  case Kind::Sigmoid:
    return SigmoidOp::create(b, l, v[0].getType(), v[0]);
  case Kind::Erf:
    return math::ErfOp::create(b, l, v[0]);
  case Kind::Atan:
    return math::AtanOp::create(b, l, v[0]);
  case Kind::Abs:
    return math::AbsFOp::create(b, l, v[0]);
  case Kind::Floor:
    return math::FloorOp::create(b, l, v[0]);
  case Kind::Ceil:
    return math::CeilOp::create(b, l, v[0]);
  case Kind::Round:
    return RoundOp::create(b, l, v[0].getType(), v[0]);
  case Kind::Sign:
    return SignOp::create(b, l, v[0].getType(), v[0]);
  case Kind::Sgn:
    return SgnOp::create(b, l, v[0].getType(), v[0]);
  case Kind::Ste:
    // Nothing is differentiated in the host.
    return v[0].getType().isF64() ? v[0]
                                  : SteOp::create(b, l, v[0].getType(), v[0], v[1]).getResult();
  default:
    break;
  }
  llvm_unreachable("not an elementwise function");
}

static std::optional<arith::CmpFPredicate> predicateOf(Kind op) {
  using P = arith::CmpFPredicate;
  switch (op) {
  case Kind::Less:
    return P::OLT;
  case Kind::LessEqual:
    return P::OLE;
  case Kind::Greater:
    return P::OGT;
  case Kind::GreaterEqual:
    return P::OGE;
  case Kind::Equal:
    return P::OEQ;
  case Kind::NotEqual:
    return P::UNE;
  default:
    return std::nullopt;
  }
}

Value ExprEmitter::compare(const Node &node, Location location) {
  int levels = node.type.levels;
  auto operand = [&](size_t index) {
    const Node &value = *node.operands[index];
    return node.type.host() ? emit(value) : emitWeight(value, levels);
  };
  Value left = operand(0), right = operand(1);
  return arith::CmpFOp::create(builder, location, *predicateOf(node.op), left, right);
}

/// {a, b, ...}: a constant where it is made of numbers.
Value ExprEmitter::computeSet(const Node &node, Location location) {
  auto type = VectorType::get({static_cast<int64_t>(node.operands.size())}, builder.getF32Type());
  if (llvm::all_of(node.operands, [](const Node *level) { return level->constant(); })) {
    SmallVector<float> levels;
    for (const Node *level : node.operands)
      levels.push_back(static_cast<float>(*evaluate(*level)));
    return arith::ConstantOp::create(builder, location,
                                     DenseElementsAttr::get(type, ArrayRef<float>(levels)));
  }
  SmallVector<Value> levels;
  for (const Node *level : node.operands)
    levels.push_back(emitWeight(*level, 0));
  return vector::FromElementsOp::create(builder, location, type, levels);
}

/// softmax(c * e) with a host scalar c is evaluated by exp(c * (e - max e)): c is its scale.
Value ExprEmitter::computeSoftmax(const Node &node, Location location) {
  const Node &operand = *node.operands[0];
  const Node *inner = &operand;
  Value scale;
  auto takes = [&](const Node &value, const Node &factor) {
    return value.type.levels && factor.type.host() && !(factor.constant() && *evaluate(factor) < 0);
  };
  if (operand.op == Kind::Mul && takes(*operand.operands[1], *operand.operands[0])) {
    inner = operand.operands[1];
    scale = emitWeight(*operand.operands[0], 0);
  } else if (operand.op == Kind::Mul && takes(*operand.operands[0], *operand.operands[1])) {
    inner = operand.operands[0];
    scale = emitWeight(*operand.operands[1], 0);
  } else if (operand.op == Kind::Div && takes(*operand.operands[0], *operand.operands[1])) {
    inner = operand.operands[0];
    scale = reciprocal(*operand.operands[1]);
  }
  Value value = emit(*inner);
  return SoftmaxOp::create(builder, location, value.getType(), value, scale);
}

Value ExprEmitter::computeReduction(const Node &node, Location location) {
  static constexpr Reduction kinds[] = {Reduction::Sum, Reduction::Mean, Reduction::Min,
                                        Reduction::Max, Reduction::Std};
  Reduction kind = kinds[static_cast<int>(node.op) - static_cast<int>(Kind::ReduceSum)];
  if (!node.per)
    return ReduceOp::create(builder, location, kind, emit(*node.operands[0]));
  Value operand = emitWeight(*node.operands[0], node.type.levels), condition;
  if (node.operands.size() > 1)
    condition = emit(*node.operands[1]);
  return ReduceOp::create(builder, location, kind, extentAttr(*node.per), operand, condition);
}

Value ExprEmitter::computeLookup(const Node &node, Location location) {
  mlir::Type type = builder.getF32Type();
  Value value = emitWeight(*node.operands[0], 0);
  if (node.op == Kind::SoftNearest) {
    Value steepness = emitWeight(*node.operands[1], 0), set = emit(*node.operands[2]);
    return SoftNearestOp::create(builder, location, type, value, steepness, set);
  }
  Value set = emit(*node.operands[1]);
  if (node.op == Kind::Nearest)
    return NearestOp::create(builder, location, type, value, set);
  if (node.op == Kind::Lower)
    return LowerOp::create(builder, location, type, value, set);
  return UpperOp::create(builder, location, type, value, set);
}

/// The unknowns of a codebook; its region is the codebook of them.
FitOp ExprEmitter::fit(const Node &node) {
  if (auto found = fits.find(&node); found != fits.end())
    return found->second;
  Location location = at(node.range);
  Value value = emitWeight(*node.operands[0], 0), weight;
  SmallVector<Value> starts;
  for (auto [index, unknown] : llvm::enumerate(node.unknowns))
    starts.push_back(emitWeight(*node.operands[index + 1], unknown->type.levels));
  if (node.weighted)
    weight = emitWeight(*node.operands.back(), 0);
  auto made = FitOp::create(builder, location, value, weight, starts,
                            static_cast<uint64_t>(node.rounds), extentAttr(*node.per));
  {
    Region scope(*this);
    Block &block = made.getBody().emplaceBlock();
    for (auto [unknown, start] : llvm::zip(node.unknowns, starts))
      define(unknown, block.addArgument(start.getType(), named(at(unknown->range), unknown->name)));
    builder.setInsertionPointToStart(&block);
    Value levels = emit(*node.body);
    YieldOp::create(builder, levels.getLoc(), levels);
  }
  return fits[&node] = made;
}

Value ExprEmitter::compute(const Node &node) {
  Location location = named(at(node.range), node.name);
  int levels = node.type.levels;
  auto weight = [&](size_t index, int axis) { return emitWeight(*node.operands[index], axis); };
  auto acrossLevels = [&] { return emit(*node.operands[0]); };
  if (node.constant() && !node.type.condition)
    return constantF64(*evaluate(node), location);

  switch (node.op) {
  case Kind::Set:
    return computeSet(node, location);
  case Kind::Softmax:
    return computeSoftmax(node, location);
  case Kind::Sparsemax: {
    Value operand = acrossLevels();
    return SparsemaxOp::create(builder, location, operand.getType(), operand);
  }
  case Kind::Hardmax: {
    Value operand = acrossLevels();
    return HardmaxOp::create(builder, location, operand.getType(), operand);
  }
  case Kind::ReduceSum:
  case Kind::ReduceMean:
  case Kind::ReduceMin:
  case Kind::ReduceMax:
  case Kind::ReduceStd:
    return computeReduction(node, location);
  case Kind::Nearest:
  case Kind::Lower:
  case Kind::Upper:
  case Kind::SoftNearest:
    return computeLookup(node, location);
  case Kind::Random:
    return RandomOp::create(builder, location, builder.getF32Type(), /*next=*/false);
  case Kind::OptimizerState:
    return OptimizerStateOp::create(builder, at(node.range),
                                    axisType(builder.getF32Type(), node.type.levels), node.name);
  case Kind::Inverse: {
    Value operand = weight(0, levels);
    return InverseOp::create(builder, location, operand.getType(), Clause::Project, operand);
  }
  case Kind::FitResult:
    return fit(*node.operands[0]).getResult(static_cast<unsigned>(node.number));
  case Kind::Grad: {
    Value target = emit(*node.operands[0]);
    return GradOp::create(builder, location, target.getType(), target);
  }
  case Kind::And:
  case Kind::Or: {
    Value left = emitCondition(*node.operands[0], levels);
    Value right = emitCondition(*node.operands[1], levels);
    if (node.op == Kind::And)
      return arith::AndIOp::create(builder, location, left, right);
    return arith::OrIOp::create(builder, location, left, right);
  }
  case Kind::Not: {
    Value value = emitCondition(*node.operands[0], levels);
    Value yes = arith::ConstantOp::create(
        builder, location,
        levels ? TypedAttr(DenseElementsAttr::get(cast<ShapedType>(value.getType()), true))
               : TypedAttr(builder.getBoolAttr(true)));
    return arith::XOrIOp::create(builder, location, value, yes);
  }
  case Kind::Select: {
    const Node &condition = *node.operands[0];
    auto arm = [&](size_t index) {
      const Node &value = *node.operands[index];
      if (node.type.condition)
        return emitCondition(value, levels);
      return node.type.host() ? emit(value) : emitWeight(value, levels);
    };
    Value test = emitCondition(condition, condition.type.levels ? levels : 0);
    Value yes = arm(1), no = arm(2);
    return arith::SelectOp::create(builder, location, test, yes, no);
  }
  case Kind::Div:
    if (!node.type.host() && node.operands[1]->type.host()) {
      Value left = weight(0, levels);
      Value right = broadcast(reciprocal(*node.operands[1]), levels, at(node.operands[1]->range));
      return arith::MulFOp::create(builder, location, left, right);
    }
    break;
  default:
    break;
  }
  if (predicateOf(node.op))
    return compare(node, location);
  SmallVector<Value> operands;
  for (const Node *operand : node.operands)
    operands.push_back(node.type.host() ? emit(*operand) : emitWeight(*operand, levels));
  return elementwise(node.op, operands, location);
}
