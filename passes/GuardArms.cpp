// What only one arm of a host `if` reads is 1 while the other arm is taken.
#include "passes/GuardArms.h"

#include "passes/Clauses.h"

#include "mlir/IR/Matchers.h"

#include <optional>

using namespace mlir;
using namespace bregman;

namespace {

/// The host scalar that is a condition, and whether it holds where the guarded value is read.
struct Guard {
  StringAttr condition;
  bool holds;
  bool operator==(const Guard &) const = default;
};

/// A region of a method and the names of its arguments.
struct Reader {
  Region &body;
  ArrayAttr names;
};

} // namespace

/// The host scalar whose truth `condition` is: `cmpf une, %scalar, 0` of an argument.
static StringAttr conditionOf(Value condition, const Reader &reader) {
  auto compare = condition.getDefiningOp<arith::CmpFOp>();
  if (!compare || compare.getPredicate() != arith::CmpFPredicate::UNE ||
      !matchPattern(compare.getRhs(), m_AnyZeroFloat()))
    return {};
  auto argument = dyn_cast<BlockArgument>(compare.getLhs());
  if (!argument || argument.getOwner() != &reader.body.front())
    return {};
  return cast<StringAttr>(reader.names[argument.getArgNumber()]);
}

/// The one guard of all uses of `value`, if there is one.
static std::optional<Guard> guardOf(Value value, const Reader &reader,
                                    DenseMap<Value, std::optional<Guard>> &known) {
  if (auto found = known.find(value); found != known.end())
    return found->second;
  std::optional<Guard> common;
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    std::optional<Guard> here;
    auto select = dyn_cast<arith::SelectOp>(user);
    StringAttr condition = select && use.getOperandNumber()
                               ? conditionOf(select.getCondition(), reader)
                               : StringAttr();
    if (condition)
      here = Guard{condition, use.getOperandNumber() == 1};
    else if (user->getNumResults() == 1 && user->getNumRegions() == 0)
      here = guardOf(user->getResult(0), reader, known);
    if (!here || (common && *common != *here))
      return known[value] = std::nullopt;
    common = here;
  }
  return known[value] = common;
}

void bregman::guardArms(MethodOp method) {
  std::vector<Reader> readers;
  for (Operation &op : method.getBody().front())
    if (isa<AttachOp, StepOp, PublishOp, EveryBlockOp, FinalOp>(op))
      readers.push_back({op.getRegion(0), op.getAttrOfType<ArrayAttr>("arg_names")});

  // A scalar is guarded where every region that reads it guards it in the same way.
  llvm::MapVector<StringAttr, std::optional<Guard>> guards;
  for (const Reader &reader : readers) {
    DenseMap<Value, std::optional<Guard>> known;
    for (auto [name, argument] : llvm::zip(reader.names, reader.body.getArguments())) {
      auto guard = guardOf(argument, reader, known);
      auto [found, isNew] = guards.insert({cast<StringAttr>(name), guard});
      if (!isNew && found->second != guard)
        found->second = std::nullopt;
    }
  }

  YieldOp yield = yieldOf(method.getHost().getBody());
  OpBuilder builder(yield);
  Location loc = yield.getLoc();
  auto number = [&](double value) {
    return arith::ConstantOp::create(builder, loc, builder.getF64FloatAttr(value)).getResult();
  };
  for (auto [index, nameAttribute] : llvm::enumerate(yield.getNames())) {
    auto name = cast<StringAttr>(nameAttribute);
    auto found = guards.find(name);
    // A schedule is shown, too.
    if (found == guards.end() || !found->second ||
        llvm::is_contained(method.getSchedules(), nameAttribute))
      continue;
    auto [condition, holds] = *found->second;
    Value guarded = yield.getValues()[index];
    // What cannot be infinite needs no guard.
    if (!guarded.getDefiningOp<arith::DivFOp>())
      continue;
    Value isTaken = arith::CmpFOp::create(
        builder, loc, holds ? arith::CmpFPredicate::UNE : arith::CmpFPredicate::OEQ,
        yield.get(condition), number(0));
    yield.setOperand(index, arith::SelectOp::create(builder, loc, isTaken, guarded, number(1)));
  }
}
