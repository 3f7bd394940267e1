// The methods of the library: every quantizer and optimizer that examples/specs holds, so that a
// new spec is tested by being there.
#pragma once

#include "Drive.h"

#include <ostream>

namespace numeric {

struct Pair {
  std::string quantizer, optimizer;
};
std::ostream &operator<<(std::ostream &stream, const Pair &pair);

std::vector<std::string> quantizers(), optimizers();
/// Every quantizer under momentum, or Adam where it asks for a second moment.
std::vector<Pair> eachQuantizer();
/// Those, and some of each kind under every optimizer.
std::vector<Pair> pairs();
/// Those, and every quantizer under the optimizers that its method is used with.
std::vector<Pair> usedPairs();
/// Whether each weight goes its own way: no value is shared and none drawn.
bool isPerWeight(const Pair &pair);
/// The name of a test's instance.
std::string nameOf(const ::testing::TestParamInfo<Pair> &info);

/// The spec of a quantizer.
const bregman::Program &program(const std::string &quantizer);

/// Compiled; throws with the message where that fails.
std::shared_ptr<const bregman::Method> compile(const Pair &pair,
                                               const bregman::CompileOptions &options = {});

/// Epochs of two steps, twelve in all.
bregman::Timing shortRun();
/// Numbers with which every schedule, prox and freeze moves within shortRun(); by name, for methods
/// that have them.
const std::vector<std::pair<std::string, double>> &livelyNumbers();

/// Whether a parameter is that one of livelyNumbers(), or a learned value's of that name.
bool isParameter(const std::string &name, const std::string &lively);

/// Reproducible values: signs, magnitudes from 1e-4 to 10, more of them near 1.
std::vector<float> randomValues(int64_t size, uint64_t seed);
/// 0, subnormals, midpoints, levels and their neighbours, what saturates, what overflows when
/// squared, infinities, NaN; each with both signs.
const std::vector<float> &edgeValues();

} // namespace numeric
