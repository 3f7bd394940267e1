// The line that shows how far a run is.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace bregman::train {

/// "1:02:03", "2:03", of seconds.
std::string clockOf(double seconds);

/// A bar on stderr with rate and time left, redrawn in place; nothing where stderr is no terminal.
class Progress {
public:
  Progress(int64_t first, int64_t total, int64_t batch, bool quiet);
  ~Progress();
  /// After a step, with its loss; draws at most ten times a second.
  void update(int64_t step, double loss);
  /// Away with the bar, before something else is printed.
  void clear();

private:
  using Clock = std::chrono::steady_clock;
  int64_t first, total, batch;
  bool shown = false, visible;
  Clock::time_point began = Clock::now(), drawn = began;
};

} // namespace bregman::train
