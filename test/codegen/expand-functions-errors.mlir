// RUN: %bregman-opt %s --bregman-expand-functions --split-input-file --verify-diagnostics

func.func @double(%x: f64) -> f64 {
  // expected-error @+1 {{'math.exp' op cannot be expanded on 'f64'; the functions take 'f32', 'vector<8xf32>' and 'vector<16xf32>'}}
  %0 = math.exp %x : f64
  return %0 : f64
}

// -----

func.func @levels(%x: vector<3xf32>) -> vector<3xf32> {
  // expected-error @+1 {{'math.tanh' op cannot be expanded on 'vector<3xf32>'}}
  %0 = math.tanh %x : vector<3xf32>
  return %0 : vector<3xf32>
}
