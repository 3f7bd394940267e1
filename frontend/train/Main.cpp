// The one entry of this library: `bregman train`, `bregman eval` and `bregman plan`, which the
// program loads only when they are asked for, because LibTorch is slow to load.
#include "frontend/train/EvalCommand.h"
#include "frontend/train/PlanCommand.h"
#include "frontend/train/Trainer.h"

#include <ATen/Parallel.h>

#include <cstdio>
#include <new>

namespace bregman::train {

static int dispatch(int argc, char **argv) {
  Command command = parseCommandLine(argc, argv);
  switch (command.kind) {
  case Command::Kind::Help:
    std::fputs(command.help.c_str(), stdout);
    return 0;
  case Command::Kind::Eval:
    at::set_num_threads(command.eval.threads);
    return evalCommand(command.eval);
  case Command::Kind::Plan:
    return planCommand(command.plan);
  case Command::Kind::Train:
    return Trainer::begin(command.run)->run();
  case Command::Kind::Resume:
    return Trainer::resume(command.resume)->run();
  }
  return 0;
}

static int report(ErrorKind kind, const std::string &message) {
  // A compiler's diagnostics come with their own "error:" in each.
  bool rendered = message.find("error: ") != std::string::npos;
  std::fprintf(stderr, "%s%s%s", rendered ? "" : "error: ", message.c_str(),
               message.ends_with("\n") ? "" : "\n");
  return int(kind);
}

} // namespace bregman::train

/// The whole command line of `bregman train ...`, `eval ...` or `plan ...`; the exit status. Lets
/// no exception through.
extern "C" BREGMAN_API int bregman_train_main(int argc, char **argv) {
  using namespace bregman;
  try {
    return train::dispatch(argc, argv);
  } catch (const Exception &error) {
    return train::report(error.kind(), error.what());
  } catch (const std::bad_alloc &) {
    return train::report(ErrorKind::Environment, "out of memory");
  } catch (const std::exception &error) {
    return train::report(ErrorKind::Internal, error.what());
  }
}
