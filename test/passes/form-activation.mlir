// RUN: %bregman-opt %s --bregman-form-activation --canonicalize | FileCheck %s
// RUN: %bregman-opt %s --bregman-form-activation=element=bf16 --canonicalize | FileCheck %s --check-prefix=BF16

// The activation is no stored value: the backward pass writes its gradient elsewhere, and that of the
// learned value, whose sum the second kernel finishes.
// CHECK:      bregman.kernel @q.initial.0 scalars () streams (x = %x : in f32, "$0" = %{{.*}} : max f32 per channel) {
// CHECK:      bregman.kernel @q.initial.1 over channel scalars () streams (s = %s : out f32 per channel, "$0" = %{{.*}} : in f32 per channel) {
// CHECK:      bregman.kernel @q.forward scalars (k = %k) streams (x = %x : in f32, s = %s : in f32 per channel, w = %w : out f32) {
// CHECK:      bregman.kernel @q.backward.0 scalars (k = %k) streams (g = %g : in f32, x = %x : in f32, s = %s : in f32 per channel, x.gradient = %x.gradient : out f32, "$0" = %{{.*}} : sum f32 per channel) {
// CHECK:      bregman.kernel @q.backward.1 over channel scalars (k = %k) streams (s.gradient = %s.gradient : out f32 per channel, "$0" = %{{.*}} : in f32 per channel) {
// BF16: @q.initial.0 {{.*}} streams (x = %x : in bf16, "$0" = %{{.*}} : max f32 per channel)
// BF16: @q.forward {{.*}} streams (x = %x : in bf16, s = %s : in f32 per channel, w = %w : out bf16)
// BF16: @q.backward.0 {{.*}} streams (g = %g : in bf16, x = %x : in bf16, s = %s : in f32 per channel, x.gradient = %x.gradient : out bf16, "$0" = %{{.*}} : sum f32 per channel)
bregman.method @q.still quantizer "q" optimizer "still" schedules [] {
  %step = bregman.counter step : f64
  bregman.stored "x" : f32
  bregman.stored "s" learned per channel : f32
  bregman.host {
    bregman.yield k = %step : f64
  }
  bregman.attach (w0 = %w0 : f32) {
    %s = bregman.reduce max per channel %w0 : f32
    bregman.yield x = %w0, s = %s : f32, f32
  }
  bregman.step (g = %g : f32, x = %x : f32, s = %s : f32, k = %k : f32) {
    %0 = arith.mulf %g, %s : f32
    %1 = arith.mulf %g, %x : f32
    %2 = bregman.reduce sum per channel %1 : f32
    %3 = arith.mulf %k, %2 : f32
    %4 = arith.mulf %k, %0 : f32
    bregman.yield x = %4, s = %3 : f32, f32
  }
  bregman.publish (x = %x : f32, s = %s : f32, k = %k : f32) {
    %0 = arith.mulf %x, %s : f32
    %w = arith.mulf %k, %0 : f32
    bregman.yield %w : f32
  }
}
