// The symbols of a module: quantizers, base optimizers, plans.
#ifndef BREGMAN_SYMBOL_OPS_TD
#define BREGMAN_SYMBOL_OPS_TD

include "dialect/BregmanBase.td"

class Bregman_SymbolOp<string mnemonic, list<Trait> traits = []>
    : Bregman_Op<mnemonic, traits # [Symbol, IsolatedFromAbove, SingleBlock]>;

def Bregman_QuantizerOp : Bregman_SymbolOp<"quantizer", [NoTerminator]> {
  let summary = "a quantizer, as written";
  let description = [{
    Declarations and clauses in textual order. A declaration's result stands for its value wherever
    it is captured: `%x` is the latent, a project clause's result is u = P(x), a schedule's result
    its value at the step that the capturing phase belongs to.

    ```mlir
    bregman.quantizer @sign_of_latent {
      %levels = bregman.levels : vector<2xf32> {
        %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
        bregman.yield %q : vector<2xf32>
      }
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
      bregman.final {
        %0 = bregman.sign %x : f32
        bregman.yield %0 : f32
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Bregman_OptimizerOp : Bregman_SymbolOp<"optimizer", [Bregman_NamedArguments]> {
  let summary = "a base optimizer: d = B(x, g)";
  let description = [{
    The two arguments are the gradient that is handed to it and the iterate that it moves. States
    are declared by `bregman.state`; `bregman.descend` ends it with the step d, which is subtracted
    from x, and the states' new values. `t` counts the optimizer's steps from 1.

    ```mlir
    bregman.optimizer @sgd (g = %g : f32, x = %x : f32) {
      %lr = bregman.param "lr" = 1.000000e-01 : f64
      %0 = arith.truncf %lr : f64 to f32
      %d = arith.mulf %0, %g : f32
      bregman.descend %d : f32
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrArrayAttr:$arg_names);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name custom<NamedBody>($body, $arg_names) attr-dict-with-keyword";
  let hasRegionVerifier = 1;
}

def Bregman_PlanOp : Bregman_Op<"plan",
    [Symbol, IsolatedFromAbove, SingleBlock, NoTerminator]> {
  let summary = "which parameters are trained by what";
  let description = [{
    Lines in textual order; the first that matches a parameter's name wins. A plan without a name
    has the symbol `plan`.

    ```mlir
    bregman.plan @weights_only {
      bregman.line ["*.weight"] : @md_tanh_s by @adam {
        %rate = arith.constant 1.000000e-03 : f64
        bregman.yield optimizer.lr = %rate : f64
      }
      bregman.line [] : @float by @adam {
        bregman.yield
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
}

def Bregman_LineOp : Bregman_Op<"line", [HasParent<"PlanOp">, SingleBlock]> {
  let summary = "one line of a plan";
  let description = [{
    Patterns (none: `else`), a quantizer, the base optimizer (none where nothing is trained) and the
    arguments as host expressions of the counters. The optimizer's arguments carry the prefix
    `optimizer.`; those of the quantizer that mention a counter are compiled into it. With
    `activations` the patterns are names of modules. The symbols are looked up in the module, which holds the library's definitions
    that its file uses. `reset` is the period after which states and `t` start anew.

    ```mlir
    bregman.plan @every_epoch {
      bregman.line ["*"] : @proxquant by @adam reset 1 epoch {
        %rate = arith.constant 1.000000e-02 : f64
        bregman.yield optimizer.lr = %rate : f64
      }
      bregman.line activations ["*"] : @dorefa_act {
        bregman.yield
      }
    }
    ```
  }];
  let arguments = (ins UnitAttr:$activations, StrArrayAttr:$patterns, FlatSymbolRefAttr:$quantizer,
                       OptionalAttr<FlatSymbolRefAttr>:$optimizer,
                       OptionalAttr<I64Attr>:$reset, OptionalAttr<Bregman_PeriodUnit>:$reset_unit);
  let regions = (region SizedRegion<1>:$args);
  let assemblyFormat = [{
    (`activations` $activations^)? $patterns `:` $quantizer (`by` $optimizer^)? (`reset` $reset^ $reset_unit)?
    attr-dict-with-keyword $args
  }];
}

def Bregman_MinimizeOp : Bregman_Op<"minimize", [HasParent<"PlanOp">]> {
  let summary = "which branch the objective is computed of; without it, the low one";
  let description = [{
    ```mlir
    bregman.plan @constrained {
      bregman.minimize high
    }
    ```
  }];
  let arguments = (ins Bregman_Branch:$branch);
  let assemblyFormat = "$branch attr-dict";
}

def Bregman_SubjectToOp : Bregman_Op<"subject_to",
    [HasParent<"PlanOp">, SingleBlock, Bregman_NamedArguments]> {
  let summary = "a constraint between the branches, with its multiplier";
  let description = [{
    The first region is D of what the two branches give, of the modules that a pattern names or, without
    one, of the networks' outputs. Its level axis is the class axis, whose length only a run knows:
    it is scalable. What is left is averaged. The second region gives, as host expressions of the
    counters, the bound e, the multiplier l before the first period, and the rate: the loss gets
    l (D - e), and each period l becomes max(0, l + rate (mean D - e)).

    ```mlir
    bregman.plan @constrained {
      bregman.subject_to every 1 epoch (high = %high : vector<[1]xf32>, low = %low : vector<[1]xf32>) {
        %0 = arith.subf %high, %low : vector<[1]xf32>
        %1 = arith.mulf %0, %0 : vector<[1]xf32>
        bregman.yield %1 : vector<[1]xf32>
      } numbers {
        %one = arith.constant 1.000000e+00 : f64
        bregman.yield bound = %one, multiplier = %one, rate = %one : f64, f64, f64
      }
    }
    ```
  }];
  let arguments = (ins OptionalAttr<StrAttr>:$target, I64Attr:$period, Bregman_PeriodUnit:$unit,
                       StrArrayAttr:$arg_names);
  let regions = (region SizedRegion<1>:$body, SizedRegion<1>:$numbers);
  let assemblyFormat = [{
    ($target^)? `every` $period $unit custom<NamedBody>($body, $arg_names) `numbers` $numbers
    attr-dict
  }];
  let hasRegionVerifier = 1;
}

#endif // BREGMAN_SYMBOL_OPS_TD
