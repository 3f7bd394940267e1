// What a run says: a line per evaluation, and the table at its end.
#pragma once

#include "frontend/train/Metrics.h"
#include "frontend/train/Session.h"

#include <optional>

namespace bregman::train {

/// The size of a network: all parameters, and those that have levels.
struct WeightCount {
  int64_t parameters = 0, quantized = 0;
  int64_t bits = 0;        ///< of all levels' numbers, packed
  int64_t floatBytes = 0;  ///< every parameter as f32
  int64_t packedBytes = 0; ///< levels packed, the rest as f32
};

/// Of a network that holds its final levels. A tensor with at most n levels in a segment of its
/// codebook, by `codebooks`, takes ceil(log2 n) bits a weight, and the levels of each segment as
/// f32 where the spec does not give them to all weights alike.
WeightCount countWeights(Network &network, const std::vector<NamedParameter> &quantized,
                         const std::vector<Extent> &codebooks);

struct Result {
  RunOptions options;
  std::string method;
  int64_t steps = 0, bestStep = 0;
  Evaluation bestSoft, bestHard;  ///< on the validation images
  Evaluation testSoft, testHard;  ///< of the best iterate
  std::optional<Evaluation> twin; ///< of the float twin's best iterate, on the test images
  WeightCount weights;
  std::vector<Multiplier> multipliers; ///< at the end, of constrained training
  uint32_t digest = 0; ///< of the last and the best iterate's values: equal runs have equal ones
  StepTimes times;     ///< of this session
  double seconds = 0;  ///< of all sessions' training
};

/// CRC-32 of all the values of both.
uint32_t digestOf(const Snapshot &last, const Snapshot &best);

void printRecord(const Record &record, int64_t totalSteps, bool best);
void printResult(const Result &result);
/// result.json in the run's folder.
void writeResult(const Result &result);

/// Trains the same network in float, from the same seed by the same optimizer. Nothing where an
/// interrupt ended it.
std::optional<Evaluation> trainTwin(const RunOptions &options, const std::string &specText,
                                    const Dataset &data);

} // namespace bregman::train
