// The passes of the code generator.
#ifndef BREGMAN_CODEGEN_PASSES
#define BREGMAN_CODEGEN_PASSES

include "mlir/Pass/PassBase.td"

def ExpandFunctions : Pass<"bregman-expand-functions"> {
  let summary = "Write elementary functions as arithmetic that rounds the same everywhere";
  let description = [{
    Replaces `math.exp`, `log`, `log2`, `powf`, `tanh`, `atanh`, `atan` and `erf` and
    `bregman.sigmoid` on `f32`, `vector<8xf32>` and `vector<16xf32>` by additions,
    multiplications, divisions, `math.fma`, comparisons, integer operations and look-ups in tables
    of eight entries. The three types give the same bits: a table is one `vpermps`, of AVX2 for
    8 lanes and of AVX-512 for 16, and an element of a constant vector for scalars. `math.sqrt` is
    an instruction and stays.

    Nothing is reassociated and no multiplication is contracted with an addition. The constants
    stand once at the start of the function, since no later pass merges them. `powf` by a constant
    exponent is cheaper where it can be. Error bounds are stated with each function and measured
    over all arguments by `bregman-ulp`.

    Other types are an error: levels are unrolled and host scalars interpreted before this pass.

    Example: of

    ```mlir
    func.func @powers(%x: vector<8xf32>) -> (vector<8xf32>, vector<8xf32>) {
      %half = arith.constant dense<0.5> : vector<8xf32>
      %two = arith.constant dense<2.0> : vector<8xf32>
      %0 = math.powf %x, %half : vector<8xf32>
      %1 = math.powf %x, %two : vector<8xf32>
      return %0, %1 : vector<8xf32>, vector<8xf32>
    }
    ```

    it makes this: unlike a root, a power of -0 is +0, and of minus infinity infinity.

    ```mlir
    func.func @powers(%x: vector<8xf32>) -> (vector<8xf32>, vector<8xf32>) {
      %zero = arith.constant dense<0.0> : vector<8xf32>
      %inf = arith.constant dense<0x7F800000> : vector<8xf32>
      %minus_inf = arith.constant dense<0xFF800000> : vector<8xf32>
      %0 = arith.cmpf oeq, %x, %minus_inf : vector<8xf32>
      %1 = arith.addf %x, %zero : vector<8xf32>
      %2 = math.sqrt %1 : vector<8xf32>
      %3 = arith.select %0, %inf, %2 : vector<8xi1>, vector<8xf32>
      %4 = arith.mulf %x, %x : vector<8xf32>
      return %3, %4 : vector<8xf32>, vector<8xf32>
    }
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect",
                           "mlir::LLVM::LLVMDialect"];
}

def VerifyNoLibcalls : Pass<"bregman-verify-no-libcalls"> {
  let summary = "Refuse what would become a call of a library function";
  let description = [{
    LLVM lowers what it has no instruction for to calls, a vector lane by lane: 16 calls of `tanhf`
    for one `math.tanh`, with the rounding of whichever library the process has. This pass fails on
    such ops of the dialects `math`, `arith` and `llvm`, and on calls of functions without a body.
    It runs last before the translation to LLVM IR, and changes nothing.

    Example: this passes, and would not with `math.exp` in place of `math.sqrt`.

    ```mlir
    func.func @native(%x: vector<16xf32>) -> vector<16xf32> {
      %0 = math.sqrt %x : vector<16xf32>
      return %0 : vector<16xf32>
    }
    ```
  }];
}

#endif // BREGMAN_CODEGEN_PASSES
