// The passes of the code generator.
#ifndef BREGMAN_CODEGEN_PASSES
#define BREGMAN_CODEGEN_PASSES

include "mlir/Pass/PassBase.td"

def ApproximateMath : Pass<"bregman-approximate-math"> {
  let summary = "Let a GPU approximate what is computed in f32";
  let description = [{
    Marks `f32` arithmetic by LLVM's fast-math flags: sums and products may be contracted, so that
    a product is rounded with the sum that it goes into, and quotients and `math.tanh` may be the
    machine's approximations. `math.exp` and `bregman.sigmoid` are written by an approximate
    `math.exp2`. All else stays what IEEE 754 says, reductions in `f64` and the functions that
    `bregman-expand-functions` writes among them. The bounds stand in docs/cuda.md.

    Example: of

    ```mlir
    func.func @some(%x: f32, %y: f32) -> (f32, f32, f32) {
      %0 = arith.mulf %x, %y : f32
      %1 = arith.divf %0, %y : f32
      %2 = math.tanh %x : f32
      %3 = math.exp %y : f32
      return %1, %2, %3 : f32, f32, f32
    }
    ```

    it makes

    ```mlir
    func.func @some(%x: f32, %y: f32) -> (f32, f32, f32) {
      %0 = arith.mulf %x, %y fastmath<contract> : f32
      %1 = arith.divf %0, %y fastmath<afn> : f32
      %2 = math.tanh %x fastmath<afn> : f32
      %log2e = arith.constant 1.44269502 : f32
      %3 = arith.mulf %y, %log2e : f32
      %4 = math.exp2 %3 fastmath<afn> : f32
      return %1, %2, %4 : f32, f32, f32
    }
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect"];
}

def ExpandFunctions : Pass<"bregman-expand-functions"> {
  let summary = "Write elementary functions as arithmetic that rounds the same everywhere";
  let description = [{
    Replaces `math.exp`, `log`, `log2`, `powf`, `tanh`, `atanh`, `atan` and `erf` and
    `bregman.sigmoid` on `f32`, `vector<8xf32>` and `vector<16xf32>` by additions,
    multiplications, divisions, `math.fma`, comparisons, integer operations and look-ups in tables
    of eight entries. The three types give the same bits: a table is one `vpermps`, of AVX2 for
    8 lanes and of AVX-512 for 16, and selects by the bits of the index for scalars, or with
    `in-memory` a load from a constant array of the module in a GPU's memory. `math.sqrt` is an
    instruction and stays.

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
  let options = [
    Option<"inMemory", "in-memory", "bool", "false",
           "scalars look up in an array in address space 1, not by selects">
  ];
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

def ExpandValues : Pass<"bregman-expand-values"> {
  let summary = "Write the language's own functions as comparisons, selects and arithmetic";
  let description = [{
    Replaces `bregman.sign`, `sgn`, `round`, `clamp`, `nearest`, `lower`, `upper`, `soft_nearest`,
    `softmax`, `sparsemax`, `hardmax`, `ste`, `reduce`, `arith.minimumf`, `arith.maximumf`, and
    `math.powf` with a constant integer exponent, on `f32` and on values with a level axis. NaN
    passes through all of them; ties go to the larger. `bregman.sigmoid` and the functions of the
    dialect `math` stay for `bregman-expand-functions`. Host scalars (f64) are left alone.

    Example: two comparisons that are false for NaN, which stays.

    ```mlir
    func.func @before(%x: f32) -> f32 {
      %0 = bregman.sign %x : f32
      return %0 : f32
    }
    ```

    becomes

    ```mlir
    func.func @after(%x: f32) -> f32 {
      %zero = arith.constant 0.0 : f32
      %minus_one = arith.constant -1.0 : f32
      %0 = arith.cmpf olt, %x, %zero : f32
      %1 = arith.select %0, %minus_one, %x : f32
      %one = arith.constant 1.0 : f32
      %2 = arith.cmpf oge, %x, %zero : f32
      %3 = arith.select %2, %one, %1 : f32
      return %3 : f32
    }
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect",
                           "mlir::vector::VectorDialect", "bregman::BregmanDialect"];
}

def UnrollLevels : Pass<"bregman-unroll-levels"> {
  let summary = "Take the level axis apart: a value of d levels becomes d values";
  let description = [{
    In every kernel, a `vector<dxf32>` becomes d values of type f32, and a stream with a level axis
    d streams named `x[0]`, `x[1]`, ..., one per plane. The condition of a reduction is repeated for
    each plane. Needs `bregman-expand-values` before: an
    operation that looks across levels is an error.

    Example:

    ```mlir
    bregman.kernel @k scalars () streams (x = %x : inout vector<2xf32>) {
      bregman.sweep (%xi = %x) : vector<2xf32> {
        %0 = arith.addf %xi, %xi : vector<2xf32>
        bregman.yield x = %0 : vector<2xf32>
      }
    }
    ```

    becomes

    ```mlir
    bregman.kernel @k scalars () streams ("x[0]" = %0 : inout f32, "x[1]" = %1 : inout f32) {
      bregman.sweep (%x0 = %0, %x1 = %1) : f32, f32 {
        %2 = arith.addf %x0, %x0 : f32
        %3 = arith.addf %x1, %x1 : f32
        bregman.yield "x[0]" = %2, "x[1]" = %3 : f32, f32
      }
    }
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "bregman::BregmanDialect"];
}

def LowerToLoops : Pass<"bregman-lower-to-loops", "mlir::ModuleOp"> {
  let summary = "Write a kernel as one function with a loop over explicit vectors";
  let description = [{
    The function has the signature and the symbol of `codegen/KernelABI.h`. The addresses of the
    streams and the scalars, spread over a vector, are loaded once; what is the same for every
    weight stands in front of the loop. All streams are read before any is written, so streams of
    one tensor may be the same memory.

    The plain variant takes any size: its body stands once, and loads and stores choose between
    whole vectors and masked ones. One iteration does several vectors, whose chains of operations
    overlap. The streaming variant takes whole vectors only, prefetches the streams that it reads,
    and stores f32 streams that are only written around the cache.

    Where a stream that is only written takes a function of the new state, as the weight does, the
    loop has two stages: what the state waits for, and the rest, which works on the vectors of the
    iteration before. So two short chains overlap instead of one long one, and the loop makes one
    iteration more.

    bf16 and f16 streams are widened exactly, and rounded to nearest even.

    A stream whose value many weights share is loaded once, and what follows from it is computed in
    front of the loop. A reduction is summed in double by 16 accumulators, whatever the lanes, and
    the call writes a record of its sum, sum of squares and count, for the runtime to combine: every
    width gives the same bits. `bregman.random` is Philox 4x32-10 of the weight's index.

    Example: the streaming loop of `x = x + x` with 16 lanes is, without the prefetch,

    ```mlir
    func.func @bregman_kernel_streaming(%size: i64, %streams: !llvm.ptr, %scalars: !llvm.ptr) {
      %x = llvm.load %streams : !llvm.ptr -> !llvm.ptr
      %zero = arith.constant 0 : i64
      %lanes = arith.constant 16 : i64
      scf.for %i = %zero to %size step %lanes : i64 {
        %0 = llvm.getelementptr %x[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
        %1 = llvm.load %0 {alignment = 4 : i64} : !llvm.ptr -> vector<16xf32>
        %2 = arith.addf %1, %1 : vector<16xf32>
        llvm.store %2, %0 {alignment = 4 : i64} : vector<16xf32>, !llvm.ptr
      }
      return
    }
    ```
  }];
  let options = [
    Option<"lanes", "lanes", "int", "16", "f32 lanes of a vector: 16 (AVX-512) or 8 (AVX2)">,
    Option<"vectors", "vectors", "int", "0",
           "vectors of one iteration; 0 takes what measured best">,
    Option<"variant", "variant", "bregman::LoopVariant", "bregman::LoopVariant::Plain",
           "plain: any size and alignment; streaming: whole vectors, around the cache",
           [{llvm::cl::values(
             clEnumValN(bregman::LoopVariant::Plain, "plain", "any size and alignment"),
             clEnumValN(bregman::LoopVariant::Streaming, "streaming", "whole aligned vectors"))}]>
  ];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::func::FuncDialect",
                           "mlir::scf::SCFDialect", "mlir::vector::VectorDialect",
                           "mlir::LLVM::LLVMDialect"];
}

def LowerToGpu : Pass<"bregman-lower-to-gpu", "mlir::ModuleOp"> {
  let summary = "Write a kernel as one function for the threads of a GPU";
  let description = [{
    The function has the arguments and the symbol of `codegen/CudaABI.h`. Blocks of 256 threads go
    over a table of chunks, so that one launch does all tensors of a model. Scalars are read from
    device memory: a captured graph sees new values.

    A thread has four elements of each stream at once, eight where a stream is narrower than f32, and
    moves them by 16 bytes; where the chunk is not aligned, and at its end, one by one. Arithmetic
    is on scalars of f32, and the same as the host's, so that every value has the same bits. All
    streams are read before any is written.

    What many weights share is read once a chunk. Of a reduction the threads write what is reduced to
    shared memory, and 16 threads sum it in double, as the host's 16 accumulators do.
    `bregman.random` is Philox 4x32-10 of the weight's index.

    Example: the elements of a chunk of `x = x + x` are done by

    ```mlir
    llvm.func @elements(%x: !llvm.ptr<1>, %size: i32, %aligned: i1, %thread: i32) {
      %four = arith.constant 4 : i32
      %tile = arith.constant 1024 : i32
      %mine = arith.muli %thread, %four : i32
      scf.for %i = %mine to %size step %tile : i32 {
        %left = arith.subi %size, %i : i32
        %fits = arith.cmpi sge, %left, %four : i32
        %whole = arith.andi %aligned, %fits : i1
        scf.if %whole {
          %0 = llvm.getelementptr %x[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
          %1 = llvm.load %0 {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xf32>
          %2:4 = vector.to_elements %1 : vector<4xf32>
          %3 = arith.addf %2#0, %2#0 : f32
          %4 = arith.addf %2#1, %2#1 : f32
          %5 = arith.addf %2#2, %2#2 : f32
          %6 = arith.addf %2#3, %2#3 : f32
          %7 = vector.from_elements %3, %4, %5, %6 : vector<4xf32>
          llvm.store %7, %0 {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr<1>
        }
      }
      llvm.return
    }
    ```

    with another branch for single elements.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect", "mlir::LLVM::LLVMDialect",
                           "mlir::NVVM::NVVMDialect"];
}

def LowerToLLVM : Pass<"bregman-lower-to-llvm", "mlir::ModuleOp"> {
  let summary = "Write loops as operations of the LLVM dialect";
  let description = [{
    Converts `func`, `scf`, `cf`, `arith`, `math` and `vector` by upstream's patterns.
    `bregman-verify-no-libcalls` before it has made sure that each result is an instruction.

    Example:

    ```mlir
    func.func @before(%a: vector<16xf32>) -> vector<16xf32> {
      %0 = math.fma %a, %a, %a : vector<16xf32>
      return %0 : vector<16xf32>
    }
    llvm.func @after(%a: vector<16xf32>) -> vector<16xf32> {
      %0 = llvm.intr.fma(%a, %a, %a) : (vector<16xf32>, vector<16xf32>, vector<16xf32>) -> vector<16xf32>
      llvm.return %0 : vector<16xf32>
    }
    ```
  }];
  let dependentDialects = ["mlir::cf::ControlFlowDialect", "mlir::LLVM::LLVMDialect"];
}

#endif // BREGMAN_CODEGEN_PASSES
