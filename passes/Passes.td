// The target-independent passes: from a quantizer and an optimizer, as written, to kernels.
#ifndef BREGMAN_PASSES
#define BREGMAN_PASSES

include "mlir/Pass/PassBase.td"

def ResolveUpdate : Pass<"bregman-resolve-update", "::mlir::ModuleOp"> {
  let summary = "Write what a training step does to a weight as step and publish";
  let description = [{
    Adds to each quantizer the phases 2 to 4 of a step as `bregman.step` and phase 5 as
    `bregman.publish`, with symbolic ops where the mathematics is still to be derived. With u the
    target of `project` and c = dL/du, through `weight` where there is one, the base optimizer is
    handed c by `lazy_mirror`, `agile_mirror` and `straight_through`, J^T c by `chain`, the region's
    value by `gradient`, and g where nothing is projected. `prox` and the `every` blocks follow;
    the latter are absorbed, under a select where they are not due in every step.

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
  }];
  let dependentDialects = ["::bregman::BregmanDialect"];
}

#endif // BREGMAN_PASSES
