#include "frontend/reference/Variable.h"

using namespace bregman;
using namespace bregman::reference;

Tensor Variable::tensor() const {
  int64_t levels = values.empty() ? 1 : values.front().size();
  Tensor result(segments.count() == 1 ? 1 : segments.size(), levels);
  for (int64_t entry = 0; entry < result.entries(); ++entry)
    for (int64_t level = 0; level < levels; ++level)
      result(entry, level) = {values[segments.of(entry)][level], 0};
  return result;
}

void Variable::assign(const Tensor &tensor) {
  for (int64_t segment = 0; segment < segments.count(); ++segment)
    for (size_t level = 0; level < values[segment].size(); ++level)
      values[segment][level] = tensor.at(segments.first(segment), level).value;
}
