// How an error of Bregman reaches a LibTorch program: as a C++ exception with the same text.
#pragma once

#include "runtime/Result.h"

#include <stdexcept>

namespace bregman {

/// What every Bregman call on the LibTorch side throws. `what()` is the diagnostic, whole.
class BREGMAN_API Exception : public std::runtime_error {
public:
  explicit Exception(Error error);
  ~Exception() override;
  ErrorKind kind() const { return why; }

private:
  ErrorKind why;
};

/// The one place where an error becomes an exception.
[[noreturn]] BREGMAN_API void raise(Error error);
[[noreturn]] BREGMAN_API void raise(ErrorKind kind, std::string message);

/// The value, or the error thrown.
template <typename T> T unwrap(Result<T> result) {
  if (!result)
    raise(result.error());
  return std::move(*result);
}
inline void unwrap(Status status) {
  if (status)
    raise(std::move(*status));
}

} // namespace bregman
