// What modules are loaded from: PTX, or what the linker makes of PTX, which holds for one chip.
#pragma once

#include "test/cuda/driver/State.h"

namespace bregman::standin {

/// Why an image is no module of this device.
struct RefusedImage {
  int code;
  std::string message;
};

/// The binary of a text for a chip, 90 for 9.0.
std::string binaryOf(const std::string &text, int chip);
/// The text of an image of either kind; throws a RefusedImage where it is damaged or of a chip
/// whose code this one does not run.
std::string textOf(const void *image, int chip);
/// Throws a RefusedImage where a text is of a later chip or a later PTX than is here.
void checkVersions(const Program &program, int chip);

/// Where the options 5 and 6 ask for a log of errors.
class LogOptions {
public:
  LogOptions(unsigned count, const int *options, void **values);
  LogOptions(char *buffer, size_t size) : buffer(buffer), size(size) {}

  /// Writes why, there and into the stand-in's own log; the code.
  int refuse(State &state, int code, const std::string &why) const;
  int refuse(State &state, const Refusal &refusal) const {
    return refuse(state, codes::InvalidPtx,
                  "line " + std::to_string(refusal.line) + ": " + refusal.message);
  }

  char *buffer = nullptr;
  size_t size = 0;
};

} // namespace bregman::standin
