// A run by the oracle: the same columns as a run by kernels.
#include "frontend/OracleRun.h"

#include "frontend/HostTranslation.h"
#include "frontend/reference/Oracle.h"

using namespace bregman;

namespace {

class OracleRun final : public Run {
public:
  OracleRun(QuantizerOp quantizer, OptimizerOp optimizer, const Timing &timing,
            std::shared_ptr<const void> keep)
      : keep(std::move(keep)), quantizer(quantizer), optimizer(optimizer), timing(timing),
        oracle(quantizer, optimizer, timing) {}

  Status set(const std::string &parameter, double value) override {
    auto param = find(parameter);
    if (!param)
      return Error{ErrorKind::Usage, title() + " has no parameter `" + parameter + "`"};
    ParameterInfo info = describeParameter(param);
    info.name = parameter;
    info.isPeriod = llvm::is_contained(periodsOf(quantizer), parameter);
    if (Status failed = info.check(value, title()))
      return failed;
    oracle.set(parameter, value);
    return {};
  }
  Status attach(const std::vector<float> &w0, const TensorTraits &traits) override {
    if (Status failed = checkCounters())
      return failed;
    oracle.seed(traits.seed, traits.parameter);
    return status(oracle.attach(std::vector<double>(w0.begin(), w0.end()), traits.channels));
  }
  Status advance(const std::vector<float> &gradient) override {
    return status(oracle.advance(std::vector<double>(gradient.begin(), gradient.end())));
  }
  Status resetStates() override { return status(oracle.resetStates()); }
  std::vector<std::pair<std::string, double>> schedules() override { return oracle.schedules(); }
  std::vector<std::pair<std::string, Planes>> stored() override { return oracle.stored(); }
  std::vector<double> weights() override { return oracle.weights(); }

private:
  /// The declaration of a parameter; the optimizer's are prefixed, those of a learned value's
  /// instance by its name too.
  ParamOp find(llvm::StringRef name) {
    auto [first, rest] = name.split('.');
    for (auto learn : quantizer.getBody().getOps<LearnOp>())
      if (learn.getName() == first && rest.starts_with("optimizer."))
        name = rest;
    bool ofOptimizer = name.consume_front("optimizer.");
    for (auto param : (ofOptimizer ? optimizer.getBody() : quantizer.getBody()).getOps<ParamOp>())
      if (param.getName() == name)
        return param;
    return {};
  }

  std::string title() {
    return "method `" + quantizer.getSymName().str() + "` by `" + optimizer.getSymName().str() +
           "`";
  }

  /// Refuses what the kernels' clock refuses.
  Status checkCounters() {
    Status failed;
    auto check = [&](CounterOp op) {
      std::string counter = stringifyCounter(op.getKind()).str();
      if (!failed && (counter == "epoch" || counter == "steps" || counter == "epochs"))
        failed = timing.missing(counter, title() + " reads `" + counter + "`");
    };
    quantizer.walk(check);
    optimizer.walk(check);
    for (auto every : quantizer.getBody().getOps<EveryOp>())
      if (!failed && every.getUnit() == PeriodUnit::Epoch)
        failed = timing.missing("epoch", title() + " reads `epoch`");
    return failed;
  }

  static Status status(mlir::LogicalResult result) {
    if (succeeded(result))
      return {};
    return Error{ErrorKind::Internal, "the oracle met an operation that it does not know"};
  }

  std::shared_ptr<const void> keep;
  QuantizerOp quantizer;
  OptimizerOp optimizer;
  Timing timing;
  reference::Oracle oracle;
};

} // namespace

std::unique_ptr<Run> bregman::makeOracleRun(QuantizerOp quantizer, OptimizerOp optimizer,
                                            const Timing &timing,
                                            std::shared_ptr<const void> keep) {
  return std::make_unique<OracleRun>(quantizer, optimizer, timing, std::move(keep));
}
