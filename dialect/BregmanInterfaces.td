// What every function of the language knows about itself, and what every clause does.
#ifndef BREGMAN_INTERFACES_TD
#define BREGMAN_INTERFACES_TD

include "mlir/IR/OpBase.td"

def Bregman_CalculusOpInterface : OpInterface<"CalculusOpInterface"> {
  let cppNamespace = "::bregman";
  let description = [{
    The calculus of one function: its range, its slope per operand, its limits, its vector-Jacobian
    product, its inverse and its value in double precision. Differentiation, the prover, the
    inverter and the oracle know functions through this interface alone. All functions, upstream's and
    ours, have external models (`dialect/calculus/`).

    Intervals and slopes treat an op on `vector<dxf32>` level by level where it is elementwise.
  }];
  let methods = [
    InterfaceMethod<[{
      The values that the result takes when operand i lies in `operands[i]`, outward rounded. Of a
      level-axis operand the interval holds every level.
    }], "::bregman::Interval", "range", (ins "::llvm::ArrayRef<::bregman::Interval>":$operands)>,
    InterfaceMethod<[{
      How the result moves with `operand` while the others stay within `operands`.
    }], "::bregman::Slope", "slope",
      (ins "unsigned":$operand, "::llvm::ArrayRef<::bregman::Interval>":$operands)>,
    InterfaceMethod<[{
      What the result tends to when `operand` goes to an end of the line and the others stay within
      `operands`; all reals when nothing is known.
    }], "::bregman::Interval", "limit",
      (ins "unsigned":$operand, "::bregman::End":$end,
           "::llvm::ArrayRef<::bregman::Interval>":$operands)>,
    InterfaceMethod<[{
      Appends, for each operand, the cotangent J^T c, or a null value where the operand's derivative
      is zero everywhere or the operand is a condition. Conventions at kinks: abs 0, clamp 1, equal
      min/max shared, a staircase 0; the derivative of a select is a select.
    }], "void", "vjp",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$cotangents,
           "::llvm::SmallVectorImpl<::mlir::Value> &":$operands)>,
    InterfaceMethod<[{
      The operand that gives `result`, the others being what they are; failure where the function
      has no closed inverse in that operand.
    }], "::mlir::FailureOr<::mlir::Value>", "inverse",
      (ins "::mlir::OpBuilder &":$builder, "unsigned":$operand, "::mlir::Value":$result)>,
    InterfaceMethod<[{
      The value in double precision. Operands are concatenated, a level axis contributing all of its
      levels; so are results. Conditions are 0 or 1.
    }], "void", "evaluate",
      (ins "::llvm::ArrayRef<double>":$operands, "::llvm::MutableArrayRef<double>":$results)>
  ];
}

#endif // BREGMAN_INTERFACES_TD
