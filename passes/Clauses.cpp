// Reading the clauses of a quantizer.
#include "passes/Clauses.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace bregman;

Clauses::Clauses(QuantizerOp quantizer) : quantizer(quantizer) {
  for (Operation &op : quantizer.getBody().front())
    llvm::TypeSwitch<Operation *, void>(&op)
        .Case([&](LevelsOp op) { levels = op; })
        .Case([&](LatentOp op) { latent = op; })
        .Case([&](ProjectOp op) { project = op; })
        .Case([&](WeightOp op) { weight = op; })
        .Case([&](UpdateOp op) { update = op; })
        .Case([&](ProxOp op) { prox = op; })
        .Case([&](FreezeOp op) { freeze = op; })
        .Case([&](FinalOp op) { final = op; })
        .Case([&](StepOp op) { step = op; })
        .Case([&](PublishOp op) { publish = op; });
}

Region &Clauses::body(Clause clause) {
  return clause == Clause::Project ? project.getBody() : weight.getBody();
}

YieldOp bregman::yieldOf(Region &body) { return cast<YieldOp>(body.front().getTerminator()); }

void bregman::cloneBody(OpBuilder &builder, Region &body, IRMapping &mapping) {
  for (Operation &op : body.front().without_terminator())
    builder.clone(op, mapping);
}

Value bregman::cloneClause(OpBuilder &builder, Region &body, IRMapping &mapping) {
  cloneBody(builder, body, mapping);
  return mapping.lookupOrDefault(yieldOf(body).getValues().front());
}
