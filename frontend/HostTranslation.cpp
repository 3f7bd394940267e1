// Each host operation becomes one instruction.
#include "frontend/HostTranslation.h"

#include "codegen/Places.h"
#include "frontend/ScalarCodes.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace bregman;
using Code = HostProgram::Op;

namespace {

class Translator {
public:
  /// `states`, of the whole run, are inputs; what each begins with becomes NAME.initial.
  llvm::Expected<HostProgram> run(Region &region, ArrayRef<StateOp> states) {
    for (Operation &op : region.front().without_terminator())
      if (failed(translate(op)))
        return unsupported(op);
    auto yield = cast<YieldOp>(region.front().getTerminator());
    for (auto [index, value] : llvm::enumerate(yield.getValues())) {
      int32_t at = find(value);
      if (at < 0)
        return unsupported(*value.getDefiningOp());
      program.outputs.push_back(
          {yield.nameOf(index).str(), at,
           isa<ParamOp>(value.getDefiningOp()) ? "" : placeOf(value.getLoc())});
    }
    for (StateOp state : states) {
      Value value = cast<YieldOp>(state.getBody().front().getTerminator()).getValues().front();
      int32_t at = find(value);
      if (at < 0)
        return unsupported(*value.getDefiningOp());
      program.outputs.push_back({state.getName().str() + ".initial", at});
    }
    return std::move(program);
  }

  llvm::Expected<HostProgram> run(ValueRange values) {
    for (auto [index, value] : llvm::enumerate(values)) {
      int32_t at = find(value);
      if (at < 0)
        return unsupported(*value.getDefiningOp());
      program.outputs.push_back({std::to_string(index), at});
    }
    return std::move(program);
  }

private:
  static llvm::Error unsupported(Operation &op) {
    return llvm::createStringError("'" + op.getName().getStringRef().str() +
                                   "' is no operation on host scalars");
  }

  int32_t emit(Code op, int32_t a = -1, int32_t b = -1, int32_t c = -1, double constant = 0) {
    program.code.push_back({op, a, b, c, constant});
    return int32_t(program.code.size()) - 1;
  }

  int32_t input(const std::string &name) {
    int index = program.inputIndexOf(name);
    if (index < 0) {
      index = int(program.inputs.size());
      program.inputs.push_back(name);
    }
    return emit(Code::Input, index);
  }

  static std::string nameOf(CounterOp counter) {
    std::string name =
        (stringifyCounter(counter.getKind()) + (counter.getNext() ? ".next" : "")).str();
    return counter.getOf() ? (*counter.getOf() + ".optimizer." + name).str() : name;
  }

  /// The instruction of a value; what is captured from above the region is translated on demand.
  int32_t find(Value value) {
    if (auto found = known.find(value); found != known.end())
      return found->second;
    Operation *op = value.getDefiningOp();
    return op && succeeded(translate(*op)) ? known.lookup(value) : -1;
  }

  LogicalResult translate(Operation &op) {
    if (op.getNumResults() != 1)
      return failure();
    int32_t at = -1;
    if (auto param = dyn_cast<ParamOp>(op))
      at = input(param.getName().str());
    else if (auto state = dyn_cast<StateOp>(op))
      at = input(state.getName().str());
    else if (auto counter = dyn_cast<CounterOp>(op))
      at = input(nameOf(counter));
    else if (auto literal = dyn_cast<arith::ConstantOp>(op))
      at = constant(literal.getValue());
    else if (auto compare = dyn_cast<arith::CmpFOp>(op))
      at = comparison(compare);
    else
      at = function(op);
    if (at < 0)
      return failure();
    known[op.getResult(0)] = at;
    return success();
  }

  int32_t constant(Attribute value) {
    if (auto number = dyn_cast<FloatAttr>(value))
      return emit(Code::Constant, -1, -1, -1, number.getValueAsDouble());
    if (auto truth = dyn_cast<IntegerAttr>(value))
      return emit(Code::Constant, -1, -1, -1, truth.getValue().isZero() ? 0 : 1);
    return -1;
  }

  int32_t comparison(arith::CmpFOp op) {
    int32_t a = find(op.getLhs()), b = find(op.getRhs());
    if (a < 0 || b < 0)
      return -1;
    using P = arith::CmpFPredicate;
    switch (op.getPredicate()) {
    case P::OLT:
      return emit(Code::Less, a, b);
    case P::OLE:
      return emit(Code::LessEqual, a, b);
    case P::OGT:
      return emit(Code::Greater, a, b);
    case P::OGE:
      return emit(Code::GreaterEqual, a, b);
    case P::OEQ:
      return emit(Code::Equal, a, b);
    case P::UNE:
      return emit(Code::NotEqual, a, b);
    // The negations, which canonicalization may make of a `not`.
    case P::UGE:
      return emit(Code::Not, emit(Code::Less, a, b));
    case P::UGT:
      return emit(Code::Not, emit(Code::LessEqual, a, b));
    case P::ULE:
      return emit(Code::Not, emit(Code::Greater, a, b));
    case P::ULT:
      return emit(Code::Not, emit(Code::GreaterEqual, a, b));
    case P::ONE:
      return emit(Code::And, emit(Code::NotEqual, a, b),
                  emit(Code::And, emit(Code::Equal, a, a), emit(Code::Equal, b, b)));
    default:
      return -1;
    }
  }

  int32_t function(Operation &op) {
    SmallVector<int32_t, 3> at;
    for (Value operand : op.getOperands()) {
      at.push_back(find(operand));
      if (at.back() < 0)
        return -1;
    }
    if (isa<arith::SelectOp>(op))
      return emit(Code::Select, at[0], at[1], at[2]);
    if (isa<ClampOp>(op)) // a NaN fails both comparisons and passes
      return emit(Code::Select, emit(Code::Less, at[0], at[1]), at[1],
                  emit(Code::Select, emit(Code::Greater, at[0], at[2]), at[2], at[0]));
    if (isa<arith::XOrIOp>(op))
      return emit(Code::NotEqual, at[0], at[1]);
    std::optional<Code> code = scalarCodeOf<Code>(op);
    if (!code)
      return -1;
    return emit(*code, at[0], at.size() > 1 ? at[1] : -1);
  }

  HostProgram program;
  DenseMap<Value, int32_t> known;
};

} // namespace

llvm::Expected<HostProgram> bregman::translateHost(Region &region) {
  return Translator().run(region, {});
}

llvm::Expected<HostProgram> bregman::translateHost(ValueRange values) {
  return Translator().run(values);
}

Extent bregman::extentOf(ExtentAttr extent) {
  if (!extent)
    return {};
  switch (extent.getScope()) {
  case Scope::Run:
    return {ExtentKind::Run};
  case Scope::Tensor:
    return {ExtentKind::Tensor};
  case Scope::Channel:
    return {ExtentKind::Channel};
  case Scope::Group:
    return {ExtentKind::Group, extent.getSize()};
  case Scope::Token: // a row of an activation, as a channel is one of a weight
    return {ExtentKind::Channel};
  }
  llvm_unreachable("unknown scope");
}

ParameterInfo bregman::describeParameter(ParamOp param) {
  const double infinity = std::numeric_limits<double>::infinity();
  return {param.getName().str(), param.getValue().convertToDouble(),
          param.getLow() ? param.getLow()->convertToDouble() : -infinity,
          param.getHigh() ? param.getHigh()->convertToDouble() : infinity};
}

std::vector<std::string> bregman::periodsOf(QuantizerOp quantizer) {
  std::vector<std::string> names;
  for (auto every : quantizer.getBody().getOps<EveryOp>())
    if (auto param = every.getPeriod().getDefiningOp<ParamOp>())
      names.push_back(param.getName().str());
  return names;
}

llvm::Expected<Method> bregman::describeMethod(MethodOp op) {
  Method method;
  method.quantizer = op.getQuantizer().str();
  method.optimizer = op.getOptimizer().str();
  SmallVector<StateOp> states(op.getBody().getOps<StateOp>());
  for (StateOp state : states)
    method.hostStates.push_back(state.getName().str());
  llvm::Expected<HostProgram> host = Translator().run(op.getHost().getBody(), states);
  if (!host)
    return host.takeError();
  method.host = std::move(*host);
  for (Attribute name : op.getSchedules())
    method.schedules.push_back(cast<StringAttr>(name).getValue().str());
  for (Attribute name : op.getPositive())
    method.positive.push_back(cast<StringAttr>(name).getValue().str());
  for (auto param : op.getBody().getOps<ParamOp>())
    method.parameters.push_back(describeParameter(param));
  for (auto stored : op.getBody().getOps<StoredOp>())
    method.stored.push_back({stored.getName().str(), int(levelCount(stored.getType())),
                             int(stored.getParity().value_or(0)), extentOf(stored.getExtentAttr()),
                             stored.getLearned()});
  return method;
}

void bregman::dropUnstored(Method &method) {
  std::vector<const KernelSequence *> sequences = {&method.attach, &method.step, &method.publish,
                                                   &method.final};
  for (const EveryBlock &block : method.every)
    sequences.push_back(&block.kernels);
  auto isStored = [&](const std::string &name) {
    for (const KernelSequence *sequence : sequences)
      for (const std::shared_ptr<const Kernel> &kernel : *sequence)
        for (const StreamInfo &stream : kernel->streams())
          if (stream.name == name)
            return true;
    return false;
  };
  llvm::erase_if(method.stored, [&](const StoredInfo &info) {
    bool stored = isStored(info.name);
    // The latent comes first; of the others each is written at attach.
    method.latentIsWeight |= !stored;
    return !stored;
  });
}

static ElementType elementOf(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isBF16()  ? ElementType::BF16
         : element.isF16() ? ElementType::F16
                           : ElementType::F32;
}

static Access accessOf(Reduction reduction) {
  switch (reduction) {
  case Reduction::Sum:
    return Access::Sum;
  case Reduction::Mean:
    return Access::Mean;
  case Reduction::Min:
    return Access::Min;
  case Reduction::Max:
    return Access::Max;
  case Reduction::Std:
    break;
  }
  return Access::Std;
}

static std::vector<StreamInfo> streamsOf(KernelOp kernel) {
  std::vector<StreamInfo> streams;
  for (unsigned index = 0; index < kernel.getStreams().size(); ++index) {
    Type storage = cast<TypeAttr>(kernel.getStorage()[index]).getValue();
    Access access = !kernel.isWritten(index) ? Access::In
                    : kernel.isRead(index)   ? Access::InOut
                                             : Access::Out;
    if (std::optional<Reduction> reduction = kernel.reductionOf(index))
      access = accessOf(*reduction);
    streams.push_back({kernel.streamName(index).str(), access, elementOf(storage),
                       int(levelCount(storage)), extentOf(kernel.extentOf(index))});
  }
  return streams;
}

static std::vector<std::string> scalarsOf(KernelOp kernel) {
  std::vector<std::string> names;
  for (Attribute name : kernel.getScalars())
    names.push_back(cast<StringAttr>(name).getValue().str());
  return names;
}

static bool drawsRandom(KernelOp kernel) {
  return kernel.walk([](RandomOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

KernelSignature bregman::signatureOf(KernelOp kernel) {
  return {kernel.getSymName().str(), streamsOf(kernel), scalarsOf(kernel),
          extentOf(kernel.getOverAttr()), drawsRandom(kernel)};
}
