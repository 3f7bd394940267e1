// The arithmetic of extents.
#include "runtime/Extent.h"

#include <algorithm>

namespace bregman {

int64_t Segmentation::count() const {
  switch (extent.kind) {
  case ExtentKind::Weight:
    return size;
  case ExtentKind::Group:
    return channels * groupsPerChannel();
  case ExtentKind::Channel:
    return channels;
  case ExtentKind::Tensor:
  case ExtentKind::Run:
    break;
  }
  return 1;
}

int64_t Segmentation::at(int64_t position) const {
  switch (extent.kind) {
  case ExtentKind::Weight:
    return position;
  case ExtentKind::Group:
    return position / perChannel() * groupsPerChannel() + position % perChannel() / extent.group;
  case ExtentKind::Channel:
    return position / perChannel();
  case ExtentKind::Tensor:
  case ExtentKind::Run:
    break;
  }
  return 0;
}

int64_t Segmentation::begin(int64_t segment) const {
  switch (extent.kind) {
  case ExtentKind::Weight:
    return segment;
  case ExtentKind::Group: {
    int64_t inRow = groupsPerChannel();
    return inRow == 0 ? 0 : segment / inRow * perChannel() + segment % inRow * extent.group;
  }
  case ExtentKind::Channel:
    return segment * perChannel();
  case ExtentKind::Tensor:
  case ExtentKind::Run:
    break;
  }
  return segment == 0 ? 0 : size;
}

} // namespace bregman
