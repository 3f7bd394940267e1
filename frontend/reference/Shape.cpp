#include "frontend/reference/Shape.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

Shape Shape::ofActivation(ArrayRef<int64_t> sizes) {
  Shape shape{1, sizes.size() > 1 ? sizes[1] : 1, 1, sizes.empty() ? 1 : sizes.back()};
  for (auto [axis, size] : llvm::enumerate(sizes)) {
    shape.size *= size;
    if (axis > 1)
      shape.inner *= size;
  }
  return shape;
}

Segments::Segments(Shape shape, ExtentAttr extent) {
  int64_t channels = std::max<int64_t>(shape.channels, 1);
  int64_t row = std::max<int64_t>(shape.size / channels, 1);
  // The channel of a number, and its place among those of that channel.
  auto channelOf = [&](int64_t index) {
    return shape.inner ? index / shape.inner % channels : index / row;
  };
  auto placeOf = [&](int64_t index) {
    return shape.inner ? index / (shape.inner * channels) * shape.inner + index % shape.inner
                       : index % row;
  };
  auto numberOf = [&](int64_t index) -> int64_t {
    if (!extent)
      return index;
    switch (extent.getScope()) {
    case Scope::Run:
    case Scope::Tensor:
      return 0;
    case Scope::Channel:
      return channelOf(index);
    case Scope::Group: {
      int64_t length = std::min(extent.getSize(), row);
      return channelOf(index) * ((row + length - 1) / length) + placeOf(index) / length;
    }
    case Scope::Token:
      return index / shape.token;
    }
    llvm_unreachable("all scopes are listed");
  };
  for (int64_t index = 0; index < shape.size; ++index) {
    int64_t number = numberOf(index);
    if (number >= count()) {
      lengths.resize(number + 1);
      firsts.resize(number + 1);
    }
    if (lengths[number] == 0)
      firsts[number] = index;
    segment.push_back(number);
    place.push_back(lengths[number]++);
  }
}

int64_t Segments::longest() const {
  return lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
}

ExtentAttr reference::wider(ExtentAttr a, ExtentAttr b) {
  if (!a || !b)
    return a ? a : b;
  // A token has numbers of every channel.
  if ((a.getScope() == Scope::Token) != (b.getScope() == Scope::Token))
    return ExtentAttr::get(a.getContext(), Scope::Tensor, 0);
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
