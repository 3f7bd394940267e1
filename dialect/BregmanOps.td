// All ops of the dialect, in the order of the road.
#ifndef BREGMAN_OPS_TD
#define BREGMAN_OPS_TD

include "dialect/SymbolOps.td"
include "dialect/ClauseOps.td"
include "dialect/ValueOps.td"
include "dialect/CalculusOps.td"
include "dialect/MethodOps.td"
include "dialect/KernelOps.td"

#endif // BREGMAN_OPS_TD
