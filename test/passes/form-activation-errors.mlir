// RUN: %bregman-opt %s --bregman-form-activation --split-input-file --verify-diagnostics

// expected-error @+1 {{Q3: quantizer `q` has values per token beside values per channel or group, which cross each other in memory; quantize in two `activations`, one after the other}}
bregman.method @q.still quantizer "q" optimizer "still" schedules [] {
  bregman.stored "x" : f32
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  bregman.step (g = %g : f32, x = %x : f32) {
    bregman.yield x = %g : f32
  }
  bregman.publish (x = %x : f32) {
    %0 = bregman.reduce max per token %x : f32
    %1 = bregman.reduce max per group(4) %x : f32
    %2 = arith.addf %0, %1 : f32
    %w = arith.mulf %x, %2 : f32
    bregman.yield %w : f32
  }
}
