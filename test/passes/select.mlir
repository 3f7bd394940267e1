// RUN: %bregman-opt %s --bregman-select=quantizer=float | FileCheck %s
// RUN: not %bregman-opt %s --bregman-select 2>&1 | FileCheck %s --check-prefix=WHICH
// RUN: not %bregman-opt %s --bregman-select=quantizer=flaot 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not %bregman-opt %s '--bregman-select=quantizer=float optimizer=float' 2>&1 | FileCheck %s --check-prefix=KIND

// WHICH: error: has 2 quantizers; name the one to take
// WHICH: note: `float`
// WHICH: note: `other`
// NONE:  error: has no quantizer named `flaot`
// KIND:  error: has no optimizer named `float`

// CHECK:     bregman.optimizer @plain
// CHECK:     bregman.quantizer @float
// CHECK-NOT: bregman.quantizer
// CHECK-NOT: bregman.plan
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
bregman.plan @plan {
  bregman.line [] : @other by @plain {
    bregman.yield
  }
}
