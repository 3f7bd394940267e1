// RUN: %bregman-opt %s --bregman-expand-fit --split-input-file --verify-diagnostics

func.func @long(%v: f32, %a0: f32) -> f32 {
  // expected-error @+1 {{'bregman.fit' op asks for 33 rounds; at most 32 are compiled}}
  %a = bregman.fit %v from (%a0) rounds 33 per tensor : f32 {
  ^bb0(%b: f32):
    %0 = vector.broadcast %b : f32 to vector<3xf32>
    bregman.yield %0 : vector<3xf32>
  }
  return %a : f32
}
