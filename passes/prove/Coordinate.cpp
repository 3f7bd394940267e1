// Which multiple of the latent a projection is written in, and where that runs.
#include "passes/prove/Algebra.h"

#include <array>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double infinity = std::numeric_limits<double>::infinity();

void Algebra::chooseCoordinate(Value root) {
  const Leaf *x = scratch.latent();
  if (!x || isa<VectorType>(x->value.getType()))
    return;
  // What multiplies or divides the latent, or something of it: not more than a few.
  SmallVector<Fraction> candidates{Fraction::constant(1)};
  const Piece line{-infinity, infinity};
  DenseSet<Operation *> above; // what the root is made of
  SmallVector<Value> open{root};
  while (!open.empty())
    if (Operation *op = open.pop_back_val().getDefiningOp(); op && above.insert(op).second)
      open.append(op->operand_begin(), op->operand_end());
  for (Operation &op : scratch.block()) {
    if (!isa<arith::MulFOp, arith::DivFOp>(op) || candidates.size() > 4 || !above.contains(&op))
      continue;
    bool second = scratch.dependsOnLatent(op.getOperand(1));
    Value factor = op.getOperand(second ? 0 : 1);
    if (scratch.number(factor) || scratch.dependsOnLatent(factor) ||
        !scratch.dependsOnLatent(op.getOperand(second)) || (second && isa<arith::DivFOp>(op)))
      continue;
    auto c = convert(factor, 0, line);
    if (!c || sign(*c, line) != Sign::Positive)
      continue;
    Fraction candidate = isa<arith::MulFOp>(op) ? Fraction::constant(1) / *c : *c;
    bool known = llvm::any_of(candidates, [&](const Fraction &other) {
      return !(other < candidate) && !(candidate < other);
    });
    if (!known)
      candidates.push_back(candidate);
  }
  if (candidates.size() == 1)
    return;
  std::optional<std::array<unsigned, 3>> best;
  Fraction chosen = unit;
  for (const Fraction &candidate : candidates) {
    unit = candidate;
    forget();
    std::vector<Piece> found = pieces(root);
    unsigned moving = 0, host = 0, failed = unresolved;
    for (const Piece &piece : found) {
      moving += piece.moves();
      auto part = convert(root, 0, piece);
      failed += !part;
      host = std::max(host, part ? hostAtomsIn(*part) : 0);
    }
    std::array<unsigned, 3> score{failed, moving, host};
    if (!best || score < *best) {
      best = score;
      chosen = candidate;
    }
  }
  unit = chosen;
  forget();
}

void Algebra::restrictTo(Interval to, Value whole) {
  if (auto parts = whole ? convert(whole, 0, {-infinity, infinity}) : std::nullopt)
    unit = *parts;
  domain = to;
  forget();
}
