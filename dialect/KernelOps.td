// A kernel: sweeps over the streams of a tensor.
#ifndef BREGMAN_KERNEL_OPS_TD
#define BREGMAN_KERNEL_OPS_TD

include "dialect/BregmanBase.td"

def Bregman_KernelOp : Bregman_Op<"kernel",
    [Symbol, IsolatedFromAbove, SingleBlock, NoTerminator, Bregman_NamedArguments]> {
  let summary = "what is done to every weight of a tensor, with each stored value read and written once";
  let description = [{
    Scalars are host values of this step, f32. Streams are per-weight arrays: `in`, `out` or `inout`,
    stored as the type that is written (f32, bf16, f16, a vector of these with a level axis: one
    plane per level); the block arguments are the arithmetic values, always f32.

    ```mlir
    bregman.kernel @axpy scalars (lr = %lr) streams (g = %g : in bf16, x = %x : inout f32, w = %w : out bf16) {
      bregman.sweep (%gi = %g, %xi = %x) : f32, f32 {
        %d = arith.mulf %lr, %gi : f32
        %x1 = arith.subf %xi, %d : f32
        bregman.yield x = %x1, w = %x1 : f32, f32
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrArrayAttr:$scalars, StrArrayAttr:$streams,
                       StrArrayAttr:$access, TypeArrayAttr:$storage);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name custom<KernelSignature>($body, $scalars, $streams, $access, $storage)
    attr-dict-with-keyword
  }];
  let extraClassDeclaration = [{
    ::mlir::Value getScalar(unsigned index) { return getBody().getArgument(index); }
    ::mlir::Value getStream(unsigned index) {
      return getBody().getArgument(getScalars().size() + index);
    }
    bool isRead(unsigned stream);
    bool isWritten(unsigned stream);
    ::llvm::StringRef streamName(unsigned index);
  }];
  let hasRegionVerifier = 1;
}

def Bregman_SweepOp : Bregman_Op<"sweep",
    [HasParent<"KernelOp">, SingleBlock, Bregman_NamedArguments]> {
  let summary = "one pass over memory";
  let description = [{
    Operands are the streams that are read, block arguments the values of one weight; the yield names
    the streams that are written. Kernel scalars are captured. See `bregman.kernel` for an example.
  }];
  let arguments = (ins Variadic<Bregman_Value>:$reads);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "custom<Sweep>($body, $reads, type($reads)) attr-dict-with-keyword";
  let hasRegionVerifier = 1;
}

#endif // BREGMAN_KERNEL_OPS_TD
