#include "frontend/reference/Coordinate.h"

#include <optional>

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

/// Whether `value`, which stands in a clause's region, is computed from `source`.
static bool dependsOn(mlir::Value value, mlir::Value source) {
  Operation *op = value.getDefiningOp();
  return value == source || (op && llvm::any_of(op->getOperands(), [&](mlir::Value operand) {
                               return dependsOn(operand, source);
                             }));
}

/// The factors of a host product, a divisor as its reciprocal.
static void splitProduct(mlir::Value value, bool divides, const Environment &environment,
                         std::vector<double> &factors) {
  Operation *op = value.getDefiningOp();
  if (op && isa<arith::TruncFOp, vector::BroadcastOp>(op)) {
    splitProduct(op->getOperand(0), divides, environment, factors);
  } else if (op && op->getResult(0).getType().isF64() && isa<arith::MulFOp, arith::DivFOp>(op)) {
    splitProduct(op->getOperand(0), divides, environment, factors);
    splitProduct(op->getOperand(1), divides != isa<arith::DivFOp>(op), environment, factors);
  } else if (op && op->getResult(0).getType().isF64() && isa<arith::NegFOp>(op)) {
    factors.push_back(-1);
    splitProduct(op->getOperand(0), divides, environment, factors);
  } else {
    double factor = environment.at(value).at(0).value;
    if (factor != 1)
      factors.push_back(divides ? 1 / factor : factor);
  }
}

FailureOr<double> reference::coordinateScale(const Clauses &clauses, const Environment &host) {
  ProjectOp project = clauses.project;
  mlir::Value latent = LatentOp(clauses.latent).getResult();
  Environment inside(&host);
  Point origin;
  origin.x = Tensor(1, levelCount(latent.getType()));
  if (failed(clauses.declare(inside, origin)) ||
      failed(evaluate(project.getBody().front(), inside)))
    return failure();
  std::optional<std::vector<double>> common;
  for (Operation *user : latent.getUsers()) {
    if (user->getParentOp() != project)
      continue;
    std::vector<double> factors;
    bool ofSign = false;
    for (mlir::Value value = latent; user;) {
      auto product = dyn_cast<arith::MulFOp>(user);
      auto soft = dyn_cast<SoftmaxOp>(user);
      mlir::Value factor = product
                               ? (product.getLhs() == value ? product.getRhs() : product.getLhs())
                           : soft ? soft.getScale()
                                  : mlir::Value();
      // No positive factor changes a sign, and abs lets it through.
      ofSign = isa<SignOp, SgnOp>(user);
      if (auto compare = dyn_cast<arith::CmpFOp>(user)) {
        mlir::Value other = compare.getOperand(compare.getLhs() == value);
        ofSign = !dependsOn(other, latent) && inside.at(other).at(0).value == 0;
      }
      bool passes = isa<math::AbsFOp, arith::NegFOp>(user);
      if (!passes && (!factor || dependsOn(factor, latent)))
        break;
      if (!passes)
        splitProduct(factor, /*divides=*/false, inside, factors);
      value = user->getResult(0);
      user = !soft && value.hasOneUse() ? *value.user_begin() : nullptr;
    }
    if (ofSign)
      continue;
    std::erase_if(factors, [](double factor) { return !(factor > 0); });
    if (!common)
      common = factors;
    std::erase_if(*common, [&](double factor) {
      auto found = std::find(factors.begin(), factors.end(), factor);
      bool missing = found == factors.end();
      if (!missing)
        factors.erase(found);
      return missing;
    });
  }
  double scale = 1;
  for (double factor : common.value_or(std::vector<double>()))
    scale *= factor;
  return scale;
}
