// The line that shows how far a run is.
#include "frontend/train/Progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace bregman::train {

std::string clockOf(double seconds) {
  int64_t s = std::llround(seconds);
  char text[32];
  if (s >= 3600)
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", (long long)(s / 3600),
                  (long long)(s / 60 % 60), (long long)(s % 60));
  else
    std::snprintf(text, sizeof text, "%lld:%02lld", (long long)(s / 60), (long long)(s % 60));
  return text;
}

Progress::Progress(int64_t first, int64_t total, int64_t batch, bool quiet)
    : first(first), total(total), batch(batch), visible(!quiet && isatty(STDERR_FILENO)) {}

Progress::~Progress() { clear(); }

void Progress::clear() {
  if (shown)
    std::fputs("\r\x1b[K", stderr);
  shown = false;
}

void Progress::update(int64_t step, double loss) {
  Clock::time_point now = Clock::now();
  if (!visible || (step < total && now - drawn < std::chrono::milliseconds(100)))
    return;
  drawn = now;
  double seconds = std::chrono::duration<double>(now - began).count();
  double rate = double(step - first) / (seconds > 0 ? seconds : 1);
  const int width = 24;
  int full = int(width * step / total);
  std::string bar = std::string(size_t(full), '#') + std::string(size_t(width - full), '.');
  std::fprintf(stderr, "\r\x1b[K[%s] %3d %%  step %lld/%lld  loss %.4f  %.0f images/s  %s left",
               bar.c_str(), int(100 * step / total), (long long)step, (long long)total, loss,
               rate * double(batch), rate > 0 ? clockOf(double(total - step) / rate).c_str() : "?");
  std::fflush(stderr);
  shown = true;
}

} // namespace bregman::train
