// The places of the spec in PTX: as line directives, which profilers read, and as comments.
#pragma once

#include "codegen/Places.h"

namespace bregman {

/// PTX whose `.loc` directives name files and lines of the spec instead of numbers of `places`, its
/// instructions followed by their places as comments.
std::string withPtxPlaces(llvm::StringRef ptx, const Places &places);

} // namespace bregman
