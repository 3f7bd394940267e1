// Casts and broadcasts are seen through; what derivation leaves behind, a factor of one or a sum
// with zero, is not written.
#include "frontend/explain/Formula.h"

#include "dialect/AsmFormat.h"
#include "dialect/calculus/Emit.h"
#include "passes/prove/Describe.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::explain;

/// `0.5`, `1e-08`.
static std::string number(double value) {
  char text[32];
  for (int digits : {6, 9, 17}) {
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (std::strtod(text, nullptr) == value || (digits == 9 && float(value) == value))
      break;
  }
  return text;
}

/// An f32 constant is written as the shortest decimal that rounds to it.
static std::string number(const llvm::APFloat &value) {
  if (&value.getSemantics() == &llvm::APFloat::IEEEdouble())
    return number(value.convertToDouble());
  char text[32];
  for (int digits = 6; digits <= 9; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, double(value.convertToFloat()));
    if (std::strtof(text, nullptr) == value.convertToFloat())
      break;
  }
  return text;
}

/// What only says where a value goes: casts, broadcasts.
static Value seenThrough(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<arith::TruncFOp, arith::ExtFOp, vector::BroadcastOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

static bool is(Value value, double wanted) {
  std::optional<double> found = constantOf(value);
  return found && *found == wanted;
}

void Formulas::clear() {
  known.clear();
  uses.clear();
  defined.clear();
}

/// How many times a formula of `value` would hold each value.
unsigned Formulas::countUses(Value value) {
  value = seenThrough(value);
  unsigned &count = uses[value];
  if (++count > 1 || names.count(value))
    return count;
  if (Operation *op = value.getDefiningOp(); op && op->getNumRegions() == 0)
    for (Value operand : op->getOperands())
      countUses(operand);
  return uses[value];
}

std::string Formulas::text(Value value) {
  countUses(value);
  return write(value).text;
}

std::string Formulas::parenthesize(const Piece &piece, Binding least) {
  return piece.binding < least ? "(" + piece.text + ")" : piece.text;
}

std::string Formulas::in(Value value, Binding least) { return parenthesize(write(value), least); }

Formulas::Piece Formulas::write(Value value) {
  value = seenThrough(value);
  if (auto found = names.find(value); found != names.end())
    return {found->second, Atom};
  if (auto found = known.find(value); found != known.end())
    return found->second;
  Operation *op = value.getDefiningOp();
  if (!op)
    return {"?", Atom};
  Piece piece = compute(op);
  constexpr size_t longest = 24;
  if (uses[value] > 1 && piece.text.size() > longest) {
    std::string own = "v" + std::to_string(defined.size() + 1);
    defined.push_back(own + " = " + piece.text);
    piece = {own, Atom};
  }
  return known[value] = piece;
}

Formulas::Piece Formulas::call(const std::string &function, ValueRange operands) {
  std::string text = function + "(";
  for (auto [index, operand] : llvm::enumerate(operands))
    text += (index ? ", " : "") + in(operand, Choice);
  return {text + ")", Atom};
}

/// The square of a size is that of the value.
static Value squared(Value value) {
  auto size = seenThrough(value).getDefiningOp<math::AbsFOp>();
  return size ? size.getOperand() : value;
}

/// (1 - t) (t + 1), as the derivative of tanh is computed, reads better as 1 - t^2.
std::optional<Formulas::Piece> Formulas::differenceOfSquares(Value a, Value b) {
  auto minus = seenThrough(a).getDefiningOp<arith::SubFOp>();
  auto plus = seenThrough(b).getDefiningOp<arith::AddFOp>();
  if (!minus || !plus || !is(minus.getLhs(), 1) || !is(plus.getRhs(), 1) ||
      seenThrough(minus.getRhs()) != seenThrough(plus.getLhs()))
    return std::nullopt;
  return Piece{"1 - " + in(squared(plus.getLhs()), Atom) + "^2", Sum};
}

Formulas::Piece Formulas::product(Value a, Value b) {
  if (is(a, 1))
    return write(b);
  if (is(b, 1))
    return write(a);
  if (is(a, -1) || is(b, -1))
    return {"-" + in(is(a, -1) ? b : a, Sign), Sign};
  if (std::optional<Piece> difference = differenceOfSquares(a, b))
    return *difference;
  // Dividing by a host scalar is multiplying by its reciprocal.
  if (auto reciprocal = seenThrough(b).getDefiningOp<arith::DivFOp>();
      reciprocal && is(reciprocal.getLhs(), 1))
    return {in(a, Product) + " / " + in(reciprocal.getRhs(), Sign), Product};
  if (seenThrough(a) == seenThrough(b))
    return {in(squared(a), Atom) + "^2", Power};
  return {in(a, Product) + " * " + in(b, Product), Product};
}

Formulas::Piece Formulas::sum(Value a, Value b, bool minus) {
  if (is(b, 0))
    return write(a);
  if (is(a, 0))
    return minus ? Piece{"-" + in(b, Sign), Sign} : write(b);
  Piece right = write(b);
  if (right.binding == Sign && right.text.front() == '-') // a - -b is a + b
    return {in(a, Sum) + (minus ? " + " : " - ") + right.text.substr(1), Sum};
  return {in(a, Sum) + (minus ? " - " : " + ") + parenthesize(right, minus ? Product : Sum), Sum};
}

/// The language's word for an operation that is written as a function, or nothing.
static StringRef functionName(Operation *op) {
  return llvm::StringSwitch<StringRef>(op->getName().getStringRef())
      .Case("math.exp", "exp")
      .Case("math.log", "log")
      .Case("math.log2", "log2")
      .Case("math.sqrt", "sqrt")
      .Case("math.tanh", "tanh")
      .Case("math.atanh", "atanh")
      .Case("math.erf", "erf")
      .Case("math.atan", "atan")
      .Case("math.absf", "abs")
      .Case("math.floor", "floor")
      .Case("math.ceil", "ceil")
      .Case("arith.minimumf", "min")
      .Case("arith.maximumf", "max")
      .Case("bregman.sign", "sign")
      .Case("bregman.sgn", "sgn")
      .Case("bregman.round", "round")
      .Case("bregman.sigmoid", "sigmoid")
      .Case("bregman.clamp", "clamp")
      .Case("bregman.sparsemax", "sparsemax")
      .Case("bregman.hardmax", "hardmax")
      .Case("bregman.ste", "ste")
      .Default("");
}

Formulas::Piece Formulas::compute(Operation *op) {
  if (StringRef function = functionName(op); !function.empty())
    return call(function.str(), op->getOperands());
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    if (auto scalar = dyn_cast<FloatAttr>(constant.getValue()))
      return {number(scalar.getValue()), scalar.getValue().isNegative() ? Sign : Atom};
    if (auto flag = dyn_cast<BoolAttr>(constant.getValue()))
      return {flag.getValue() ? "true" : "false", Atom};
    auto levels = cast<DenseElementsAttr>(constant.getValue());
    if (levels.isSplat() && isa<FloatType>(levels.getElementType()))
      return {number(levels.getSplatValue<llvm::APFloat>()), Atom};
    std::string text;
    for (const llvm::APFloat &level : levels.getValues<llvm::APFloat>())
      text += (text.empty() ? "{" : ", ") + number(level);
    return {text + "}", Atom};
  }
  auto operand = [&](unsigned index) { return op->getOperand(index); };
  if (isa<arith::AddFOp>(op))
    return sum(operand(0), operand(1), /*minus=*/false);
  if (isa<arith::SubFOp>(op))
    return sum(operand(0), operand(1), /*minus=*/true);
  if (isa<arith::MulFOp>(op))
    return product(operand(0), operand(1));
  if (isa<arith::DivFOp>(op)) {
    if (is(operand(1), 1))
      return write(operand(0));
    return {in(operand(0), Product) + " / " + in(operand(1), Sign), Product};
  }
  if (isa<arith::NegFOp>(op))
    return {"-" + in(operand(0), Sign), Sign};
  if (isa<math::FmaOp>(op))
    return {in(operand(0), Product) + " * " + in(operand(1), Product) + " + " + in(operand(2), Sum),
            Sum};
  if (isa<math::PowFOp>(op))
    return {in(operand(0), Atom) + " ^ " + in(operand(1), Sign), Power};
  if (auto compare = dyn_cast<arith::CmpFOp>(op))
    return {in(operand(0), Sum) + prove::symbolOf(compare.getPredicate()).str() +
                in(operand(1), Sum),
            Comparison};
  if (isa<arith::AndIOp>(op))
    return {in(operand(0), And) + " and " + in(operand(1), And), And};
  if (isa<arith::OrIOp>(op))
    return {in(operand(0), Or) + " or " + in(operand(1), Or), Or};
  if (isa<arith::XOrIOp>(op))
    return {"not " + in(operand(0), Not), Not};
  if (isa<arith::SelectOp>(op))
    return {"if " + in(operand(0), Or) + " then " + in(operand(1), Or) + " else " +
                in(operand(2), Choice),
            Choice};
  if (isa<vector::FromElementsOp>(op)) {
    std::string text;
    for (Value element : op->getOperands())
      text += (text.empty() ? "{" : ", ") + in(element, Choice);
    return {text + "}", Atom};
  }
  if (auto extract = dyn_cast<vector::ExtractOp>(op))
    return {in(extract->getOperand(0), Atom) + "[" +
                std::to_string(extract.getStaticPosition().front()) + "]",
            Atom};
  if (isa<NearestOp, LowerOp, UpperOp, SoftNearestOp, InverseOp>(op))
    return call(op->getName().stripDialect().str(), op->getOperands());
  if (auto softmax = dyn_cast<SoftmaxOp>(op)) {
    if (softmax.getScale())
      return {"softmax(" + in(softmax.getScale(), Product) + " * " + in(operand(0), Product) + ")",
              Atom};
    return call("softmax", operand(0));
  }
  if (auto reduce = dyn_cast<ReduceOp>(op)) {
    std::string text = stringifyReduction(reduce.getKind()).str() + "(" + in(operand(0), Choice);
    if (reduce.getCondition())
      text += " where " + in(reduce.getCondition(), Choice);
    if (ExtentAttr extent = reduce.getExtentAttr()) {
      text += " per " + stringifyScope(extent.getScope()).str();
      if (extent.getScope() == Scope::Group)
        text += "(" + std::to_string(extent.getSize()) + ")";
    }
    return {text + ")", Atom};
  }
  if (auto fit = dyn_cast<FitOp>(op))
    return {"fit(" + in(fit.getOperand(), Choice) + ")", Atom};
  if (isa<RandomOp>(op))
    return {"random()", Atom};
  if (auto state = dyn_cast<OptimizerStateOp>(op))
    return {"optimizer." + state.getName().str(), Atom};
  if (auto grad = dyn_cast<GradOp>(op))
    return call("grad", grad.getTarget());
  if (auto param = dyn_cast<ParamOp>(op))
    return {param.getName().str(), Atom};
  if (auto counter = dyn_cast<CounterOp>(op))
    return {stringifyCounter(counter.getKind()).str(), Atom};
  if (auto schedule = dyn_cast<ScheduleOp>(op))
    return {schedule.getName().str(), Atom};
  if (isa<LevelsOp>(op))
    return {"levels", Atom};
  if (auto latent = dyn_cast<LatentOp>(op))
    return {latent.getDual() ? "dual" : "x", Atom};
  if (auto state = dyn_cast<StateOp>(op))
    return {state.getName().str(), Atom};
  if (auto learn = dyn_cast<LearnOp>(op))
    return {learn.getName().str(), Atom};
  if (auto project = dyn_cast<ProjectOp>(op))
    return {project.getName().str(), Atom};
  if (auto weight = dyn_cast<WeightOp>(op))
    return {weight.getName().str(), Atom};
  // An operation that a later version of the language adds is still something to look at.
  return call(op->getName().getStringRef().str(), op->getOperands());
}
