// LLVM takes the random part of a temporary file's name from arc4random, which glibc has
// since 2.36. With one of our own, what is built on a new system runs on older ones too.
#include <cstdint>
#include <sys/random.h>

extern "C" uint32_t arc4random() noexcept {
  uint32_t number = 0;
  // So few bytes come whole, or not at all while the system starts up: then names are tried one
  // after the other.
  if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number)
    number = 0;
  return number;
}
