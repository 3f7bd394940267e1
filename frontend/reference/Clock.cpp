#include "frontend/reference/Clock.h"

using namespace bregman;
using namespace bregman::reference;

double reference::read(CounterOp counter, const Clock &clock, int64_t t) {
  int64_t step = clock.step + counter.getNext();
  switch (counter.getKind()) {
  case Counter::Step:
    return step;
  case Counter::Epoch:
    return clock.timing.stepsPerEpoch ? step / clock.timing.stepsPerEpoch : 0;
  case Counter::Steps:
    return clock.timing.steps;
  case Counter::Epochs:
    return clock.timing.epochs;
  case Counter::T:
    return t;
  case Counter::LearningRate:
    return clock.lr;
  }
  llvm_unreachable("all counters are listed");
}
