// Which values the parameters of a method may have.
#include "runtime/Method.h"

#include "runtime/Clock.h"

namespace bregman {

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
