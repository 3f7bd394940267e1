// What the prover says about a spec.
#pragma once

#include <string>
#include <vector>

namespace bregman::test {

/// All messages of the front end and the prover, one per line as `error: Q4: ...`; empty for a
/// sound spec without warnings.
std::string verdictOf(const std::string &text);

/// How the rules that hold were proved, as `Q4: structure: ...` lines.
std::string proofsOf(const std::string &text);

/// A quantizer with one latent per weight.
std::string mirror(const std::string &projection, const std::string &levels = "{-1, 1}",
                   const std::string &kind = "lazy", const std::string &more = "");

struct Case {
  const char *name;
  std::string spec;
  /// What each message has to contain, in order; none for a sound spec.
  std::vector<std::string> messages;
};
inline void PrintTo(const Case &c, std::ostream *out) { *out << c.spec; }

} // namespace bregman::test
