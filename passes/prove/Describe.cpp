// Printing of expressions and numbers.
#include "passes/prove/Describe.h"

#include "dialect/calculus/Emit.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace bregman;

std::string prove::describe(double number) {
  for (int digits : {6, 9, 17}) {
    std::string text;
    llvm::raw_string_ostream(text) << llvm::format("%.*g", digits, number);
    double back = std::strtod(text.c_str(), nullptr);
    if (back == number || float(back) == float(number))
      return text;
  }
  return std::to_string(number);
}

StringRef prove::symbolOf(arith::CmpFPredicate predicate) {
  using P = arith::CmpFPredicate;
  switch (predicate) {
  case P::OLT:
  case P::ULT:
    return " < ";
  case P::OLE:
  case P::ULE:
    return " <= ";
  case P::OGT:
  case P::UGT:
    return " > ";
  case P::OGE:
  case P::UGE:
    return " >= ";
  case P::OEQ:
  case P::UEQ:
    return " == ";
  default:
    return " != ";
  }
}

namespace {
/// How tightly an expression binds; larger is tighter.
enum Binding { Condition, Sum, Product, Power, Atom };

struct Text {
  std::string text;
  Binding binding;
};

std::string wrapped(const Text &text, Binding least) {
  return text.binding < least ? "(" + text.text + ")" : text.text;
}

Text print(Value value, unsigned depth);

/// ` per channel`
std::string describeExtent(ExtentAttr extent) {
  if (!extent)
    return "";
  std::string text = (" per " + stringifyScope(extent.getScope())).str();
  return extent.getSize() ? text + "(" + std::to_string(extent.getSize()) + ")" : text;
}

std::string constantText(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  llvm::SmallVector<double> numbers(levelCount(value.getType()));
  cast<CalculusOpInterface>(constant.getOperation()).evaluate({}, numbers);
  bool same = llvm::all_equal(numbers);
  std::string text;
  for (double number : numbers)
    text += (text.empty() ? "" : ", ") + prove::describe(number);
  return same ? prove::describe(numbers[0]) : "{" + text + "}";
}

Text call(StringRef name, Operation *op, unsigned depth) {
  std::string text = (name + "(").str();
  for (auto [i, operand] : llvm::enumerate(op->getOperands()))
    text += (i ? ", " : "") + print(operand, depth + 1).text;
  return {text + ")", Atom};
}

Text print(Value value, unsigned depth) {
  Operation *op = value.getDefiningOp();
  if (!op) { // a leaf of a scratch says its name
    auto name = dyn_cast<NameLoc>(value.getLoc());
    return {name ? name.getName().str() : "x", Atom};
  }
  if (depth > 12)
    return {"...", Atom};
  auto operand = [&](unsigned i) { return print(op->getOperand(i), depth + 1); };
  auto infix = [&](StringRef symbol, Binding binding, Binding right) -> Text {
    return {wrapped(operand(0), binding) + symbol.str() + wrapped(operand(1), right), binding};
  };
  if (auto param = dyn_cast<ParamOp>(op))
    return {param.getName().str(), Atom};
  if (auto schedule = dyn_cast<ScheduleOp>(op))
    return {schedule.getName().str(), Atom};
  if (auto state = dyn_cast<StateOp>(op))
    return {state.getName().str(), Atom};
  if (auto counter = dyn_cast<CounterOp>(op))
    return {stringifyCounter(counter.getKind()).str(), Atom};
  if (isa<LatentOp>(op))
    return {"x", Atom};
  if (isa<LevelsOp>(op))
    return {"levels", Atom};
  if (auto project = dyn_cast<ProjectOp>(op))
    return {project.getName().str(), Atom};
  if (auto weight = dyn_cast<WeightOp>(op))
    return {weight.getName().str(), Atom};
  if (isa<arith::ConstantOp>(op)) {
    std::string text = constantText(value);
    return {text, text[0] == '-' ? Product : Atom};
  }
  if (isa<arith::TruncFOp, arith::ExtFOp, vector::BroadcastOp>(op))
    return operand(0);
  if (isa<vector::FromElementsOp>(op)) {
    std::string text = call("", op, depth).text;
    return {"{" + text.substr(1, text.size() - 2) + "}", Atom};
  }
  if (isa<arith::AddFOp>(op))
    return infix(" + ", Sum, Sum);
  if (isa<arith::SubFOp>(op))
    return infix(" - ", Sum, Product);
  if (isa<arith::MulFOp>(op)) {
    if (op->getOperand(0) == op->getOperand(1))
      return {wrapped(operand(0), Atom) + "^2", Power};
    return infix(" * ", Product, Product);
  }
  if (isa<arith::DivFOp>(op))
    return infix(" / ", Product, Power);
  if (isa<math::PowFOp>(op))
    return infix("^", Atom, Power);
  if (isa<arith::NegFOp>(op))
    return {"-" + wrapped(operand(0), Product), Product};
  if (auto compare = dyn_cast<arith::CmpFOp>(op))
    return infix(prove::symbolOf(compare.getPredicate()), Condition, Sum);
  if (isa<arith::AndIOp>(op))
    return infix(" and ", Condition, Sum);
  if (isa<arith::OrIOp>(op))
    return infix(" or ", Condition, Sum);
  if (isa<arith::SelectOp>(op))
    return {"if " + operand(0).text + " then " + operand(1).text + " else " + operand(2).text,
            Condition};
  if (isa<arith::MinimumFOp>(op))
    return call("min", op, depth);
  if (isa<arith::MaximumFOp>(op))
    return call("max", op, depth);
  if (isa<math::AbsFOp>(op))
    return call("abs", op, depth);
  if (auto learn = dyn_cast<LearnOp>(op))
    return {learn.getName().str(), Atom};
  if (auto reduce = dyn_cast<ReduceOp>(op)) {
    std::string text = (stringifyReduction(reduce.getKind()) + "(").str() + operand(0).text;
    if (reduce.getCondition())
      text += " where " + operand(1).text;
    return {text + describeExtent(reduce.getExtentAttr()) + ")", Atom};
  }
  if (auto fit = dyn_cast<FitOp>(op)) {
    std::string text = "fit(" + operand(0).text + describeExtent(fit.getExtentAttr()) + ")";
    unsigned unknown = cast<OpResult>(value).getResultNumber();
    return {unknown ? text + "[" + std::to_string(unknown) + "]" : text, Atom};
  }
  if (auto state = dyn_cast<OptimizerStateOp>(op))
    return {"optimizer." + state.getName().str(), Atom};
  if (isa<SoftmaxOp>(op) && op->getNumOperands() == 2)
    return {"softmax(" + wrapped(operand(1), Product) + " * " + wrapped(operand(0), Product) + ")",
            Atom};
  return call(op->getName().stripDialect(), op, depth);
}
} // namespace

std::string prove::describe(Value value) { return print(value, 0).text; }
