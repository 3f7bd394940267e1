// Which weights of a tensor share one value.
#pragma once

#include "dialect/BregmanDialect.h"

#include <vector>

namespace bregman::reference {

/// A tensor of `size` numbers, row-major: of weights, whose axis 0 has `channels` entries, or an
/// activation, whose axis 1 has.
struct Shape {
  int64_t size = 0, channels = 1;
  /// Of an activation: how many neighbours are of one channel, and how many are a token. 0: of
  /// weights, each row of which is a channel.
  int64_t inner = 0, token = 0;

  static Shape ofActivation(llvm::ArrayRef<int64_t> sizes);
};

/// A tensor cut into the segments of an extent. Without an extent each weight is one. Those of the
/// channels of an activation are not contiguous.
class Segments {
public:
  Segments() = default;
  Segments(Shape shape, ExtentAttr extent);

  int64_t count() const { return lengths.size(); }
  int64_t size() const { return segment.size(); }
  int64_t of(int64_t weight) const { return segment[weight]; }
  /// The weight's place in its segment.
  int64_t position(int64_t weight) const { return place[weight]; }
  int64_t longest() const;
  /// The first weight of a segment.
  int64_t first(int64_t index) const { return firsts[index]; }

private:
  std::vector<int64_t> segment, place, lengths, firsts;
};

/// The narrowest extent each of whose segments holds whole segments of both.
ExtentAttr wider(ExtentAttr a, ExtentAttr b);

/// The widest extent over which a block narrows, nested regions included: weights of different
/// segments of it do not know of each other. Null where each weight is alone.
ExtentAttr mixing(mlir::Block &block);

} // namespace bregman::reference
