// From host regions of the dialect to the runtime's straight-line programs, and from a method with
// its kernels to what the runtime needs to know of it.
#pragma once

#include "dialect/BregmanDialect.h"
#include "runtime/Method.h"

#include "llvm/Support/Error.h"

namespace bregman {

/// The program of a region that yields host scalars by name. Parameters and counters, in the region
/// or captured by it, are the inputs: a parameter under its name, `counter step next` as
/// `step.next`.
llvm::Expected<HostProgram> translateHost(mlir::Region &region);

/// The same for host values, whose outputs are named by their position: `0`, `1`, ...
llvm::Expected<HostProgram> translateHost(mlir::ValueRange values);

/// The runtime's extent; null is a value per weight.
Extent extentOf(ExtentAttr extent);

/// Everything of a method but its kernels.
llvm::Expected<Method> describeMethod(MethodOp method);

/// A parameter's name, default and range; `name` may have the optimizer's prefix.
ParameterInfo describeParameter(ParamOp param);

/// The names of the parameters that are periods of the quantizer's `every` blocks.
std::vector<std::string> periodsOf(QuantizerOp quantizer);

/// Takes what no kernel has a stream for out of Method::stored: where the parameter itself holds
/// the latent, which the method then says.
void dropUnstored(Method &method);

/// What a kernel wants to be given.
KernelSignature signatureOf(KernelOp kernel);

} // namespace bregman
