// What is done about code that spills.
#pragma once

#include <string>

namespace bregman::cuda {

/// PTX whose blocks may have all registers of a multiprocessor. NVIDIA's compiler would rather run
/// one more block at once than use a register more, and keeps a value or two in memory instead;
/// this takes the choice from it. As a rule it chooses well, so that only code that spills is made
/// again.
std::string withAllRegisters(std::string ptx);

} // namespace bregman::cuda
