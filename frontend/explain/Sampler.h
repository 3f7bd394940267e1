// A quantizer's projection at many latents at once, in double precision, at one moment of a run.
#pragma once

#include "dialect/BregmanDialect.h"

#include <vector>

namespace bregman::explain {

/// What the clock says, for schedules.
struct Moment {
  double step = 0, epoch = 0, steps = 0, epochs = 0;
};

class Sampler {
public:
  /// One entry for all points, or one per point; each has one value per level.
  using Column = std::vector<llvm::SmallVector<double, 4>>;

  /// The points are latents; of a latent with a level axis, weights that it begins with. Statistics
  /// over weights are those of the points.
  Sampler(QuantizerOp quantizer, Moment moment, const std::vector<double> &points);

  /// The weight (or the target, where that is it) at every point; empty where something in it
  /// cannot be sampled, which `obstacle` then names.
  std::vector<double> weights();
  std::vector<double> levels();
  const std::string &obstacle() const { return missing; }

private:
  const Column &of(mlir::Value value);
  Column compute(mlir::Value value);
  Column applied(mlir::Operation *op);
  Column narrowed(ReduceOp op);
  Column yielded(mlir::Region &region);

  QuantizerOp quantizer;
  Moment moment;
  Column points;
  llvm::DenseMap<mlir::Value, Column> known;
  std::string missing;
};

} // namespace bregman::explain
