// The float twin: the same network, seed and optimizer without a quantizer.
#include "frontend/train/Interrupt.h"
#include "frontend/train/Progress.h"
#include "frontend/train/Report.h"

#include <cstdio>

namespace bregman::train {

std::optional<Evaluation> trainTwin(const RunOptions &options, const std::string &specText,
                                    const Dataset &data) {
  Session session(options, data, [&](const Network &) { return chooseFloat(options, specText); });
  if (!options.quiet)
    std::printf("the float twin, to compare with\n");
  std::fflush(stdout);
  int64_t evalEvery = options.evalEvery ? options.evalEvery : session.stepsPerEpoch();
  Progress progress(0, session.totalSteps(), options.batch, options.quiet);
  Snapshot best;
  double bestAccuracy = -1;
  while (!session.finished()) {
    if (Interrupt::requested())
      return std::nullopt;
    progress.update(session.steps() + 1, session.step());
    if (session.steps() % evalEvery != 0 && !session.finished())
      continue;
    double accuracy = evaluate(session.network(), data.validation).accuracy;
    if (accuracy > bestAccuracy) {
      bestAccuracy = accuracy;
      best = session.snapshot();
    }
  }
  apply(best, /*hard=*/false, session.network());
  return evaluate(session.network(), data.test);
}

} // namespace bregman::train
