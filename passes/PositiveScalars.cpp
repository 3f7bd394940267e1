// What the projection comes to where a positive host scalar is 0.
#include "passes/PositiveScalars.h"

#include "passes/prove/Scratch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/SetVector.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

/// Latents at which a projection is looked at; 0 is where quotients lose their numerators too.
static constexpr double latents[] = {-8, -1, -0.375, -0.0625, 0, 0.0625, 0.375, 1, 8};

namespace {

/// The projection at the latents.
struct Sampled {
  bool isFinite = true;
  bool isConstant = true;

  /// With `held` at 0, if given.
  Sampled(const Scratch &scratch, Value root, Value held) {
    Numbers first;
    for (double x : latents) {
      Numbers now = scratch.evaluate(scratch.inside(x), held, 0).lookup(root);
      isFinite &= llvm::all_of(now, [](double number) { return std::isfinite(number); });
      if (first.empty())
        first = now;
      isConstant &= llvm::equal(first, now);
    }
  }
};

} // namespace

SmallVector<Value> bregman::positiveScalars(Clauses &clauses) {
  llvm::SetVector<Value> found;
  if (clauses.latent && clauses.latent.getScale())
    found.insert(clauses.latent.getScale());
  if (!clauses.project)
    return found.takeVector();
  Scratch scratch(clauses.quantizer);
  Region &body = clauses.project.getBody();
  Value root = scratch.add(body);
  Sampled whole(scratch, root, {});
  if (!whole.isFinite || whole.isConstant)
    return found.takeVector();
  clauses.quantizer.walk([&](arith::TruncFOp op) {
    bool isRead =
        body.isAncestor(op->getParentRegion()) || op->getBlock() == clauses.project->getBlock();
    Value scalar = isRead ? scratch.value(op.getResult()) : Value();
    if (!scalar || !scratch.isPositive(scalar))
      return;
    Sampled without(scratch, root, scalar);
    if (!without.isFinite || without.isConstant)
      found.insert(op.getIn());
  });
  return found.takeVector();
}
