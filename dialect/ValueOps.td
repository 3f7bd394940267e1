// The functions of the language that upstream has no equivalent of.
#ifndef BREGMAN_VALUE_OPS_TD
#define BREGMAN_VALUE_OPS_TD

include "dialect/BregmanBase.td"

def Bregman_SignOp : Bregman_UnaryOp<"sign"> {
  let summary = "-1 below zero, else 1: sign(0) = sign(-0) = 1";
  let description = [{
    ```mlir
    func.func @sign(%x: f32) -> f32 {
      %0 = bregman.sign %x : f32
      return %0 : f32
    }
    ```
  }];
}

def Bregman_SgnOp : Bregman_UnaryOp<"sgn"> {
  let summary = "-1, 0 or 1";
  let description = [{
    ```mlir
    func.func @sgn(%x: f32) -> f32 {
      %0 = bregman.sgn %x : f32
      return %0 : f32
    }
    ```
  }];
}

def Bregman_RoundOp : Bregman_UnaryOp<"round"> {
  let summary = "the nearest integer; ties go to the larger";
  let description = [{
    ```mlir
    func.func @round(%x: f32) -> f32 {
      %0 = bregman.round %x : f32
      return %0 : f32
    }
    ```
  }];
}

def Bregman_SigmoidOp : Bregman_UnaryOp<"sigmoid"> {
  let summary = "1 / (1 + exp(-x))";
  let description = [{
    ```mlir
    func.func @sigmoid(%x: f32) -> f32 {
      %0 = bregman.sigmoid %x : f32
      return %0 : f32
    }
    ```
  }];
}

def Bregman_ClampOp : Bregman_FunctionOp<"clamp", [Elementwise, SameOperandsAndResultType]> {
  let summary = "the nearest value in [low, high]; its derivative is 1 on both ends";
  let description = [{
    ```mlir
    func.func @clamp(%x: f32, %low: f32, %high: f32) -> f32 {
      %0 = bregman.clamp %x, %low, %high : f32
      return %0 : f32
    }
    ```
  }];
  defvar T = AnyTypeOf<[F64, Bregman_Value]>;
  let arguments = (ins T:$operand, T:$low, T:$high);
  let results = (outs T:$result);
  let assemblyFormat = "$operand `,` $low `,` $high attr-dict `:` type($operand)";
}

class Bregman_LookupOp<string mnemonic> : Bregman_FunctionOp<mnemonic> {
  let arguments = (ins F32:$operand, Bregman_Levels:$levels);
  let results = (outs F32:$result);
  let assemblyFormat = "$operand `,` $levels attr-dict `:` type($levels)";
}

def Bregman_NearestOp : Bregman_LookupOp<"nearest"> {
  let summary = "the nearest level; ties go to the larger";
  let description = [{
    The levels may stand in any order.

    ```mlir
    func.func @nearest(%x: f32, %levels: vector<3xf32>) -> f32 {
      %0 = bregman.nearest %x, %levels : vector<3xf32>
      return %0 : f32
    }
    ```
  }];
}

def Bregman_LowerOp : Bregman_LookupOp<"lower"> {
  let summary = "the lower one of the two neighbouring levels around a value";
  let description = [{
    The lower of the neighbouring levels q_i <= e < q_{i+1}; beyond the ends, of the outermost pair.

    ```mlir
    func.func @lower(%x: f32, %levels: vector<3xf32>) -> f32 {
      %0 = bregman.lower %x, %levels : vector<3xf32>
      return %0 : f32
    }
    ```
  }];
}

def Bregman_UpperOp : Bregman_LookupOp<"upper"> {
  let summary = "the upper one of the two neighbouring levels around a value";
  let description = [{
    ```mlir
    func.func @upper(%x: f32, %levels: vector<3xf32>) -> f32 {
      %0 = bregman.upper %x, %levels : vector<3xf32>
      return %0 : f32
    }
    ```
  }];
}

def Bregman_SoftNearestOp : Bregman_FunctionOp<"soft_nearest"> {
  let summary = "q_1 + sum_i (q_{i+1} - q_i) sigmoid(T (e - mid_i)), the smooth staircase";
  let description = [{
    mid_i is the midpoint of the neighbouring levels q_i < q_{i+1}. At T = 2 beta and levels -1, 0, 1
    it is the shifted tanh of Ajanthan et al. (2021); with any levels the staircase of Yang et al.
    (2019).

    ```mlir
    func.func @soft_nearest(%x: f32, %t: f32, %levels: vector<4xf32>) -> f32 {
      %0 = bregman.soft_nearest %x, %t, %levels : vector<4xf32>
      return %0 : f32
    }
    ```
  }];
  let arguments = (ins F32:$operand, F32:$steepness, Bregman_Levels:$levels);
  let results = (outs F32:$result);
  let assemblyFormat = "$operand `,` $steepness `,` $levels attr-dict `:` type($levels)";
}

class Bregman_AcrossLevelsOp<string mnemonic>
    : Bregman_FunctionOp<mnemonic, [AllTypesMatch<["operand", "result"]>]> {
  let arguments = (ins Bregman_Levels:$operand);
  let results = (outs Bregman_Levels:$result);
  let assemblyFormat = "$operand attr-dict `:` type($operand)";
}

def Bregman_SoftmaxOp : Bregman_AcrossLevelsOp<"softmax"> {
  let summary = "exp(e_l) / sum_m exp(e_m) over the level axis, evaluated at e - max e";
  let description = [{
    softmax(c * e) with a host scalar c is evaluated by exp(c * (e - max e)), so that a c of 1e35 does
    no harm; `scale` holds that c.

    ```mlir
    func.func @softmax(%x: vector<2xf32>, %beta: f32) -> vector<2xf32> {
      %0 = bregman.softmax %x : vector<2xf32>
      %1 = bregman.softmax %0 scale %beta : vector<2xf32>
      return %1 : vector<2xf32>
    }
    ```
  }];
  let arguments = (ins Bregman_Levels:$operand, Optional<F32>:$scale);
  let results = (outs Bregman_Levels:$result);
  let assemblyFormat = "$operand (`scale` $scale^)? attr-dict `:` type($operand)";
}

def Bregman_SparsemaxOp : Bregman_AcrossLevelsOp<"sparsemax"> {
  let summary = "the Euclidean projection onto the simplex of the level axis";
  let description = [{
    ```mlir
    func.func @sparsemax(%x: vector<2xf32>) -> vector<2xf32> {
      %0 = bregman.sparsemax %x : vector<2xf32>
      return %0 : vector<2xf32>
    }
    ```
  }];
}

def Bregman_HardmaxOp : Bregman_AcrossLevelsOp<"hardmax"> {
  let summary = "1 at the largest entry of the level axis, else 0; ties go to the larger index";
  let description = [{
    ```mlir
    func.func @hardmax(%x: vector<2xf32>) -> vector<2xf32> {
      %0 = bregman.hardmax %x : vector<2xf32>
      return %0 : vector<2xf32>
    }
    ```
  }];
}

def Bregman_SteOp : Bregman_FunctionOp<"ste", [Elementwise, SameOperandsAndResultType]> {
  let summary = "the value of the first operand with the derivative of the second";
  let description = [{
    ```mlir
    func.func @ste(%value: f32, %surrogate: f32) -> f32 {
      %0 = bregman.ste %value, %surrogate : f32
      return %0 : f32
    }
    ```
  }];
  let arguments = (ins Bregman_Value:$value, Bregman_Value:$surrogate);
  let results = (outs Bregman_Value:$result);
  let assemblyFormat = "$value `,` $surrogate attr-dict `:` type($value)";
}

def Bregman_ReduceOp : Bregman_FunctionOp<"reduce", [
    InferTypeOpAdaptor]> {
  let summary = "narrows the level axis, or the weights of an extent to one value";
  let description = [{
    Without `per` it narrows the level axis; `std` divides by d - 1.

    ```mlir
    func.func @over_levels(%u: vector<2xf32>) -> f32 {
      %0 = bregman.reduce sum %u : vector<2xf32>
      return %0 : f32
    }
    ```

    With `per` it narrows the weights of each tensor, channel or group of a row, those where the
    condition holds; a level axis stays. The mean of nothing is 0, its min and max are the
    infinities; `std` divides by n - 1. The result is one value for all of them, which is used as a
    value of each.

    ```mlir
    func.func @over_weights(%x: f32) -> f32 {
      %0 = math.absf %x : f32
      %1 = bregman.reduce mean per tensor %0 : f32
      %2 = arith.cmpf ogt, %0, %1 : f32
      %3 = bregman.reduce sum per group(64) %0 where %2 : f32
      return %3 : f32
    }
    ```
  }];
  let arguments = (ins Bregman_Reduction:$kind, OptionalAttr<Bregman_Extent>:$extent,
                       Bregman_Value:$operand, Optional<I1>:$condition);
  let results = (outs Bregman_Value:$result);
  let assemblyFormat = [{
    $kind (`per` custom<Extent>($extent)^)? $operand (`where` $condition^)? attr-dict
    `:` type($operand)
  }];
  let builders = [
    OpBuilder<(ins "Reduction":$kind, "::mlir::Value":$operand), [{
      build($_builder, $_state, kind, ExtentAttr(), operand, ::mlir::Value());
    }]>
  ];
  let hasVerifier = 1;
}

def Bregman_FitOp : Bregman_FunctionOp<"fit", [
    AttrSizedOperandSegments, SingleBlock, InferTypeOpAdaptor]> {
  let summary = "the unknowns of a codebook by alternating assignment and least squares";
  let description = [{
    From the start, `rounds` times: each weight takes the nearest of the levels that the region
    yields for the present unknowns, then the unknowns solve weighted least squares over each
    extent's weights (the levels are affine in them). A singular system keeps its values.

    ```mlir
    func.func @fit(%x: f32, %a0: f32, %b0: f32) -> (f32, f32) {
      %0:2 = bregman.fit %x from (%a0, %b0) rounds 2 per channel : f32, f32 {
      ^bb0(%a: f32, %b: f32):
        %1 = arith.addf %a, %b : f32
        %2 = arith.subf %a, %b : f32
        %3 = vector.from_elements %1, %2 : vector<2xf32>
        bregman.yield %3 : vector<2xf32>
      }
      return %0#0, %0#1 : f32, f32
    }
    ```
  }];
  let arguments = (ins F32:$operand, Optional<F32>:$weight, Variadic<Bregman_Value>:$start,
                       I64Attr:$rounds, Bregman_Extent:$extent);
  let results = (outs Variadic<Bregman_Value>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $operand (`weighted` $weight^)? `from` `(` $start `)` `rounds` $rounds
    `per` custom<Extent>($extent) attr-dict `:` type($start) $body
  }];
  let hasRegionVerifier = 1;
}

def Bregman_RandomOp : Bregman_FunctionOp<"random"> {
  let summary = "uniform in [0, 1), a function of seed, parameter, step and index";
  let description = [{
    The step is k, or k+1 with `next`, as for the counters. It has no derivative.

    ```mlir
    func.func @random() -> f32 {
      %0 = bregman.random next : f32
      return %0 : f32
    }
    ```
  }];
  let arguments = (ins UnitAttr:$next);
  let results = (outs F32:$result);
  let assemblyFormat = "(`next` $next^)? attr-dict `:` type($result)";
}

def Bregman_OptimizerStateOp : Bregman_FunctionOp<"optimizer_state"> {
  let summary = "a state of the base optimizer, its newest value";
  let description = [{
    `optimizer.v` in a quantizer; `bregman-compose` puts the state in its place. It has the
    level axis that the latent has, and no derivative.

    ```mlir
    func.func @sharpness() -> f32 {
      %0 = bregman.optimizer_state "v" : f32
      return %0 : f32
    }
    ```
  }];
  let arguments = (ins StrAttr:$name);
  let results = (outs Bregman_Value:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
}

#endif // BREGMAN_VALUE_OPS_TD
