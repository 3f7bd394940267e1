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
    plane per level); the block arguments are the arithmetic values, always f32. A kernel is one
    sweep; what needs several is a sequence of kernels.

    ```mlir
    bregman.kernel @axpy scalars (lr = %lr) streams (g = %g : in bf16, x = %x : inout f32, w = %w : out bf16) {
      bregman.sweep (%gi = %g, %xi = %x) : f32, f32 {
        %d = arith.mulf %lr, %gi : f32
        %x1 = arith.subf %xi, %d : f32
        bregman.yield x = %x1, w = %x1 : f32, f32
      }
    }
    ```

    A stream with an extent has one value for each tensor, channel or group. A kernel over weights
    reads it as the same for all of them; `sum`, `mean`, `min`, `max` and `std` narrow what the sweep
    yields for such a stream, where the i1 yielded as `NAME.where` holds. Streams whose names begin
    with `$` live between the kernels of a sequence.

    ```mlir
    bregman.kernel @measure scalars () streams (x = %x : in f32, "$0" = %a : mean f32 per tensor) {
      bregman.sweep (%xi = %x) : f32 {
        %zero = arith.constant 0.000000e+00 : f32
        %1 = arith.cmpf ogt, %xi, %zero : f32
        bregman.yield "$0" = %xi, "$0.where" = %1 : f32, i1
      }
    }
    bregman.kernel @publish scalars () streams (x = %x : in f32, "$0" = %a : in f32 per tensor, w = %w : out f32) {
      bregman.sweep (%xi = %x, %ai = %a) : f32, f32 {
        %0 = arith.mulf %ai, %xi : f32
        bregman.yield w = %0 : f32
      }
    }
    ```

    With `over` the sweep goes over the values of that extent: streams of the extent are swept, those
    of wider ones are the same for all of its values, and no stream is narrower.

    ```mlir
    bregman.kernel @move over tensor scalars (lr = %lr) streams ("$0" = %h : in f32 per tensor, s = %s : inout f32 per tensor) {
      bregman.sweep (%hi = %h, %si = %s) : f32, f32 {
        %d = arith.mulf %lr, %hi : f32
        %s1 = arith.subf %si, %d : f32
        bregman.yield s = %s1 : f32
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<Bregman_Extent>:$over,
                       StrArrayAttr:$scalars, StrArrayAttr:$streams, StrArrayAttr:$access,
                       TypeArrayAttr:$storage, ArrayAttr:$extents);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name (`over` custom<Extent>($over)^)?
    custom<KernelSignature>($body, $scalars, $streams, $access, $storage, $extents)
    attr-dict-with-keyword
  }];
  let extraClassDeclaration = [{
    ::mlir::Value getScalar(unsigned index) { return getBody().getArgument(index); }
    ::mlir::Value getStream(unsigned index) {
      return getBody().getArgument(getScalars().size() + index);
    }
    bool isRead(unsigned stream);
    bool isWritten(unsigned stream);
    /// How what the sweep yields is narrowed; nothing for a stream that is stored as it is.
    ::std::optional<::bregman::Reduction> reductionOf(unsigned stream);
    /// Null for a stream that has a value per weight.
    ::bregman::ExtentAttr extentOf(unsigned stream);
    /// Whether the sweep reads one value of it for many that it goes over.
    bool isUniform(unsigned stream);
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
