// A quantizer under an optimizer: nothing symbolic is left, time is explicit.
#ifndef BREGMAN_METHOD_OPS_TD
#define BREGMAN_METHOD_OPS_TD

include "dialect/BregmanBase.td"

def Bregman_MethodOp : Bregman_Op<"method",
    [Symbol, IsolatedFromAbove, SingleBlock, NoTerminator]> {
  let summary = "one quantizer under one base optimizer, derived";
  let description = [{
    Parameters and counters, one `host` region over them, the stored values, and the regions
    `attach`, `step`, `publish`, `final`, whose arguments are `g` (dL/dw), `w0` (attach), stored
    values, and the host region's results by name. Made by `bregman-compose`.

    A schedule read in `step` is at k, in `publish` and `final` at k+1; where both are read the host
    region yields two values, the later one with the suffix `.next`. It also yields every schedule at
    k under the schedule's name, and `freeze` (1 or 0, at k+1) where the quantizer has that clause.
    What `positive` names is above 0, and has to be so in f32 as well, since the projection comes to
    nothing at 0 (Q11).
    A state `per run` stands beside the parameters: the host region reads its value and yields the
    one after the step under its name with the suffix `.new`.

    ```mlir
    bregman.method @md_tanh_s.sgd quantizer "md_tanh_s" optimizer "sgd" schedules ["beta"] {
      %lr = bregman.param "optimizer.lr" = 1.000000e-01 : f64
      %step = bregman.counter step : f64
      %next = bregman.counter step next : f64
      bregman.stored "x" : f32
      bregman.host {
        bregman.yield beta = %step, beta.next = %next, optimizer.lr = %lr : f64, f64, f64
      }
      bregman.attach (w0 = %w0 : f32) {
        bregman.yield x = %w0 : f32
      }
      bregman.step (g = %g : f32, x = %x : f32, optimizer.lr = %rate : f32) {
        %d = arith.mulf %rate, %g : f32
        %x1 = arith.subf %x, %d : f32
        bregman.yield x = %x1 : f32
      }
      bregman.publish (x = %x : f32, beta.next = %beta : f32) {
        %0 = arith.mulf %beta, %x : f32
        %w = math.tanh %0 : f32
        bregman.yield %w : f32
      }
      bregman.final (x = %x : f32) {
        %0 = bregman.sign %x : f32
        bregman.yield %0 : f32
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$quantizer, StrAttr:$optimizer,
                       StrArrayAttr:$schedules, DefaultValuedAttr<StrArrayAttr, "{}">:$positive);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `quantizer` $quantizer `optimizer` $optimizer `schedules` $schedules
    (`positive` $positive^)? attr-dict-with-keyword $body
  }];
  let extraClassDeclaration = [{
    ::bregman::HostOp getHost();
    ::bregman::AttachOp getAttach();
    ::bregman::StepOp getStep();
    ::bregman::PublishOp getPublish();
    ::llvm::SmallVector<::bregman::EveryBlockOp> getEveryBlocks();
    /// Null for a method without `final`.
    ::bregman::FinalOp getFinal();
  }];
  let hasRegionVerifier = 1;
}

def Bregman_StoredOp : Bregman_Op<"stored", [HasParent<"MethodOp">]> {
  let summary = "a value that is stored per weight";
  let description = [{
    `x` is the latent, `dual` the coordinate of agile mirror descent, `optimizer.m` a state. With
    `parity` p two levels were proved to need one dual: the stored value is the upper level's, the
    lower level's is p times it. With an extent it is one value for a tensor, a channel or a group;
    a `learned` one is trained beside the latent.

    ```mlir
    bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
      bregman.stored "x" parity -1 : f32
      bregman.host {
        bregman.yield
      }
      bregman.attach (w0 = %w0 : f32) {
        bregman.yield x = %w0 : f32
      }
      bregman.step (g = %g : f32, x = %x : f32) {
        %x1 = arith.subf %x, %g : f32
        bregman.yield x = %x1 : f32
      }
      bregman.publish (x = %x : f32) {
        bregman.yield %x : f32
      }
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, UnitAttr:$learned, OptionalAttr<Bregman_Extent>:$extent,
                       OptionalAttr<I32Attr>:$parity, TypeAttrOf<Bregman_Value>:$type);
  let assemblyFormat = [{
    $name (`learned` $learned^)? (`per` custom<Extent>($extent)^)? (`parity` custom<Parity>($parity)^)?
    `:` $type attr-dict
  }];
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::Type":$type), [{
      build($_builder, $_state, name, /*learned=*/false, ExtentAttr(), ::mlir::IntegerAttr(), type);
    }]>
  ];
}

def Bregman_HostOp : Bregman_Op<"host", [HasParent<"MethodOp">, SingleBlock]> {
  let summary = "the host scalars of one step";
  let description = [{
    Only f64 and i1 values; interpreted in double precision once a step, each result rounded to f32
    once. See `bregman.method` for an example.
  }];
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Bregman_AttachOp : Bregman_Op<"attach",
    [HasParent<"MethodOp">, SingleBlock, Bregman_NamedArguments]> {
  let summary = "the stored values at step 0, from w0";
  let description = [{
    Schedules are at 0. See `bregman.method` for an example.
  }];
  let arguments = (ins StrArrayAttr:$arg_names);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "custom<NamedBody>($body, $arg_names) attr-dict-with-keyword";
  let hasRegionVerifier = 1;
}

def Bregman_EveryBlockOp : Bregman_Op<"every_block",
    [HasParent<"MethodOp">, SingleBlock, Bregman_NamedArguments]> {
  let summary = "what is done after a step that completes a period";
  let description = [{
    Runs after the step, before phase 5, when the host region's result `due` is not 0. Schedules are
    at k. The arguments are stored values and host scalars by name, and the new stored values are
    yielded under theirs, as in `bregman.step`.

    ```mlir
    bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
      %step = bregman.counter step next : f64
      bregman.stored "x" : f32
      bregman.stored "a" per tensor : f32
      bregman.host {
        %ten = arith.constant 1.000000e+01 : f64
        %one = arith.constant 1.000000e+00 : f64
        %zero = arith.constant 0.000000e+00 : f64
        %0 = arith.divf %step, %ten : f64
        %1 = math.floor %0 : f64
        %2 = arith.cmpf oeq, %0, %1 : f64
        %3 = arith.select %2, %one, %zero : f64
        bregman.yield every.0.due = %3 : f64
      }
      bregman.attach (w0 = %w0 : f32) {
        %zero = arith.constant 0.000000e+00 : f32
        bregman.yield x = %w0, a = %zero : f32, f32
      }
      bregman.step (g = %g : f32, x = %x : f32) {
        %x1 = arith.subf %x, %g : f32
        bregman.yield x = %x1 : f32
      }
      bregman.every_block "every.0.due" (x = %x : f32) {
        %0 = math.absf %x : f32
        %1 = bregman.reduce mean per tensor %0 : f32
        bregman.yield a = %1 : f32
      }
      bregman.publish (a = %a : f32) {
        bregman.yield %a : f32
      }
    }
    ```
  }];
  let arguments = (ins StrAttr:$due, StrArrayAttr:$arg_names);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$due custom<NamedBody>($body, $arg_names) attr-dict-with-keyword";
  let hasRegionVerifier = 1;
}

#endif // BREGMAN_METHOD_OPS_TD
