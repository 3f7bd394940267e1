// The dialect itself.
#ifndef BREGMAN_DIALECT_TD
#define BREGMAN_DIALECT_TD

include "mlir/IR/OpBase.td"

def Bregman_Dialect : Dialect {
  let name = "bregman";
  let cppNamespace = "::bregman";
  let summary = "quantizers, base optimizers and the training step that they make together";
  let description = [{
    Types carry the phase of a value: `f64` is a host scalar, known once per step; `f32` is a value
    per weight; `vector<dxf32>` has a level axis of length d; `i1` is a condition of either phase.
    `arith.truncf` is the only way from host to weight. Expressions are `arith`, `math` and `vector`
    ops, and the ops of this dialect where upstream has no equivalent.

    Declarations have SSA results that the regions of later clauses capture, so that declared before
    use is dominance.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"
  ];
  let useDefaultAttributePrinterParser = 1;
}

#endif // BREGMAN_DIALECT_TD
