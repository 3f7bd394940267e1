// A run by the oracle: the same columns as a run by kernels.
#include "frontend/OracleRun.h"

#include "frontend/reference/Oracle.h"

using namespace bregman;

namespace {

class OracleRun final : public Run {
public:
  OracleRun(QuantizerOp quantizer, OptimizerOp optimizer, const Timing &timing,
            std::shared_ptr<const void> keep)
      : keep(std::move(keep)), oracle(quantizer, optimizer, timing) {}

  Status set(const std::string &parameter, double value) override {
    oracle.set(parameter, value);
    return {};
  }
  Status attach(const std::vector<float> &w0) override {
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
  static Status status(mlir::LogicalResult result) {
    if (succeeded(result))
      return {};
    return Error{ErrorKind::Internal, "the oracle met an operation that it does not know"};
  }

  std::shared_ptr<const void> keep;
  reference::Oracle oracle;
};

} // namespace

std::unique_ptr<Run> bregman::makeOracleRun(QuantizerOp quantizer, OptimizerOp optimizer,
                                            const Timing &timing,
                                            std::shared_ptr<const void> keep) {
  return std::make_unique<OracleRun>(quantizer, optimizer, timing, std::move(keep));
}
