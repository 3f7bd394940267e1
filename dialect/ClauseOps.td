// Declarations and clauses of quantizers and optimizers.
#ifndef BREGMAN_CLAUSE_OPS_TD
#define BREGMAN_CLAUSE_OPS_TD

include "dialect/BregmanBase.td"

/// A declaration prints its result under the name that the spec gives it.
class Bregman_DeclarationOp<string mnemonic, list<Trait> traits = []>
    : Bregman_Op<mnemonic, traits # [DeclareOpInterfaceMethods<OpAsmOpInterface,
                                                               ["getAsmResultNames"]>]>;

def Bregman_ParamOp : Bregman_DeclarationOp<"param"> {
  let summary = "a number that the user may change without compiling anything";
  let description = [{
    The range, where one is declared, is what proofs may assume. A parameter that nothing reads is
    still one that may be set, hence no pass drops it.

    ```mlir
    bregman.quantizer @q {
      %growth = bregman.param "growth" in [1.000000e+00, 2.000000e+00] = 1.020000e+00 : f64
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, OptionalAttr<F64Attr>:$low, OptionalAttr<F64Attr>:$high,
                       F64Attr:$value);
  let results = (outs F64:$result);
  let assemblyFormat = [{
    $name (`in` `[` custom<Number>($low)^ `,` custom<Number>($high) `]`)? `=` custom<Number>($value)
    attr-dict `:` type($result)
  }];
}

def Bregman_CounterOp : Bregman_DeclarationOp<"counter", [Pure]> {
  let summary = "what the clock says";
  let description = [{
    `step` and `epoch` count what is completed; `steps` and `epochs` are the run's totals; `t` is 1
    in an optimizer's first step; `lr` in a quantizer is the optimizer's argument of that name.
    `next` reads `step` or `epoch` as they will be after the present step. In a method `t` is that
    of the latent's optimizer, and `t of "s"` that of the learned value `s`, whose optimizer may be
    reset at other steps.

    ```mlir
    bregman.quantizer @q {
      %step = bregman.counter step : f64
      %epoch_next = bregman.counter epoch next : f64
    }
    ```
  }];
  let arguments = (ins Bregman_Counter:$kind, UnitAttr:$next, OptionalAttr<StrAttr>:$of);
  let results = (outs F64:$result);
  let builders = [
    OpBuilder<(ins "::mlir::Type":$result, "::bregman::Counter":$kind, "bool":$next), [{
      build($_builder, $_state, result, kind, next, /*of=*/::mlir::StringAttr());
    }]>
  ];
  let assemblyFormat = "$kind (`next` $next^)? (`of` $of^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Bregman_ScheduleOp : Bregman_DeclarationOp<"schedule", [SingleBlock]> {
  let summary = "a host scalar with a name";
  let description = [{
    A range, where one is declared, is kept at every step of a run, or the run does not begin: a
    parameter that moves with time by a plan's line is such a schedule.

    ```mlir
    bregman.quantizer @q {
      %step = bregman.counter step : f64
      %beta = bregman.schedule "beta" : f64 {
        %one = arith.constant 1.000000e+00 : f64
        %0 = arith.addf %step, %one : f64
        bregman.yield %0 : f64
      }
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, OptionalAttr<F64Attr>:$low, OptionalAttr<F64Attr>:$high);
  let results = (outs F64:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $name (`in` `[` custom<Number>($low)^ `,` custom<Number>($high) `]`)? `:` type($result)
    attr-dict-with-keyword $body
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Type":$type, "::llvm::StringRef":$name), [{
      build($_builder, $_state, type, name, ::mlir::FloatAttr(), ::mlir::FloatAttr());
    }]>
  ];
  let hasRegionVerifier = 1;
}

def Bregman_LevelsOp : Bregman_DeclarationOp<"levels", [HasParent<"QuantizerOp">, SingleBlock,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "the codebook, in units of the weight";
  let description = [{
    Rule Q1 (`bregman-prove`): two or more levels, no two identical.

    ```mlir
    bregman.quantizer @q {
      %levels = bregman.levels : vector<3xf32> {
        %q = arith.constant dense<[-1.0, 0.0, 1.0]> : vector<3xf32>
        bregman.yield %q : vector<3xf32>
      }
    }
    ```

    With an argument it is a function of what is quantized. Whoever looks a level up stands beside a
    copy of its region at what it looks up; the op itself is for the rules and for the export.

    ```mlir
    bregman.quantizer @scaled {
      %levels = bregman.levels (v = %v : f32) : vector<2xf32> {
        %0 = math.absf %v : f32
        %a = bregman.reduce mean per tensor %0 : f32
        %b = arith.negf %a : f32
        %q = vector.from_elements %b, %a : vector<2xf32>
        bregman.yield %q : vector<2xf32>
      }
    }
    ```
  }];
  let arguments = (ins StrArrayAttr:$arg_names);
  let results = (outs Bregman_Levels:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    custom<NamedTypedBody>($body, $arg_names, type($result)) attr-dict-with-keyword
  }];
  let hasRegionVerifier = 1;
}

def Bregman_LatentOp : Bregman_Op<"latent", [HasParent<"QuantizerOp">, SingleBlock,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames", "getAsmBlockArgumentNames"]>]> {
  let summary = "the initial latent; the result is x, which the optimizer moves";
  let description = [{
    With a level axis there is one latent per weight and level. Rule Q16: exactly one. With `dual`
    it is the coordinate z = c x of agile mirror descent, which `bregman-change-coordinate` puts in
    the place of x; c, a host scalar, stands behind `of` unless it is 1.

    ```mlir
    bregman.quantizer @q {
      %x = bregman.latent (w0 = %w0 : f32) : vector<2xf32> {
        %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
        %0 = vector.broadcast %w0 : f32 to vector<2xf32>
        %1 = arith.mulf %q, %0 : vector<2xf32>
        bregman.yield %1 : vector<2xf32>
      }
    }
    ```
  }];
  let arguments = (ins UnitAttr:$dual, Optional<F64>:$scale, StrArrayAttr:$arg_names);
  let results = (outs Bregman_Value:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`dual` $dual^)? (`of` $scale^)? custom<NamedTypedBody>($body, $arg_names, type($result)) attr-dict-with-keyword
  }];
  let hasRegionVerifier = 1;
}

def Bregman_StateOp : Bregman_DeclarationOp<"state", [SingleBlock]> {
  let summary = "stored beside the latent; the result is its value before the step";
  let description = [{
    The region gives the initial value. Without an extent there is one per weight (and level, in an
    optimizer of a latent with a level axis).

    ```mlir
    bregman.optimizer @accumulate (g = %g : f32, x = %x : f32) {
      %m = bregman.state "m" : f32 {
        %zero = arith.constant 0.000000e+00 : f32
        bregman.yield %zero : f32
      }
      %m1 = arith.addf %m, %g : f32
      bregman.descend %m1, m = %m1 : f32, f32
    }
    ```

    With `per run` it is a host scalar. In a quantizer `every` gives the new values.

    ```mlir
    bregman.quantizer @q {
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
      %a = bregman.state "a" per tensor : f32 {
        %0 = math.absf %x : f32
        %1 = bregman.reduce mean per tensor %0 : f32
        bregman.yield %1 : f32
      }
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, OptionalAttr<Bregman_Extent>:$extent);
  let results = (outs Bregman_Shared:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $name (`per` custom<Extent>($extent)^)? `:` type($result) attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
}

def Bregman_LearnOp : Bregman_DeclarationOp<"learn", [HasParent<"QuantizerOp">, SingleBlock]> {
  let summary = "trained beside the latent: by dL/dn at fixed x, summed over its extent";
  let description = [{
    The first region gives the initial value, the second, where there is one, what the gradient is
    multiplied with. After each step the value is clamped to its range. Rule Q14 (`bregman-prove`).

    ```mlir
    bregman.quantizer @q {
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
      %s = bregman.learn "s" per tensor in [1.000000e-08, inf] : f32 {
        %0 = math.absf %x : f32
        %1 = bregman.reduce mean per tensor %0 : f32
        bregman.yield %1 : f32
      } scaled {
        %one = arith.constant 1.000000e+00 : f32
        %n = bregman.reduce sum per tensor %one : f32
        %root = math.sqrt %n : f32
        %0 = arith.divf %one, %root : f32
        bregman.yield %0 : f32
      }
      %w = bregman.project "w" : f32 {
        %0 = arith.mulf %s, %x : f32
        bregman.yield %0 : f32
      }
      bregman.update chain
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, OptionalAttr<Bregman_Extent>:$extent,
                       OptionalAttr<F64Attr>:$low, OptionalAttr<F64Attr>:$high);
  let results = (outs Bregman_Value:$result);
  let regions = (region SizedRegion<1>:$body, AnyRegion:$scale);
  let assemblyFormat = [{
    $name (`per` custom<Extent>($extent)^)?
    (`in` `[` custom<Number>($low)^ `,` custom<Number>($high) `]`)? `:` type($result)
    attr-dict-with-keyword $body (`scaled` $scale^)?
  }];
  let hasRegionVerifier = 1;
}

class Bregman_TargetOp<string mnemonic>
    : Bregman_DeclarationOp<mnemonic, [HasParent<"QuantizerOp">, SingleBlock]> {
  let arguments = (ins StrAttr:$name);
  let results = (outs Bregman_Value:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name `:` type($result) attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Bregman_ProjectOp : Bregman_TargetOp<"project"> {
  let summary = "P, from the latent to the primal; the result is u = P(x)";
  let description = [{
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
    }
    ```
  }];
}

def Bregman_WeightOp : Bregman_TargetOp<"weight"> {
  let summary = "the weight from the target of project, where that is not the weight itself";
  let description = [{
    ```mlir
    bregman.quantizer @q {
      %levels = bregman.levels : vector<2xf32> {
        %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
        bregman.yield %q : vector<2xf32>
      }
      %x = bregman.latent (w0 = %w0 : f32) : vector<2xf32> {
        %0 = vector.broadcast %w0 : f32 to vector<2xf32>
        %1 = arith.mulf %levels, %0 : vector<2xf32>
        bregman.yield %1 : vector<2xf32>
      }
      %u = bregman.project "u" : vector<2xf32> {
        %0 = bregman.softmax %x : vector<2xf32>
        bregman.yield %0 : vector<2xf32>
      }
      %w = bregman.weight "w" : f32 {
        %0 = arith.mulf %levels, %u : vector<2xf32>
        %1 = bregman.reduce sum %0 : vector<2xf32>
        bregman.yield %1 : f32
      }
      bregman.update lazy_mirror
    }
    ```
  }];
}

def Bregman_UpdateOp : Bregman_Op<"update",
    [HasParent<"QuantizerOp">, Bregman_NamedArguments]> {
  let summary = "what is handed on to the base optimizer";
  let description = [{
    With u = P(x), c = dL/du and J = du/dx: `lazy_mirror` and `straight_through` hand on c,
    `agile_mirror` hands on c and moves u itself, `chain` hands on J^T c, `gradient` what its region
    yields; the region's argument is g = dL/dw. Rules Q4, Q5, Q7, Q13, Q14 (`bregman-prove`), Q16.

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
        %0 = arith.addf %g, %x : f32
        bregman.yield %0 : f32
      }
    }
    ```
  }];
  let arguments = (ins Bregman_UpdateKind:$kind, OptionalAttr<StrArrayAttr>:$arg_names);
  let regions = (region AnyRegion:$body);
  let assemblyFormat = "$kind custom<OptionalNamedBody>($body, $arg_names) attr-dict-with-keyword";
  let hasRegionVerifier = 1;
}

def Bregman_ProxOp : Bregman_ClauseOp<"prox"> {
  let summary = "R of the proximal step x <- argmin_y (y - x)^2 / 2 + lr R(y)";
  let description = [{
    The region is R as a function of the captured latent. Rule Q8 (`bregman-prove`).

    ```mlir
    bregman.quantizer @q {
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
      bregman.prox {
        %0 = math.absf %x : f32
        bregman.yield %0 : f32
      }
    }
    ```
  }];
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Bregman_PenaltyOp : Bregman_ClauseOp<"penalty"> {
  let summary = "E, summed over the weights, joins the loss";
  let description = [{
    dE/dw joins g, and dE/dx, at fixed w, joins what is handed on.

    ```mlir
    bregman.quantizer @q {
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
      bregman.penalty {
        %0 = arith.mulf %x, %x : f32
        bregman.yield %0 : f32
      }
    }
    ```
  }];
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Bregman_HighOp : Bregman_ClauseOp<"high"> {
  let summary = "what the float branch of constrained training multiplies with";
  let description = [{
    ```mlir
    bregman.quantizer @q {
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
      bregman.high {
        %0 = math.tanh %x : f32
        bregman.yield %0 : f32
      }
    }
    ```
  }];
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Bregman_EveryOp : Bregman_ClauseOp<"every"> {
  let summary = "the slower program: new values of the latent and of states, each period";
  let description = [{
    Due in step k when k + 1 is divisible by the period in steps. It reads old values and takes
    effect at its end.

    ```mlir
    bregman.quantizer @q {
      %one = arith.constant 1.000000e+00 : f64
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
      bregman.every %one step {
        %low = arith.constant -1.000000e+00 : f32
        %high = arith.constant 1.000000e+00 : f32
        %0 = bregman.clamp %x, %low, %high : f32
        bregman.yield x = %0 : f32
      }
    }
    ```
  }];
  let arguments = (ins F64:$period, Bregman_PeriodUnit:$unit);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$period $unit attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Bregman_FreezeOp : Bregman_ClauseOp<"freeze"> {
  let summary = "the host condition from which on the weight is `final` for good";
  let description = [{
    ```mlir
    bregman.quantizer @q {
      %epoch = bregman.counter epoch : f64
      bregman.freeze {
        %last = arith.constant 2.000000e+02 : f64
        %0 = arith.cmpf oge, %epoch, %last : f64
        bregman.yield %0 : i1
      }
    }
    ```
  }];
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Bregman_FinalOp : Bregman_Op<"final",
    [ParentOneOf<["QuantizerOp", "MethodOp"]>, SingleBlock, Bregman_NamedArguments]> {
  let summary = "a level for every weight";
  let description = [{
    In a quantizer a clause that captures; in a method its arguments are stored values and host
    scalars by name. Rule Q6 (`bregman-prove`).

    ```mlir
    bregman.quantizer @q {
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
  let arguments = (ins StrArrayAttr:$arg_names);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "custom<NamedBody>($body, $arg_names) attr-dict-with-keyword";
  let hasRegionVerifier = 1;
}

def Bregman_AssumeOp : Bregman_Op<"assume", [HasParent<"QuantizerOp">]> {
  let summary = "the user vouches for a rule that the prover could not decide";
  let description = [{
    ```mlir
    bregman.quantizer @q {
      bregman.assume "Q4" because "the slope touches zero in one point only"
    }
    ```
  }];
  let arguments = (ins StrAttr:$rule, StrAttr:$reason);
  let assemblyFormat = "$rule `because` $reason attr-dict";
}

def Bregman_YieldOp : Bregman_Op<"yield", [Pure, Terminator]> {
  let summary = "the values of a region, by name where there are several";
  let description = [{
    ```mlir
    bregman.quantizer @q {
      %levels = bregman.levels : vector<2xf32> {
        %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
        bregman.yield %q : vector<2xf32>
      }
    }
    ```
  }];
  let arguments = (ins Variadic<Bregman_Any>:$values, StrArrayAttr:$names);
  let builders = [
    OpBuilder<(ins "::mlir::Value":$value), [{
      build($_builder, $_state, ::mlir::ValueRange{value}, $_builder.getStrArrayAttr({}));
    }]>
  ];
  let assemblyFormat = "custom<NamedValues>($values, type($values), $names) attr-dict";
  let extraClassDeclaration = [{
    /// The value under a name, or null.
    ::mlir::Value get(::llvm::StringRef name);
    /// The name of a value; empty where the yield has none.
    ::llvm::StringRef nameOf(unsigned index);
  }];
  let hasVerifier = 1;
}

def Bregman_DescendOp : Bregman_Op<"descend",
    [Pure, Terminator, HasParent<"OptimizerOp">]> {
  let summary = "the step that is subtracted from x, and the states' new values";
  let description = [{
    A state `per run` gets an f64.

    ```mlir
    bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
      bregman.descend %g : f32
    }
    ```
  }];
  let arguments = (ins F32:$step, Variadic<AnyTypeOf<[F32, F64]>>:$states, StrArrayAttr:$names);
  let assemblyFormat = [{
    custom<Descend>($step, type($step), $states, type($states), $names) attr-dict
  }];
  let hasVerifier = 1;
}

#endif // BREGMAN_CLAUSE_OPS_TD
