// The one place where an error becomes an exception.
#include "frontend/torch/Exception.h"

namespace bregman {

Exception::Exception(Error error) : std::runtime_error(error.message), why(error.kind) {}
// Here, so that the class's type information lies in one library.
Exception::~Exception() = default;

void raise(Error error) { throw Exception(std::move(error)); }
void raise(ErrorKind kind, std::string message) { raise(Error{kind, std::move(message)}); }

} // namespace bregman
