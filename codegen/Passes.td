// The passes of the code generator.
#ifndef BREGMAN_CODEGEN_PASSES
#define BREGMAN_CODEGEN_PASSES

include "mlir/Pass/PassBase.td"

def ExpandFunctions : Pass<"bregman-expand-functions"> {
  let summary = "Write elementary functions as arithmetic that rounds the same everywhere";
  let description = [{
    Replaces `math.tanh` and `math.erf` on `f32`, `vector<8xf32>` and `vector<16xf32>` by
    additions, multiplications, `math.fma`, comparisons, integer operations and look-ups in tables
    of eight entries. The three forms give the same bits: a table is one `vpermps`, of AVX2 for
    8 lanes and of AVX-512 for 16, and an element of a constant vector for scalars.

    Nothing is reassociated and no multiplication is contracted with an addition. The constants
    stand once at the start of the function, since no later pass merges them. Error bounds are
    stated with each function and measured over all arguments by `bregman-ulp`.

    Other types are an error: levels are unrolled and host scalars interpreted before this pass.

    Example: the first steps of

    ```mlir
    %0 = math.tanh %x : vector<16xf32>
    ```

    become the bound at which tanh is 1, and the index of the interval:

    ```mlir
    %1 = math.absf %x : vector<16xf32>
    %2 = arith.cmpf olt, %cst, %1 : vector<16xf32>
    %3 = arith.select %2, %cst, %1 : vector<16xi1>, vector<16xf32>
    %4 = math.fma %3, %cst_0, %cst_1 : vector<16xf32>
    %5 = math.fma %3, %4, %cst_2 : vector<16xf32>
    %6 = arith.bitcast %5 : vector<16xf32> to vector<16xi32>
    %7 = llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"(%cst_3, %6)
           : (vector<16xf32>, vector<16xi32>) -> vector<16xf32>
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect",
                           "mlir::LLVM::LLVMDialect"];
}

#endif // BREGMAN_CODEGEN_PASSES
