// RUN: %bregman-opt %s --bregman-unroll-levels --split-input-file --verify-diagnostics

bregman.kernel @k scalars () streams (x = %x : inout vector<2xf32>) {
  bregman.sweep (%xi = %x) : vector<2xf32> {
    // expected-error@below {{cannot be taken apart by levels; --bregman-expand-values before this pass leaves no such operation}}
    %u = bregman.softmax %xi : vector<2xf32>
    bregman.yield x = %u : vector<2xf32>
  }
}
