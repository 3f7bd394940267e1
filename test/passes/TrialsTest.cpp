// What a check calls sound compiles, and moves weights as the oracle does: the sound ones among the
// specs of `prove/trials`.
#include "Trajectory.h"
#include "prove/TrialFiles.h"

using bregman::test::FiledTrial;
using bregman::test::Program;

namespace {

bool has(const std::string &text, const char *part) { return text.find(part) != std::string::npos; }

/// Warnings do not keep a spec from being compiled. Without `final` it is one of activations, which
/// moves nothing.
std::vector<FiledTrial> soundTrials() {
  std::vector<FiledTrial> sound;
  for (FiledTrial &trial : bregman::test::filedTrials())
    if (!has(trial.messages, "error: ") && has(trial.spec, " final "))
      sound.push_back(trial);
  return sound;
}

class SoundTrial : public testing::TestWithParam<FiledTrial> {};

TEST_P(SoundTrial, FollowsTheOracle) {
  Program program(GetParam().spec + " plan { else : " + GetParam().name + " by adam }");
  // Bounds of learned values and the like are rounded to f32; the start of `inverse` is halved to
  // its resolution.
  if (program.derived)
    compareRuns(program, has(GetParam().spec, "inverse(") ? 1e-6 : 1e-7);
}

INSTANTIATE_TEST_SUITE_P(All, SoundTrial, testing::ValuesIn(soundTrials()),
                         [](const auto &info) { return info.param.id(); });

} // namespace
