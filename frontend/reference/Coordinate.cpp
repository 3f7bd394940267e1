#include "frontend/reference/Coordinate.h"

#include "frontend/reference/Gathered.h"

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

namespace {

struct Factor {
  double number;
  bool moves; ///< from step to step
  bool operator==(const Factor &other) const = default;
};

} // namespace

/// The factors of a host product, a divisor as its reciprocal.
static void splitProduct(mlir::Value value, bool divides, const Environment &environment,
                         std::vector<Factor> &factors) {
  Operation *op = value.getDefiningOp();
  if (op && isa<arith::TruncFOp, vector::BroadcastOp>(op)) {
    splitProduct(op->getOperand(0), divides, environment, factors);
  } else if (op && op->getResult(0).getType().isF64() && isa<arith::MulFOp, arith::DivFOp>(op)) {
    splitProduct(op->getOperand(0), divides, environment, factors);
    splitProduct(op->getOperand(1), divides != isa<arith::DivFOp>(op), environment, factors);
  } else if (op && op->getResult(0).getType().isF64() && isa<arith::NegFOp>(op)) {
    factors.push_back({-1, false});
    splitProduct(op->getOperand(0), divides, environment, factors);
  } else {
    double factor = environment.at(value).at(0).value;
    if (factor != 1 || moves(value))
      factors.push_back({divides ? 1 / factor : factor, moves(value)});
  }
}

/// Whether what changes from step to step is read beside those products.
static bool restMoves(ProjectOp project, const llvm::DenseSet<Operation *> &products) {
  for (Operation &op : project.getBody().front()) {
    bool isHost = op.getNumResults() == 1 && op.getResult(0).getType().isF64();
    if (isHost || isa<arith::TruncFOp, vector::BroadcastOp>(op) || products.contains(&op))
      continue;
    for (mlir::Value operand : op.getOperands()) {
      Operation *source = operand.getDefiningOp();
      if (isa_and_present<vector::BroadcastOp>(source))
        source = source->getOperand(0).getDefiningOp();
      if (isa_and_present<arith::TruncFOp>(source) && moves(source->getOperand(0)))
        return true;
    }
  }
  return false;
}

FailureOr<double> reference::coordinateScale(const Clauses &clauses, const Environment &host) {
  ProjectOp project = clauses.project;
  mlir::Value latent = LatentOp(clauses.latent).getResult();
  Environment inside(&host);
  Point origin;
  origin.x = Tensor(1, levelCount(latent.getType()));
  if (failed(clauses.declareReads(project, inside, origin)) ||
      failed(evaluate(project.getBody().front(), inside)))
    return failure();
  std::optional<std::vector<Factor>> common;
  llvm::DenseSet<Operation *> products;
  std::vector<std::vector<Factor>> reads;
  for (Operation *user : latent.getUsers()) {
    if (user->getParentOp() != project)
      continue;
    std::vector<Factor> factors;
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
      if (!passes) {
        splitProduct(factor, /*divides=*/false, inside, factors);
        products.insert(user);
      }
      value = user->getResult(0);
      user = !soft && value.hasOneUse() ? *value.user_begin() : nullptr;
    }
    if (ofSign)
      continue;
    reads.push_back(factors);
    std::erase_if(factors, [](Factor factor) { return !(factor.number > 0); });
    if (!common)
      common = factors;
    std::erase_if(*common, [&](Factor factor) {
      auto found = std::find(factors.begin(), factors.end(), factor);
      bool missing = found == factors.end();
      if (!missing)
        factors.erase(found);
      return missing;
    });
  }
  bool isRestMoved = restMoves(project, products);
  auto countMoving = [](const std::vector<Factor> &factors) {
    return llvm::count_if(factors, [](Factor factor) { return factor.moves; });
  };
  for (const std::vector<Factor> &factors : reads)
    isRestMoved |= countMoving(factors) > countMoving(*common);
  if (isRestMoved)
    return gatheredScale(project, latent, inside);
  double scale = 1;
  for (Factor factor : common.value_or(std::vector<Factor>()))
    scale *= factor.number;
  return scale;
}
