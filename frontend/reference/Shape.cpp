#include "frontend/reference/Shape.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

/// How many neighbours share a value where rows have `row` weights.
static int64_t lengthOf(Shape shape, int64_t row, ExtentAttr extent) {
  if (!extent)
    return 1;
  switch (extent.getScope()) {
  case Scope::Run:
  case Scope::Tensor:
    return std::max<int64_t>(shape.size, 1);
  case Scope::Channel:
    return row;
  case Scope::Group:
    return std::min(extent.getSize(), row);
  case Scope::Token:
    break;
  }
  llvm_unreachable("tokens are of activations, which are not trained");
}

Segments::Segments(Shape shape, ExtentAttr extent) {
  int64_t row = std::max<int64_t>(shape.size / std::max<int64_t>(shape.channels, 1), 1);
  int64_t length = lengthOf(shape, row, extent);
  bool isInRow =
      !extent || extent.getScope() == Scope::Channel || extent.getScope() == Scope::Group;
  for (int64_t weight = 0; weight < shape.size; ++weight) {
    int64_t column = isInRow ? weight % row : weight;
    if (column % length == 0) {
      lengths.push_back(0);
      firsts.push_back(weight);
    }
    segment.push_back(lengths.size() - 1);
    place.push_back(lengths.back()++);
  }
}

int64_t Segments::longest() const {
  return lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
}

ExtentAttr reference::wider(ExtentAttr a, ExtentAttr b) {
  if (!a || !b)
    return a ? a : b;
  // Groups of different lengths share no boundary but those of the channel.
  if (a.getScope() == Scope::Group && b.getScope() == Scope::Group && a != b)
    return ExtentAttr::get(a.getContext(), Scope::Channel, 0);
  return a.getScope() <= b.getScope() ? a : b;
}

ExtentAttr reference::mixing(Block &block) {
  ExtentAttr widest;
  // A fit has no derivative, so nothing passes through it.
  block.walk([&](ReduceOp reduce) {
    if (reduce.getExtent())
      widest = wider(widest, reduce.getExtentAttr());
  });
  return widest;
}
