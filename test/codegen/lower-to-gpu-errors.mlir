// RUN: %bregman-opt %s --bregman-lower-to-gpu --split-input-file --verify-diagnostics

// expected-error@below {{stream `x` has a level axis; --bregman-unroll-levels takes it apart}}
bregman.kernel @levels scalars () streams (x = %x : inout vector<2xf32>) {
  bregman.sweep (%xi = %x) : vector<2xf32> {
    bregman.yield x = %xi : vector<2xf32>
  }
}

// -----

// expected-error@below {{expects one sweep; kernels of several are not compiled yet}}
bregman.kernel @sweeps scalars () streams (x = %x : inout f32, y = %y : inout f32) {
  bregman.sweep (%xi = %x) : f32 {
    bregman.yield x = %xi : f32
  }
  bregman.sweep (%yi = %y) : f32 {
    bregman.yield y = %yi : f32
  }
}

// -----

bregman.kernel @across scalars () streams (x = %x : inout f32) {
  bregman.sweep (%xi = %x) : f32 {
    // expected-error@below {{has no form on vectors of weights; the passes before this one leave elementwise operations on 'f32' and 'i1'}}
    %v = vector.broadcast %xi : f32 to vector<2xf32>
    bregman.yield x = %xi : f32
  }
}

// -----

bregman.kernel @first scalars () streams (x = %x : inout f32) {
  bregman.sweep (%xi = %x) : f32 {
    bregman.yield x = %xi : f32
  }
}
// expected-error@below {{is a second kernel of its module}}
bregman.kernel @second scalars () streams (x = %x : inout f32) {
  bregman.sweep (%xi = %x) : f32 {
    bregman.yield x = %xi : f32
  }
}
