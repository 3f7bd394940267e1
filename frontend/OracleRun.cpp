// A run by the oracle: the same columns as a run by kernels.
#include "frontend/OracleRun.h"

#include "frontend/reference/Oracle.h"

#include <cmath>

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
      return Error{ErrorKind::Usage, "there is no parameter `" + parameter + "`"};
    bool inside = !std::isnan(value) &&
                  (!param.getLow() || value >= param.getLow()->convertToDouble()) &&
                  (!param.getHigh() || value <= param.getHigh()->convertToDouble());
    if (!inside)
      return Error{ErrorKind::Usage, "parameter `" + parameter + "` is " + std::to_string(value) +
                                         ", outside of its declared range"};
    oracle.set(parameter, value);
    return {};
  }
  Status attach(const std::vector<float> &w0) override {
    if (Status failed = checkCounters())
      return failed;
    return status(oracle.attach(std::vector<double>(w0.begin(), w0.end())));
  }
  Status advance(const std::vector<float> &gradient) override {
    return status(oracle.advance(std::vector<double>(gradient.begin(), gradient.end())));
  }
  Status resetStates() override { return status(oracle.resetStates()); }
  std::vector<std::pair<std::string, double>> schedules() override { return oracle.schedules(); }
  std::vector<std::pair<std::string, Planes>> stored() override { return oracle.stored(); }
  std::vector<double> weights() override { return oracle.weights(); }

private:
  /// The declaration of a parameter; the optimizer's are prefixed.
  ParamOp find(llvm::StringRef name) {
    bool ofOptimizer = name.consume_front("optimizer.");
    for (auto param : (ofOptimizer ? optimizer.getBody() : quantizer.getBody()).getOps<ParamOp>())
      if (param.getName() == name)
        return param;
    return {};
  }

  /// Refuses what the kernels' clock refuses.
  Status checkCounters() {
    const char *counter = nullptr, *number = nullptr;
    auto check = [&](CounterOp op) {
      if (op.getKind() == Counter::Epoch && timing.stepsPerEpoch <= 0)
        counter = "epoch", number = "number of steps per epoch";
      else if (op.getKind() == Counter::Epochs && timing.epochs <= 0)
        counter = "epochs", number = "run's number of epochs";
    };
    quantizer.walk(check);
    optimizer.walk(check);
    if (!counter)
      return {};
    return Error{ErrorKind::Usage, "method `" + quantizer.getSymName().str() + "` by `" +
                                       optimizer.getSymName().str() + "` reads `" + counter +
                                       "`, but the " + number +
                                       " is not known: give it when attaching"};
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
