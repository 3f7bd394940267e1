// The promises: a bound here is what docs/functions.md prints and what the tests hold us to.
#include "Catalogue.h"

#include <cmath>

namespace bregman::ulp {

static const Function functions[] = {
    {"exp", "%y = math.exp %x : $T", std::exp, 0.59, 0.79, Order::increasing},
    {"log", "%y = math.log %x : $T", std::log, 0.83, 0, Order::increasingAboveZero},
    {"log2", "%y = math.log2 %x : $T", std::log2, 0.83, 0, Order::increasingAboveZero},
    {"tanh", "%y = math.tanh %x : $T", std::tanh, 0.88, 0.51, Order::increasing},
    {"atanh", "%y = math.atanh %x : $T", std::atanh, 0.68, 0.51, Order::none},
    {"atan", "%y = math.atan %x : $T", std::atan, 0.93, 0.51, Order::increasing},
    {"erf", "%y = math.erf %x : $T", std::erf, 0.90, 0.51, Order::increasing},
};

llvm::ArrayRef<Function> catalogue() { return functions; }

} // namespace bregman::ulp
