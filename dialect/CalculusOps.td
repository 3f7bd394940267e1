// The step as the passes write it: first with symbolic ops that name clauses, then, in a method,
// without any.
#ifndef BREGMAN_CALCULUS_OPS_TD
#define BREGMAN_CALCULUS_OPS_TD

include "dialect/BregmanBase.td"

def Bregman_StepOp : Bregman_Op<"step",
    [ParentOneOf<["QuantizerOp", "MethodOp"]>, SingleBlock, Bregman_NamedArguments]> {
  let summary = "phases 2 to 4 of a training step";
  let description = [{
    Schedules are at k. In a quantizer, made by `bregman-resolve-update`: the argument is g and the
    new latent is yielded as `x`. In constrained training a second argument, `g.high`, is the
    gradient at the float branch's weight. In a method the arguments are g, stored values and host scalars by
    name, and the new stored values are yielded under theirs.

    ```mlir
    bregman.quantizer @q {
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
      bregman.step (g = %g : f32) {
        %d = bregman.base %x, %g : f32
        %x1 = arith.subf %x, %d : f32
        bregman.yield x = %x1 : f32
      }
    }
    ```
  }];
  let arguments = (ins StrArrayAttr:$arg_names);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "custom<NamedBody>($body, $arg_names) attr-dict-with-keyword";
  let hasRegionVerifier = 1;
}

def Bregman_PublishOp : Bregman_Op<"publish",
    [ParentOneOf<["QuantizerOp", "MethodOp"]>, SingleBlock, Bregman_NamedArguments]> {
  let summary = "phase 5: the weight that the next forward pass reads";
  let description = [{
    Schedules are at k+1, in a quantizer as in a method, except for the coordinate of agile mirror
    descent, which has no schedule in it. In constrained training two weights are yielded by name: `w`
    and `w.high`, that of the float branch.

    ```mlir
    bregman.quantizer @q {
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
      %w = bregman.project "w" : f32 {
        %0 = math.tanh %x : f32
        bregman.yield %0 : f32
      }
      bregman.update lazy_mirror
      bregman.publish {
        %w1 = bregman.apply project %x : f32 to f32
        bregman.yield %w1 : f32
      }
    }
    ```
  }];
  let arguments = (ins StrArrayAttr:$arg_names);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "custom<NamedBody>($body, $arg_names) attr-dict-with-keyword";
  let hasRegionVerifier = 1;
}

class Bregman_CalculusOp<string mnemonic, list<Trait> traits = []>
    : Bregman_Op<mnemonic, traits # [Pure]>;

def Bregman_BaseOp : Bregman_CalculusOp<"base", [SameOperandsAndResultType]> {
  let summary = "d = B(x, h): the base optimizer's step, symbolically";
  let description = [{
    Expanded by `bregman-compose`. See `bregman.step` for an example.
  }];
  let arguments = (ins Bregman_Value:$x, Bregman_Value:$gradient);
  let results = (outs Bregman_Value:$result);
  let assemblyFormat = "$x `,` $gradient attr-dict `:` type($x)";
}

def Bregman_ApplyOp : Bregman_CalculusOp<"apply"> {
  let summary = "P(x), or the weight of a target u";
  let description = [{
    Schedules are those of the region that it stands in. See `bregman.publish` for an example.
  }];
  let arguments = (ins Bregman_Clause:$clause, Bregman_Value:$operand);
  let results = (outs Bregman_Value:$result);
  let assemblyFormat = "$clause $operand attr-dict `:` type($operand) `to` type($result)";
}

def Bregman_InverseOp : Bregman_CalculusOp<"inverse"> {
  let summary = "P^-1(u)";
  let description = [{
    Of agile mirror descent; `bregman-change-coordinate` does away with it.

    ```mlir
    bregman.quantizer @q {
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
      %w = bregman.project "w" : f32 {
        %0 = math.tanh %x : f32
        bregman.yield %0 : f32
      }
      bregman.update agile_mirror
      bregman.step (g = %g : f32) {
        %y = bregman.inverse project %w : f32 to f32
        %d = bregman.base %w, %g : f32
        %y1 = arith.subf %y, %d : f32
        %w1 = bregman.apply project %y1 : f32 to f32
        bregman.yield w = %w1 : f32
      }
    }
    ```
  }];
  let arguments = (ins Bregman_Clause:$clause, Bregman_Value:$operand);
  let results = (outs Bregman_Value:$result);
  let assemblyFormat = "$clause $operand attr-dict `:` type($operand) `to` type($result)";
}

def Bregman_VjpOp : Bregman_CalculusOp<"vjp", [InferTypeOpAdaptor]> {
  let summary = "J^T c of a clause at a point";
  let description = [{
    Expanded by `bregman-expand-vjp`. With `wrt` the derivative is taken in what is named there, a
    learned value or a projected weight, while the point stays; what a learned value is shared by is
    summed.

    ```mlir
    bregman.quantizer @q {
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
      %w = bregman.project "w" : f32 {
        %0 = math.tanh %x : f32
        bregman.yield %0 : f32
      }
      bregman.update chain
      bregman.step (g = %g : f32) {
        %h = bregman.vjp project %x of %g : f32, f32
        %d = bregman.base %x, %h : f32
        %x1 = arith.subf %x, %d : f32
        bregman.yield x = %x1 : f32
      }
    }
    ```

    ```mlir
    bregman.quantizer @learned {
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
      %s = bregman.learn "s" per tensor : f32 {
        %one = arith.constant 1.000000e+00 : f32
        bregman.yield %one : f32
      }
      %w = bregman.project "w" : f32 {
        %0 = arith.mulf %s, %x : f32
        bregman.yield %0 : f32
      }
      bregman.update chain
      bregman.step (g = %g : f32) {
        %h = bregman.vjp project %x of %g wrt %s : f32, f32, f32
        bregman.yield s = %h : f32
      }
    }
    ```
  }];
  let arguments = (ins Bregman_Clause:$clause, Bregman_Value:$point, Bregman_Value:$cotangent,
                       Optional<Bregman_Value>:$variable);
  let results = (outs Bregman_Value:$result);
  let assemblyFormat = [{
    $clause $point `of` $cotangent (`wrt` $variable^)? attr-dict
    `:` type($point) `,` type($cotangent) (`,` type($variable)^)?
  }];
}

def Bregman_GradOp : Bregman_CalculusOp<"grad", [AllTypesMatch<["target", "result"]>]> {
  let summary = "dL/dn of the target of project, of the weight or of a learned value";
  let description = [{
    Only in `update gradient` (rule Q16).

    ```mlir
    bregman.quantizer @q {
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
      %w = bregman.project "w" : f32 {
        %0 = math.tanh %x : f32
        bregman.yield %0 : f32
      }
      bregman.update gradient (g = %g : f32) {
        %0 = bregman.grad %w : f32
        bregman.yield %0 : f32
      }
    }
    ```
  }];
  let arguments = (ins Bregman_Value:$target);
  let results = (outs Bregman_Value:$result);
  let assemblyFormat = "$target attr-dict `:` type($target)";
}

def Bregman_ProximalOp : Bregman_CalculusOp<"proximal", [AllTypesMatch<["operand", "result"]>]> {
  let summary = "the prox clause's step, symbolically";
  let description = [{
    Expanded by `bregman-expand-prox`. A latent with a level axis moves level by level.

    ```mlir
    bregman.quantizer @q {
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
      bregman.prox {
        %0 = math.absf %x : f32
        bregman.yield %0 : f32
      }
      bregman.step (g = %g : f32) {
        %lr = arith.constant 1.000000e-01 : f32
        %d = bregman.base %x, %g : f32
        %x1 = arith.subf %x, %d : f32
        %x2 = bregman.proximal %x1 by %lr : f32
        bregman.yield x = %x2 : f32
      }
    }
    ```
  }];
  let arguments = (ins Bregman_Value:$operand, F32:$strength);
  let results = (outs Bregman_Value:$result);
  let assemblyFormat = "$operand `by` $strength attr-dict `:` type($operand)";
}

#endif // BREGMAN_CALCULUS_OPS_TD
