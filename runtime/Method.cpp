// What a method says of its optimizers, and which values its parameters may have.
#include "runtime/Method.h"

#include "runtime/Clock.h"

namespace bregman {

std::vector<std::string> Method::optimizers() const {
  std::vector<std::string> all = {"optimizer"};
  for (const StoredInfo &info : stored)
    if (info.learned)
      all.push_back(info.name + ".optimizer");
  return all;
}

Status ParameterInfo::check(double value, const std::string &whose) const {
  const std::string what =
      "parameter `" + name + "` of " + whose + " is " + formatNumber(value) + ", but ";
  // Written so that NaN is refused too.
  if (!(value >= low && value <= high))
    return Error{ErrorKind::Usage,
                 what + "must lie in [" + formatNumber(low) + ", " + formatNumber(high) + "]"};
  if (isPeriod && !(value >= 1 && std::isfinite(value) && value == std::floor(value)))
    return Error{ErrorKind::Usage,
                 what + "must be a positive integer: it is the period of an `every`"};
  return std::nullopt;
}

} // namespace bregman
