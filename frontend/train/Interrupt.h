// Ctrl-C asks for an orderly end; a second one ends at once.
#pragma once

namespace bregman::train {

/// While it lives, the first SIGINT or SIGTERM only sets a flag.
class Interrupt {
public:
  Interrupt();
  ~Interrupt();
  static bool requested();
};

} // namespace bregman::train
