// Ctrl-C asks for an orderly end; a second one ends at once.
#include "frontend/train/Interrupt.h"

#include <csignal>

namespace bregman::train {

static volatile std::sig_atomic_t flag = 0;
static struct sigaction oldInt, oldTerm;

static void onSignal(int signal) {
  flag = 1;
  std::signal(signal, SIG_DFL);
}

Interrupt::Interrupt() {
  flag = 0;
  struct sigaction action = {};
  action.sa_handler = onSignal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &oldInt);
  sigaction(SIGTERM, &action, &oldTerm);
}

Interrupt::~Interrupt() {
  sigaction(SIGINT, &oldInt, nullptr);
  sigaction(SIGTERM, &oldTerm, nullptr);
}

bool Interrupt::requested() { return flag != 0; }

} // namespace bregman::train
