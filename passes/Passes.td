// The target-independent passes: from a quantizer and an optimizer, as written, to kernels.
#ifndef BREGMAN_PASSES
#define BREGMAN_PASSES

include "mlir/Pass/PassBase.td"

def Select : Pass<"bregman-select", "::mlir::ModuleOp"> {
  let summary = "Leave one quantizer and one optimizer of a module";
  let description = [{
    The first step from a file to a method: everything else is dropped, plans included, so that what
    a method does not use can neither delay nor refuse it.

    ```mlir
    bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
      bregman.descend %g : f32
    }
    bregman.quantizer @float {
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
    }
    bregman.quantizer @other {
    }
    ```

    becomes, with `quantizer=float`,

    ```mlir
    bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
      bregman.descend %g : f32
    }
    bregman.quantizer @float {
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
    }
    ```
  }];
  let options = [
    Option<"quantizer", "quantizer", "std::string", /*default=*/"",
           "The quantizer; the only one of the module by default">,
    Option<"optimizer", "optimizer", "std::string", /*default=*/"",
           "The optimizer; the only one of the module by default">,
    ListOption<"learned", "learned", "std::string",
               "Optimizers of learned values, which stay too, as VALUE:OPTIMIZER">
  ];
  let dependentDialects = ["::bregman::BregmanDialect"];
}

def Prove : Pass<"bregman-prove", "::mlir::ModuleOp"> {
  let summary = "Prove that each quantizer is sound, or say where it is not";
  let description = [{
    Checks rules Q1, Q4, Q5, Q6, Q7, Q8, Q13 and Q14, and Q9 and Q12 as warnings. A proof climbs:
    first structure (slopes, ranges and limits composed; the derivative's sign term by term on each piece
    between kinks), then intervals (branch and bound, 4096 boxes on [-2^64, 2^64], the tails by
    limits), then refutation: samples propose a counterexample and intervals confirm it. What is
    neither proved nor refuted is an error that says what was tried, unless the quantizer assumes
    the rule. Nothing is changed.

    ```mlir
    %w = bregman.project "w" : f32 {
      %0 = math.tanh %x : f32
      %1 = arith.negf %0 : f32
      bregman.yield %1 : f32
    }
    bregman.update lazy_mirror
    ```

    is refused:

    ```
    Q4: the projection is not monotone: P(-2) = 0.96402758 > P(2) = -0.96402758
    ```
  }];
  let options = [
    Option<"remarks", "remarks", "bool", "false",
           "Say of each rule that holds how it was proved, as a remark">
  ];
  let dependentDialects = ["::bregman::BregmanDialect", "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def ResolveUpdate : Pass<"bregman-resolve-update", "::mlir::ModuleOp"> {
  let summary = "Write what a training step does to a weight as step and publish";
  let description = [{
    Adds to each quantizer the phases 2 to 4 of a step as `bregman.step` and phase 5 as
    `bregman.publish`, with symbolic ops where the mathematics is still to be derived. With u the
    target of `project` and c = dL/du, through `weight` where there is one, the base optimizer is
    handed c by `lazy_mirror`, `agile_mirror` and `straight_through`, J^T c by `chain`, the region's
    value by `gradient`, and g where nothing is projected. `penalty` adds its derivatives to g and
    to that. Each learned value moves by the base optimizer too. `prox` follows, and the `every`
    blocks that are due in every step; from the first that is not, they stay clauses.

    ```mlir
    bregman.update lazy_mirror
    bregman.every %one step {
      %0 = bregman.clamp %x, %low, %high : f32
      bregman.yield x = %0 : f32
    }
    ```

    becomes

    ```mlir
    bregman.update lazy_mirror
    bregman.step (g = %g : f32) {
      %0 = bregman.base %x, %g : f32
      %1 = arith.subf %x, %0 : f32
      %2 = bregman.clamp %1, %low, %high : f32
      bregman.yield x = %2 : f32
    }
    bregman.publish {
      %0 = bregman.apply project %x : f32 to f32
      bregman.yield %0 : f32
    }
    ```

    Agile mirror descent moves the target itself: its step ends with `bregman.inverse`, the
    difference, and `bregman.apply`, and publishes what is stored.

    In constrained training there is a second weight, that of the float branch: the value of `high`, or x
    where there is no such clause. With `constrained` the step is given the gradient at both, `g` and
    `g.high`. The latent is handed J^T g.high of `high`, whatever `update` says; learned values have
    the gradients of all clauses that read them. Both weights are published, as `w` and `w.high`.
  }];
  let options = [
    Option<"constrained", "constrained", "bool", "false",
           "Of constrained training: the latent moves by the gradient at the float branch's weight">
  ];
  let dependentDialects = ["::bregman::BregmanDialect"];
}

def ResolveActivation : Pass<"bregman-resolve-activation", "::mlir::ModuleOp"> {
  let summary = "Write what quantizes an activation as a backward and a forward pass";
  let description = [{
    The counterpart of `bregman-resolve-update` for quantizers of activations (rule Q17). An
    activation is not stored and not moved: `bregman.step` gives J^T g for the activation that went
    in, and of each learned value the gradient, summed over its extent and multiplied by `scaled`;
    `bregman.publish` is the forward pass.

    ```mlir
    %w = bregman.project "w" : f32 {
      %0 = math.tanh %x : f32
      bregman.yield %0 : f32
    }
    bregman.update chain
    ```

    gains

    ```mlir
    bregman.step (g = %g : f32) {
      %0 = bregman.vjp project %x of %g : f32, f32
      bregman.yield x = %0 : f32
    }
    bregman.publish {
      %0 = bregman.apply project %x : f32 to f32
      bregman.yield %0 : f32
    }
    ```
  }];
  let dependentDialects = ["::bregman::BregmanDialect"];
}

def ChangeCoordinate : Pass<"bregman-change-coordinate", "::mlir::ModuleOp"> {
  let summary = "Keep agile mirror descent in the coordinate in which it only adds";
  let description = [{
    Agile mirror descent is P^-1(u') = P^-1(u) - B(u, h) with both P at step k. Computed literally in f32
    it freezes at the bounds and overflows. Where P(x) = R(c x) with a host scalar c > 0 and R free of
    schedules (rule Q13), z = c P^-1(u) moves by z' = z - c B(u, h), and u = R(z) whatever c does. In
    real arithmetic that is the same algorithm; R(z) never has to be inverted.

    c is what the latent is multiplied with wherever it is read. Where it is read otherwise, c is
    gathered: if P is a function of c x alone whatever positive numbers the schedules are, as x / (T +
    abs(x)) is one of x / T and tanh(b * x ^ 3) one of b^(1/3) x, then c is a product of their powers,
    and R is P with 1 for each of them.

    The latent becomes that z, `dual`: it starts at c x0 with c at step 0, `project` becomes R, and
    whatever else reads x finds z / c.

    ```mlir
    %w = bregman.project "w" : f32 {
      %b = arith.truncf %beta : f64 to f32
      %0 = arith.mulf %b, %x : f32
      %1 = math.tanh %0 : f32
      bregman.yield %1 : f32
    }
    bregman.step (g = %g : f32) {
      %y = bregman.inverse project %w : f32 to f32
      %d = bregman.base %w, %g : f32
      %y1 = arith.subf %y, %d : f32
      %w1 = bregman.apply project %y1 : f32 to f32
      bregman.yield w = %w1 : f32
    }
    ```

    becomes

    ```mlir
    %w = bregman.project "w" : f32 {
      %1 = math.tanh %dual : f32
      bregman.yield %1 : f32
    }
    bregman.step (g = %g : f32) {
      %d = bregman.base %w, %g : f32
      %b = arith.truncf %beta : f64 to f32
      %0 = arith.mulf %b, %d : f32
      %z1 = arith.subf %dual, %0 : f32
      bregman.yield dual = %z1 : f32
    }
    ```
  }];
  let dependentDialects = ["::bregman::BregmanDialect"];
}

def Simplify : Pass<"bregman-simplify", "::mlir::ModuleOp"> {
  let summary = "Fold what is known, by exact rules only";
  let description = [{
    Upstream's `canonicalize` with the rules of `arith`, `math` and `bregman` alone, of which none
    rounds otherwise than what it replaces. Equal constants stay apart, each with its place in the
    spec.

    ```mlir
    func.func @before(%x: f32, %y: f32) -> f32 {
      %one = arith.constant 1.0 : f32
      %0 = arith.mulf %x, %one : f32
      %1 = arith.addf %0, %y : f32
      return %1 : f32
    }
    ```

    becomes

    ```mlir
    func.func @before(%x: f32, %y: f32) -> f32 {
      %1 = arith.addf %x, %y : f32
      return %1 : f32
    }
    ```
  }];
  let dependentDialects = ["::bregman::BregmanDialect", "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect"];
}

def ExpandVjp : Pass<"bregman-expand-vjp", "::mlir::ModuleOp"> {
  let summary = "Differentiate the clauses that a step asks for";
  let description = [{
    Replaces `bregman.vjp` by the clause's region at the point, followed by its reverse-mode
    derivative through `CalculusOpInterface`. The derivative reads the values that are there already:

    ```mlir
    %h = bregman.vjp project %x of %g : f32, f32
    ```

    becomes, for the projection tanh(x),

    ```mlir
    %one = arith.constant 1.000000e+00 : f32
    %w = math.tanh %x : f32
    %0 = arith.mulf %w, %w : f32
    %1 = arith.subf %one, %0 : f32
    %h = arith.mulf %g, %1 : f32
    ```

    A derivative that is zero everywhere becomes a zero; rule Q14 refuses it before.
  }];
  let dependentDialects = ["::bregman::BregmanDialect"];
}

def ExpandProx : Pass<"bregman-expand-prox", "::mlir::ModuleOp"> {
  let summary = "Solve the proximal step of abs and squares";
  let description = [{
    Replaces `bregman.proximal` by argmin_y (y - x)^2 / 2 + lr E(y) in closed form. Rule Q8: E is a
    nonnegative sum of abs and square of x - a, where a has no x in it, or of x - nearest(x), in which
    case the level is the one nearest to the incoming x. With v the minimum of the squares alone and a
    the abs' weight, both shrunk by 1 / (1 + 2 sum b), the step about a point p is
    min(v + a, max(p, v - a)): soft thresholding. Abs about several points nests that, from the largest
    to the least; points that are no literals are put in order weight by weight. A sum over levels
    has a term for each level; of a latent with a level axis each level is moved by its own terms.

    ```mlir
    bregman.prox {
      %r = arith.truncf %rate : f64 to f32
      %0 = math.absf %x : f32
      %1 = arith.mulf %r, %0 : f32
      bregman.yield %1 : f32
    }
    bregman.step (g = %g : f32) {
      %lr64 = bregman.counter lr : f64
      %lr = arith.truncf %lr64 : f64 to f32
      %x1 = bregman.proximal %g by %lr : f32
      bregman.yield x = %x1 : f32
    }
    ```

    has the step

    ```mlir
    bregman.step (g = %g : f32) {
      %lr64 = bregman.counter lr : f64
      %0 = arith.mulf %lr64, %rate : f64
      %a = arith.truncf %0 : f64 to f32
      %p = arith.constant 0.000000e+00 : f32
      %1 = arith.subf %g, %a : f32
      %2 = arith.maximumf %p, %1 : f32
      %3 = arith.addf %g, %a : f32
      %x1 = arith.minimumf %3, %2 : f32
      bregman.yield x = %x1 : f32
    }
    ```
  }];
  let dependentDialects = ["::bregman::BregmanDialect"];
}

def ExpandInverse : Pass<"bregman-expand-inverse", "::mlir::ModuleOp"> {
  let summary = "Invert the projection where training starts from a weight";
  let description = [{
    Replaces `bregman.inverse` in the initial latent. Where each function on the way to x has a closed
    inverse, that is taken. Where x occurs more than once, an equation is solved for it: between
    polynomials of x, or of one exponential of it, of degree 1, or of degree 2 without the linear term;
    of a projection that is odd in x, between sizes, so that x / (1 + abs(x)) gives w / (1 - abs(w)).
    Else x is found by 32 halvings, of its logarithm first, which is right to the last bit because
    the projection increases strictly (rule Q7). A latent is at most 2^64 in size, but weights on an
    outermost level start at infinity, weights beyond it at NaN; without levels what the projection
    reaches far out takes their place. Over levels the inverse of softmax(c x) is log(u) / c, any
    constant added to which would do too.

    ```mlir
    %x = bregman.latent (w0 = %w0 : f32) : f32 {
      %0 = bregman.inverse project %w0 : f32 to f32
      bregman.yield %0 : f32
    }
    ```

    becomes, for the projection tanh(x),

    ```mlir
    %x = bregman.latent (w0 = %w0 : f32) : f32 {
      %far = math.atanh %w0 : f32
      %0 = bregman.clamp %far, %least, %most : f32
      %bottom = math.tanh %least : f32
      %top = math.tanh %most : f32
      %1 = arith.cmpf oeq, %w0, %top : f32
      %2 = arith.select %1, %inf, %nan : f32
      %3 = arith.cmpf oeq, %w0, %bottom : f32
      %4 = arith.select %3, %minus_inf, %2 : f32
      %5 = arith.cmpf ogt, %w0, %bottom : f32
      %6 = arith.cmpf olt, %w0, %top : f32
      %7 = arith.andi %5, %6 : i1
      %8 = arith.select %7, %0, %4 : f32
      bregman.yield %8 : f32
    }
    ```
  }];
  let dependentDialects = ["::bregman::BregmanDialect", "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect"];
}

def ExpandFit : Pass<"bregman-expand-fit", "::mlir::ModuleOp"> {
  let summary = "Fit a codebook by reductions and a small linear system";
  let description = [{
    Replaces `bregman.fit` by its rounds, one after the other, 32 at most. In each the weights take
    the nearest level; then the unknowns, in which the levels are affine, solve the normal equations
    of weighted least squares, whose entries are sums over the extent. A system with a pivot that is
    no more than the rounding of its entries is singular and keeps the unknowns' values.

    ```mlir
    func.func @fit(%v: f32, %a0: f32) -> f32 {
      %a = bregman.fit %v from (%a0) rounds 1 per tensor : f32 {
      ^bb0(%b: f32):
        %q = arith.constant dense<[-1.0, 0.0, 1.0]> : vector<3xf32>
        %0 = vector.broadcast %b : f32 to vector<3xf32>
        %1 = arith.mulf %0, %q : vector<3xf32>
        bregman.yield %1 : vector<3xf32>
      }
      return %a : f32
    }
    ```

    becomes, with %q the level that v is nearest to for a = 1,

    ```mlir
    %0 = arith.mulf %q, %v : f32
    %r = bregman.reduce sum per tensor %0 : f32
    %1 = arith.mulf %q, %q : f32
    %m = bregman.reduce sum per tensor %1 : f32
    %2 = arith.divf %r, %m : f32
    %3 = arith.cmpf ogt, %m, %zero : f32
    %a = arith.select %3, %2, %a0 : f32
    ```
  }];
  let dependentDialects = ["::bregman::BregmanDialect", "::mlir::arith::ArithDialect",
                           "::mlir::vector::VectorDialect"];
}

def Compose : Pass<"bregman-compose", "::mlir::ModuleOp"> {
  let summary = "Make one method of a quantizer and an optimizer";
  let description = [{
    Clones the optimizer in place of `bregman.base`, on the level axis where the latent has one, and
    puts every captured declaration where it is read. Time becomes explicit: `step` reads the clock
    of step k, `publish` and `final` that of step k+1 (`bregman.counter step next`). Every maximal
    host expression moves into the one `host` region and comes back as an f32 argument under a name:
    a schedule's or a parameter's own, else one that spells the expression (`one_minus_beta1`),
    with the suffix `.next` where it is read at k+1. Literals stay constants. `lr` in a quantizer is
    the optimizer's parameter (rule Q10). A quotient that one arm of a host `if` reads is 1 while
    the other arm is taken, since 1 / r may be infinite there.

    A learned value `s` is moved by an instance of its own, with parameters `s.optimizer.lr` and
    states `s.optimizer.m` per extent of `s`, and `t of "s"`. A state `per run` is the host region's. An `every`
    block that is still a clause becomes a `bregman.every_block`.

    The method replaces the module's only quantizer and its only optimizer:

    ```mlir
    bregman.quantizer @q {
      %step = bregman.counter step : f64
      %x = bregman.latent (w0 = %w0 : f32) : f32 {
        bregman.yield %w0 : f32
      }
      bregman.step (g = %g : f32) {
        %d = bregman.base %x, %g : f32
        %x1 = arith.subf %x, %d : f32
        bregman.yield x = %x1 : f32
      }
      bregman.publish {
        %k = arith.truncf %step : f64 to f32
        %w = arith.mulf %k, %x : f32
        bregman.yield %w : f32
      }
    }
    bregman.optimizer @sgd (g = %g : f32, x = %x : f32) {
      %lr = bregman.param "lr" = 1.000000e-01 : f64
      %rate = arith.truncf %lr : f64 to f32
      %d = arith.mulf %rate, %g : f32
      bregman.descend %d : f32
    }
    ```

    becomes

    ```mlir
    bregman.method @q.sgd quantizer "q" optimizer "sgd" schedules [] {
      %lr = bregman.param "optimizer.lr" = 1.000000e-01 : f64
      bregman.stored "x" : f32
      %step_next = bregman.counter step next : f64
      bregman.host {
        bregman.yield optimizer.lr = %lr, step.next = %step_next : f64, f64
      }
      bregman.attach (w0 = %w0 : f32) {
        bregman.yield x = %w0 : f32
      }
      bregman.step (g = %g : f32, x = %x : f32, optimizer.lr = %rate : f32) {
        %d = arith.mulf %rate, %g : f32
        %x1 = arith.subf %x, %d : f32
        bregman.yield x = %x1 : f32
      }
      bregman.publish (x = %x : f32, step.next = %k : f32) {
        %w = arith.mulf %k, %x : f32
        bregman.yield %w : f32
      }
    }
    ```
  }];
  let options = [
    Option<"optimizer", "optimizer", "std::string", /*default=*/"",
           "The optimizer of the latent; the only one of the module by default">,
    ListOption<"learned", "learned", "std::string",
               "The optimizer of a learned value, as VALUE:OPTIMIZER; that of the latent by default">
  ];
  let dependentDialects = ["::bregman::BregmanDialect"];
}

def ReduceTwoLevels : Pass<"bregman-reduce-two-levels", "::mlir::ModuleOp"> {
  let summary = "Store one dual per weight where the two levels' duals mirror each other";
  let description = [{
    With the levels {-q, q} and a latent that starts at `levels * w0`, the lower level's dual is
    the negative of the upper one as long as what is handed on is antisymmetric and the optimizer is
    odd in (x, g), its states even or odd. Then softmax(c (-x, x)) gives w = q tanh(c x), `hardmax` the
    sign, and half of what is stored suffices. The pass proves it of the method itself: it follows the
    parity of every level vector from attach through a step, to a fixed point. J^T c of a softmax is
    recognized, and becomes half of tanh's. Where a parity is missing, as in the released Jacobian
    of PMF, the method is left alone.

    The single dual takes the upper level's h; `parity` says how the other follows:

    ```mlir
    bregman.stored "x" : vector<2xf32>
    bregman.publish (x = %x : vector<2xf32>, beta.next = %beta : f32) {
      %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
      %u = bregman.softmax %x scale %beta : vector<2xf32>
      %0 = arith.mulf %q, %u : vector<2xf32>
      %w = bregman.reduce sum %0 : vector<2xf32>
      bregman.yield %w : f32
    }
    ```

    becomes

    ```mlir
    bregman.stored "x" parity -1 : f32
    bregman.publish (x = %x : f32, beta.next = %beta : f32) {
      %0 = arith.mulf %beta, %x : f32
      %w = math.tanh %0 : f32
      bregman.yield %w : f32
    }
    ```
  }];
  let dependentDialects = ["::bregman::BregmanDialect"];
}

def FormKernels : Pass<"bregman-form-kernels", "::mlir::ModuleOp"> {
  let summary = "Make the kernels of a method, one sweep each";
  let description = [{
    Adds `@q.o.attach`, `.step`, `.every.0`, `.publish` and `.final` after each method, which stays
    for its host region and its declarations. The step's kernel also publishes: it writes the next
    forward pass's weight in the same sweep. Gradient and weight (`g`, `w`) are stored as `element`,
    everything else as f32. Only what is read or written becomes a stream, only what is read a
    scalar; a kernel that would write nothing is not made.

    A reduction over weights ends a sweep: what needs it comes in the next one. Then there is a
    sequence, `@q.o.step.0`, `.1` and so on, of one sweep more than the longest chain of reductions,
    and between the sweeps kernels `over` the extents of stored values that many weights share. What
    one sweep stores the next ones read; other values are computed again where they are needed. A
    value is stored as early as it is known, unless its old one is still to be read. An array that is
    overwritten at last holds until then, where that saves memory traffic, what the sweeps between
    would compute from more arrays: the moved `x`, say, whose levels a proximal step has to measure.

    Where the latent is the published weight, `element` is f32 and nothing freezes, the parameter holds
    the latent: the stream `w` takes the place of `x`, and there is no publish kernel.

    ```mlir
    bregman.method @q.sgd quantizer "q" optimizer "sgd" schedules [] {
      %lr = bregman.param "optimizer.lr" = 1.000000e-01 : f64
      bregman.stored "x" : f32
      bregman.host {
        bregman.yield optimizer.lr = %lr : f64
      }
      bregman.attach (w0 = %w0 : f32) {
        bregman.yield x = %w0 : f32
      }
      bregman.step (g = %g : f32, x = %x : f32, optimizer.lr = %rate : f32) {
        %d = arith.mulf %rate, %g : f32
        %x1 = arith.subf %x, %d : f32
        bregman.yield x = %x1 : f32
      }
      bregman.publish (x = %x : f32) {
        %w = math.tanh %x : f32
        bregman.yield %w : f32
      }
    }
    ```

    gains

    ```mlir
    bregman.kernel @q.sgd.step scalars (optimizer.lr = %lr) streams (g = %g : in f32, x = %x : inout f32, w = %w : out f32) {
      bregman.sweep (%gi = %g, %xi = %x) : f32, f32 {
        %d = arith.mulf %lr, %gi : f32
        %x1 = arith.subf %xi, %d : f32
        %w1 = math.tanh %x1 : f32
        bregman.yield x = %x1, w = %w1 : f32, f32
      }
    }
    ```

    A weight that is scaled by a mean takes two sweeps. The step

    ```mlir
    bregman.step (g = %g : f32, x = %x : f32) {
      %x1 = arith.subf %x, %g : f32
      bregman.yield x = %x1 : f32
    }
    bregman.publish (x = %x : f32) {
      %0 = math.absf %x : f32
      %1 = bregman.reduce mean per tensor %0 : f32
      %2 = bregman.sign %x : f32
      %w = arith.mulf %1, %2 : f32
      bregman.yield %w : f32
    }
    ```

    becomes

    ```mlir
    bregman.kernel @q.sgd.step.0 scalars () streams (g = %g : in f32, x = %x : inout f32, "$0" = %s : mean f32 per tensor) {
      bregman.sweep (%gi = %g, %xi = %x) : f32, f32 {
        %x1 = arith.subf %xi, %gi : f32
        %0 = math.absf %x1 : f32
        bregman.yield x = %x1, "$0" = %0 : f32, f32
      }
    }
    bregman.kernel @q.sgd.step.1 scalars () streams (x = %x : in f32, w = %w : out f32, "$0" = %s : in f32 per tensor) {
      bregman.sweep (%xi = %x, %si = %s) : f32, f32 {
        %0 = bregman.sign %xi : f32
        %w1 = arith.mulf %si, %0 : f32
        bregman.yield w = %w1 : f32
      }
    }
    ```
  }];
  let options = [
    Option<"element", "element", "std::string", /*default=*/"\"f32\"",
           "How gradient and weight lie in memory: f32, bf16 or f16">
  ];
  let dependentDialects = ["::bregman::BregmanDialect"];
}

def FormActivation : Pass<"bregman-form-activation", "::mlir::ModuleOp"> {
  let summary = "Make the kernels of what quantizes an activation";
  let description = [{
    Adds `@q.initial`, which gives the learned values their first values from a batch, `@q.forward`
    and `@q.backward` after each method that `bregman-resolve-activation` has written; they are cut
    into sweeps as by `bregman-form-kernels`. What comes in and goes out (`x`, `w`, `g` and
    `x.gradient`) is stored as `element`; learned values and their gradients (`s`, `s.gradient`) are
    f32.

    ```mlir
    bregman.method @q.untrained quantizer "q" optimizer "untrained" schedules [] {
      bregman.stored "x" : f32
      bregman.host {
        bregman.yield
      }
      bregman.attach (w0 = %w0 : f32) {
        bregman.yield x = %w0 : f32
      }
      bregman.step (g = %g : f32, x = %x : f32) {
        %0 = arith.mulf %g, %x : f32
        %1 = arith.addf %0, %0 : f32
        bregman.yield x = %1 : f32
      }
      bregman.publish (x = %x : f32) {
        %w = arith.mulf %x, %x : f32
        bregman.yield %w : f32
      }
    }
    ```

    gains

    ```mlir
    bregman.kernel @q.forward scalars () streams (x = %x : in f32, w = %w : out f32) {
      bregman.sweep (%xi = %x) : f32 {
        %w1 = arith.mulf %xi, %xi : f32
        bregman.yield w = %w1 : f32
      }
    }
    bregman.kernel @q.backward scalars () streams (g = %g : in f32, x = %x : in f32, "x.gradient" = %h : out f32) {
      bregman.sweep (%gi = %g, %xi = %x) : f32, f32 {
        %0 = arith.mulf %gi, %xi : f32
        %1 = arith.addf %0, %0 : f32
        bregman.yield x.gradient = %1 : f32
      }
    }
    ```
  }];
  let options = [
    Option<"element", "element", "std::string", /*default=*/"\"f32\"",
           "How activations lie in memory: f32, bf16 or f16">
  ];
  let dependentDialects = ["::bregman::BregmanDialect"];
}

#endif // BREGMAN_PASSES
