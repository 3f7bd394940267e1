// Each operation of a constraint's distance becomes one instruction on tensors; what it takes from
// the host is one program of the counters.
#include "frontend/ConstraintTranslation.h"

#include "frontend/HostTranslation.h"
#include "frontend/ScalarCodes.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace bregman;
using Code = TensorProgram::Op;
using Axis = TensorProgram::Axis;

namespace {

Axis axisOf(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return !vector ? Axis::None : vector.isScalable() ? Axis::Class : Axis::Set;
}

std::optional<Code> comparison(arith::CmpFPredicate predicate) {
  using P = arith::CmpFPredicate;
  switch (predicate) {
  case P::OLT:
    return Code::Less;
  case P::OLE:
    return Code::LessEqual;
  case P::OGT:
    return Code::Greater;
  case P::OGE:
    return Code::GreaterEqual;
  case P::OEQ:
    return Code::Equal;
  case P::UNE:
    return Code::NotEqual;
  default:
    return std::nullopt;
  }
}

Code reduction(Reduction kind) {
  switch (kind) {
  case Reduction::Sum:
    return Code::ReduceSum;
  case Reduction::Mean:
    return Code::ReduceMean;
  case Reduction::Min:
    return Code::ReduceMin;
  case Reduction::Max:
    return Code::ReduceMax;
  case Reduction::Std:
    break;
  }
  return Code::ReduceStd;
}

std::optional<Code> codeOf(Operation &op) {
  if (std::optional<Code> known = scalarCodeOf<Code>(op))
    return known;
  return llvm::TypeSwitch<Operation *, std::optional<Code>>(&op)
      .Case([](arith::XOrIOp) { return Code::Xor; })
      .Case([](arith::SelectOp) { return Code::Select; })
      .Case([](arith::CmpFOp op) { return comparison(op.getPredicate()); })
      .Case([](vector::BroadcastOp) { return Code::Spread; })
      .Case([](vector::FromElementsOp) { return Code::Set; })
      .Case([](ClampOp) { return Code::Clamp; })
      .Case([](SteOp) { return Code::Ste; })
      .Case([](SoftmaxOp) { return Code::Softmax; })
      .Case([](SparsemaxOp) { return Code::Sparsemax; })
      .Case([](HardmaxOp) { return Code::Hardmax; })
      .Case([](NearestOp) { return Code::Nearest; })
      .Case([](SoftNearestOp) { return Code::SoftNearest; })
      .Case([](ReduceOp op) -> std::optional<Code> {
        if (op.getExtentAttr())
          return std::nullopt;
        return reduction(op.getKind());
      })
      .Default([](Operation *) { return std::nullopt; });
}

class Translator {
public:
  llvm::Expected<TensorProgram> run(Region &body) {
    at[body.getArgument(0)] = emit({Code::High, Axis::Class, {}});
    at[body.getArgument(1)] = emit({Code::Low, Axis::Class, {}});
    for (Operation &op : body.front().without_terminator())
      if (failed(translate(op)))
        return llvm::createStringError("'" + op.getName().getStringRef().str() +
                                       "' is no operation on what branches give");
    int32_t value = at.at(cast<YieldOp>(body.front().getTerminator()).getValues().front());
    if (value + 1 != int32_t(program.code.size())) // `subject to output high <= 1`
      emit({Code::Spread, program.code[value].axis, {value}});
    llvm::Expected<HostProgram> scalars = translateHost(ValueRange(host));
    if (!scalars)
      return scalars.takeError();
    program.scalars = std::move(*scalars);
    return std::move(program);
  }

private:
  int32_t emit(TensorProgram::Instruction instruction) {
    program.code.push_back(std::move(instruction));
    return int32_t(program.code.size()) - 1;
  }

  /// A value of the host, rounded once.
  int32_t scalar(Value value) {
    host.push_back(value);
    return emit({Code::Scalar, Axis::None, {}, {}, int32_t(host.size()) - 1});
  }

  LogicalResult translate(Operation &op) {
    Type type = op.getResult(0).getType();
    if (getElementTypeOrSelf(type).isF64() || isa<CounterOp>(op))
      return success(); // where a tensor meets it
    if (auto truncated = dyn_cast<arith::TruncFOp>(op)) {
      at[truncated.getResult()] = scalar(truncated.getIn());
      return success();
    }
    TensorProgram::Instruction made{Code::Number, axisOf(type), {}};
    if (auto literal = dyn_cast<arith::ConstantOp>(op)) {
      if (auto elements = dyn_cast<DenseFPElementsAttr>(literal.getValue()))
        for (const APFloat &value : elements.getValues<APFloat>())
          made.constants.push_back(value.convertToDouble());
      else if (auto number = dyn_cast<FloatAttr>(literal.getValue()))
        made.constants.push_back(number.getValueAsDouble());
      else if (auto truths = dyn_cast<DenseElementsAttr>(literal.getValue()))
        made.constants.push_back(truths.getSplatValue<APInt>().isZero() ? 0 : 1);
      else
        made.constants.push_back(cast<IntegerAttr>(literal.getValue()).getValue().isZero() ? 0 : 1);
      if (made.axis == Axis::Class) // the same for all classes, however many there are
        made.constants.resize(1);
      at[literal.getResult()] = emit(std::move(made));
      return success();
    }
    std::optional<Code> code = codeOf(op);
    if (!code)
      return failure();
    made.op = *code;
    for (Value operand : op.getOperands()) {
      // A condition of the host may choose among values of the branches.
      if (!at.contains(operand))
        at[operand] = scalar(operand);
      made.operands.push_back(at.at(operand));
    }
    at[op.getResult(0)] = emit(std::move(made));
    return success();
  }

  TensorProgram program;
  SmallVector<Value> host;
  DenseMap<Value, int32_t> at;
};

} // namespace

llvm::Expected<Constraint> bregman::translateConstraint(SubjectToOp op) {
  Constraint result;
  result.target = op.getTarget().value_or("").str();
  result.every = op.getPeriod();
  result.inEpochs = op.getUnit() == PeriodUnit::Epoch;
  llvm::Expected<TensorProgram> distance = Translator().run(op.getBody());
  if (!distance)
    return distance.takeError();
  llvm::Expected<HostProgram> numbers = translateHost(op.getNumbers());
  if (!numbers)
    return numbers.takeError();
  result.distance = std::move(*distance);
  result.numbers = std::move(*numbers);
  return result;
}
