// `bregman eval`: a checkpoint's accuracy.
#include "frontend/train/EvalCommand.h"

#include "frontend/train/DeviceChoice.h"
#include "frontend/train/RunState.h"

#include <cstdio>

namespace bregman::train {

int evalCommand(const EvalOptions &options) {
  c10::Device device = chooseDevice(options.device, options.fast);
  RunState state = RunState::unpack(openCheckpoint(options.checkpoint));
  state.options.fast = options.fast;
  const std::string &dataDir = options.dataDir.empty() ? state.options.dataDir : options.dataDir;
  Dataset data = loadDataset(state.options.data, dataDir);
  const Split &split = options.split == "test" ? data.test : data.validation;
  bool best = options.which == "best";
  if (best && state.bestStep < 0)
    raise(ErrorKind::Usage, "the run was stopped before its first evaluation, so that it has no "
                            "best iterate; use --which last");
  const Snapshot &snapshot = best ? state.best : state.last;
  auto network = makeModel(state.options.model, data.train.images.sizes().slice(1), data.classes);
  int64_t step = best ? state.bestStep : state.step;
  if (state.options.usePlan) {
    MethodChoice choice = chooseMethod(state.options, state.specText, *network);
    quantizeActivations(choice.lines, activationsOf(*network, choice.program),
                        optimizerOptions(state.options, data), step);
  }
  network->to(device); // the activations' values too
  std::printf("%s on %s, step %lld, %lld %s images\n", state.options.model.c_str(),
              state.options.data.c_str(), (long long)step, (long long)split.size(),
              options.split.c_str());
  for (bool hard : {false, true}) {
    apply(snapshot, hard, *network);
    Evaluation evaluation = evaluate(*network, split);
    std::printf("  %-9s accuracy %.2f %%  loss %.4f\n", hard ? "hardened" : "soft",
                100 * evaluation.accuracy, evaluation.loss);
  }
  return 0;
}

} // namespace bregman::train
