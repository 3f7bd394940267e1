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

def Bregman_ReduceOp : Bregman_FunctionOp<"reduce"> {
  let summary = "narrows the level axis";
  let description = [{
    `std` divides by d - 1.

    ```mlir
    func.func @reduce(%u: vector<2xf32>) -> f32 {
      %0 = bregman.reduce sum %u : vector<2xf32>
      return %0 : f32
    }
    ```
  }];
  let arguments = (ins Bregman_Reduction:$kind, Bregman_Levels:$operand);
  let results = (outs F32:$result);
  let assemblyFormat = "$kind $operand attr-dict `:` type($operand)";
}

#endif // BREGMAN_VALUE_OPS_TD
