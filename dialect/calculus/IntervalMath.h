// Interval arithmetic with outward rounding: every result contains the exact range over the reals.
// Where an operation is exact in double precision, so is the end of the interval.
#pragma once

#include "dialect/Calculus.h"

namespace bregman::interval {

Interval add(Interval a, Interval b);
Interval sub(Interval a, Interval b);
/// 0 * inf is 0: infinite ends stand for unbounded reals, not for values.
Interval mul(Interval a, Interval b);
/// All reals when `b` has 0 inside; a zero at an end of `b` is approached from within.
Interval div(Interval a, Interval b);
Interval neg(Interval a);
Interval abs(Interval a);
Interval square(Interval a);
Interval min(Interval a, Interval b);
Interval max(Interval a, Interval b);
/// a^b. All reals where a may be negative and b is no single integer.
Interval pow(Interval a, Interval b);

Interval hull(Interval a, Interval b);
Interval intersect(Interval a, Interval b);

/// Both ends moved outwards by `ulps` units in the last place: the error of the C library's
/// elementary functions, which are not correctly rounded.
Interval widen(Interval a, int ulps = 4);
/// The image of a nondecreasing function of the C library that is exact at 0, cut to `image`.
Interval monotone(double (*function)(double), Interval a, Interval image);

/// The least and the greatest value of the language's staircases, which are exact.
double round(double value);
double sign(double value);
double sgn(double value);

} // namespace bregman::interval
