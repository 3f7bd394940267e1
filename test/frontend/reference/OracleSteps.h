// Oracles of quantizers that are written as IR.
#pragma once

#include "frontend/reference/Oracle.h"

#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

namespace bregman::reference {

inline const char *sgd = R"(
bregman.optimizer @sgd (g = %g : f32, x = %x : f32) {
  %lr = bregman.param "lr" = 0.5 : f64
  %0 = arith.truncf %lr : f64 to f32
  %d = arith.mulf %0, %g : f32
  bregman.descend %d : f32
}
)";

inline const char *latent = R"(
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
)";

class OracleSteps : public ::testing::Test {
protected:
  OracleSteps() {
    mlir::DialectRegistry registry;
    registerBregmanDialects(registry);
    context.appendDialectRegistry(registry);
  }

  /// A quantizer with these clauses by sgd, or by another optimizer.
  Oracle &oracle(const std::string &clauses, const std::string &optimizer = sgd) {
    module = mlir::parseSourceString<mlir::ModuleOp>(
        "bregman.quantizer @q {" + clauses + "}\n" + optimizer, &context);
    if (!module)
      throw std::runtime_error("the module does not parse");
    run = std::make_unique<Oracle>(*module->getOps<QuantizerOp>().begin(),
                                   *module->getOps<OptimizerOp>().begin(), Timing{2, 8, 4});
    return *run;
  }

  std::vector<double> stored(const std::string &name) {
    std::vector<double> result;
    for (const auto &[found, planes] : run->stored())
      if (found == name)
        for (const auto &levels : planes)
          result.insert(result.end(), levels.begin(), levels.end());
    return result;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<Oracle> run;
};

} // namespace bregman::reference
