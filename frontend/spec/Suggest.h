// "Did you mean": the closest of the words that would have been right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bregman::spec {

/// The least number of insertions, deletions, substitutions and swaps of neighbours that turn one
/// word into the other.
int editDistance(std::string_view from, std::string_view to);

/// The candidate closest to `word`, if it is close enough to have been meant; else empty. Ties go
/// to the first.
std::string closest(std::string_view word, const std::vector<std::string> &candidates);

/// `; did you mean 'closest'?`, or nothing.
std::string didYouMean(std::string_view word, const std::vector<std::string> &candidates);

/// How the language writes what C, PyTorch or NumPy call `function`, as `log(x)` for `ln`; else
/// empty.
std::string writtenHere(std::string_view function);
/// The names that writtenHere() knows.
std::vector<std::string> foreignNames();

} // namespace bregman::spec
