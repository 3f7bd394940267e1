// The error that crosses Bregman's public headers: a kind, which is also the programs' exit code,
// and one message for a person. Inside the compiler errors are llvm::Error; at the LibTorch edge
// they become exceptions with the same text.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#define BREGMAN_API __attribute__((visibility("default")))

namespace bregman {

/// Why something could not be done. The values are the exit codes of every command.
enum class ErrorKind : int {
  SpecRefused = 1, ///< the spec breaks a rule or is not compiled yet
  Usage = 2,       ///< the caller asked for something that does not exist
  Input = 3,       ///< an input file is missing or malformed
  Environment = 4, ///< device, disk, permissions
  Internal = 5,    ///< our bug
};

struct Error {
  ErrorKind kind = ErrorKind::Internal;
  std::string message;
};

/// A value or the error that stands in its place.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : content(std::move(value)) {}
  Result(Error error) : content(std::move(error)) {}

  explicit operator bool() const { return content.index() == 0; }
  T &operator*() { return get(); }
  const T &operator*() const { return const_cast<Result *>(this)->get(); }
  T *operator->() { return &get(); }
  const T *operator->() const { return &const_cast<Result *>(this)->get(); }
  const Error &error() const {
    assert(!*this && "asked for the error of a result that has a value");
    return std::get<Error>(content);
  }

private:
  T &get() {
    assert(*this && "asked for the value of a result that is an error");
    return std::get<T>(content);
  }
  std::variant<T, Error> content;
};

/// Success, or the error.
using Status = std::optional<Error>;

} // namespace bregman
