// RUN: %bregman-opt %s --bregman-reduce-two-levels --canonicalize --cse | FileCheck %s

// Mirror descent by Adam's second moment: x is odd, v even; w = q tanh(c x) with q = 2; the upper level
// takes h = q g.
// CHECK-LABEL: bregman.method @Lazy
// CHECK:      bregman.stored "x" parity -1 : f32
// CHECK-NEXT: bregman.stored "optimizer.v" parity 1 : f32
// CHECK:      bregman.attach (w0 = %w0: f32) {
// CHECK-DAG:    %[[Q:.*]] = arith.constant 2.000000e+00 : f32
// CHECK-DAG:    %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK:        %[[X0:.*]] = arith.mulf %w0, %[[Q]] : f32
// CHECK-NEXT:   bregman.yield x = %[[X0]], optimizer.v = %[[ZERO]] : f32, f32
// CHECK:      bregman.step (g = %g: f32, x = %x: f32, optimizer.v = %v: f32) {
// CHECK:        %[[Q:.*]] = arith.constant 2.000000e+00 : f32
// CHECK:        %[[H:.*]] = arith.mulf %g, %[[Q]] : f32
// CHECK-NEXT:   %[[H2:.*]] = arith.mulf %[[H]], %[[H]] : f32
// CHECK-NEXT:   %[[V1:.*]] = arith.addf %v, %[[H2]] : f32
// CHECK-NEXT:   %[[R:.*]] = math.sqrt %[[V1]] : f32
// CHECK-NEXT:   %[[D:.*]] = arith.divf %[[H]], %[[R]] : f32
// CHECK-NEXT:   %[[X1:.*]] = arith.subf %x, %[[D]] : f32
// CHECK-NEXT:   bregman.yield x = %[[X1]], optimizer.v = %[[V1]] : f32, f32
// CHECK:      bregman.publish (x = %x: f32, beta.next = %[[B:.*]]: f32) {
// CHECK-NEXT:   %[[Q:.*]] = arith.constant 2.000000e+00 : f32
// CHECK-NEXT:   %[[Y:.*]] = arith.mulf %[[B]], %x : f32
// CHECK-NEXT:   %[[T:.*]] = math.tanh %[[Y]] : f32
// CHECK-NEXT:   %[[W:.*]] = arith.mulf %[[T]], %[[Q]] : f32
// CHECK-NEXT:   bregman.yield %[[W]] : f32
// CHECK:      bregman.final (x = %x: f32) {
// CHECK:        %[[S:.*]] = bregman.sign %x : f32
// CHECK-NEXT:   %[[W:.*]] = arith.mulf %[[S]], %{{.*}} : f32
// CHECK-NEXT:   bregman.yield %[[W]] : f32
bregman.method @Lazy quantizer "q" optimizer "o" schedules [] {
  %beta = bregman.param "beta" = 1.0 : f64
  bregman.stored "x" : vector<2xf32>
  bregman.stored "optimizer.v" : vector<2xf32>
  bregman.host {
    bregman.yield beta.next = %beta : f64
  }
  bregman.attach (w0 = %w0 : f32) {
    %q = arith.constant dense<[-2.0, 2.0]> : vector<2xf32>
    %zero = arith.constant dense<0.0> : vector<2xf32>
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    %1 = arith.mulf %q, %0 : vector<2xf32>
    bregman.yield x = %1, optimizer.v = %zero : vector<2xf32>, vector<2xf32>
  }
  bregman.step (g = %g : f32, x = %x : vector<2xf32>, optimizer.v = %v : vector<2xf32>) {
    %q = arith.constant dense<[-2.0, 2.0]> : vector<2xf32>
    %0 = vector.broadcast %g : f32 to vector<2xf32>
    %h = arith.mulf %0, %q : vector<2xf32>
    %h2 = arith.mulf %h, %h : vector<2xf32>
    %v1 = arith.addf %v, %h2 : vector<2xf32>
    %r = math.sqrt %v1 : vector<2xf32>
    %d = arith.divf %h, %r : vector<2xf32>
    %x1 = arith.subf %x, %d : vector<2xf32>
    bregman.yield x = %x1, optimizer.v = %v1 : vector<2xf32>, vector<2xf32>
  }
  bregman.publish (x = %x : vector<2xf32>, beta.next = %b : f32) {
    %q = arith.constant dense<[-2.0, 2.0]> : vector<2xf32>
    %u = bregman.softmax %x scale %b : vector<2xf32>
    %0 = arith.mulf %q, %u : vector<2xf32>
    %w = bregman.reduce sum %0 : vector<2xf32>
    bregman.yield %w : f32
  }
  bregman.final (x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-2.0, 2.0]> : vector<2xf32>
    %u = bregman.hardmax %x : vector<2xf32>
    %0 = arith.mulf %u, %q : vector<2xf32>
    %w = bregman.reduce sum %0 : vector<2xf32>
    bregman.yield %w : f32
  }
}

// J^T c of the softmax: half of tanh's.
// CHECK-LABEL: bregman.method @Chain
// CHECK:      bregman.stored "x" parity -1 : f32
// CHECK:      bregman.step (g = %g: f32, x = %x: f32) {
// CHECK-DAG:    %[[HALF:.*]] = arith.constant 5.000000e-01 : f32
// CHECK-DAG:    %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK:        %[[T:.*]] = math.tanh %x : f32
// CHECK-NEXT:   %[[A:.*]] = arith.subf %[[ONE]], %[[T]] : f32
// CHECK-NEXT:   %[[B:.*]] = arith.addf %[[T]], %[[ONE]] : f32
// CHECK-NEXT:   %[[S:.*]] = arith.mulf %[[A]], %[[B]] : f32
// CHECK-NEXT:   %[[C:.*]] = arith.mulf %g, %[[HALF]] : f32
// CHECK-NEXT:   %[[H:.*]] = arith.mulf %[[C]], %[[S]] : f32
// CHECK-NEXT:   arith.subf %x, %[[H]] : f32
bregman.method @Chain quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : vector<2xf32>
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    %1 = arith.mulf %q, %0 : vector<2xf32>
    bregman.yield x = %1 : vector<2xf32>
  }
  bregman.step (g = %g : f32, x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %gg = vector.broadcast %g : f32 to vector<2xf32>
    %c = arith.mulf %gg, %q : vector<2xf32>
    %u = bregman.softmax %x : vector<2xf32>
    %uc = arith.mulf %u, %c : vector<2xf32>
    %s = bregman.reduce sum %uc : vector<2xf32>
    %ss = vector.broadcast %s : f32 to vector<2xf32>
    %m = arith.subf %c, %ss : vector<2xf32>
    %h = arith.mulf %u, %m : vector<2xf32>
    %x1 = arith.subf %x, %h : vector<2xf32>
    bregman.yield x = %x1 : vector<2xf32>
  }
  bregman.publish (x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %u = bregman.softmax %x : vector<2xf32>
    %0 = arith.mulf %q, %u : vector<2xf32>
    %w = bregman.reduce sum %0 : vector<2xf32>
    bregman.yield %w : f32
  }
}

// c - u sum(u c), as PMF was released, drifts: both duals are kept.
// CHECK-LABEL: bregman.method @ReleasedJacobian
// CHECK:      bregman.stored "x" : vector<2xf32>
// CHECK:      bregman.softmax
bregman.method @ReleasedJacobian quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : vector<2xf32>
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    %1 = arith.mulf %q, %0 : vector<2xf32>
    bregman.yield x = %1 : vector<2xf32>
  }
  bregman.step (g = %g : f32, x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %gg = vector.broadcast %g : f32 to vector<2xf32>
    %c = arith.mulf %gg, %q : vector<2xf32>
    %u = bregman.softmax %x : vector<2xf32>
    %uc = arith.mulf %u, %c : vector<2xf32>
    %s = bregman.reduce sum %uc : vector<2xf32>
    %ss = vector.broadcast %s : f32 to vector<2xf32>
    %us = arith.mulf %u, %ss : vector<2xf32>
    %h = arith.subf %c, %us : vector<2xf32>
    %x1 = arith.subf %x, %h : vector<2xf32>
    bregman.yield x = %x1 : vector<2xf32>
  }
  bregman.publish (x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %u = bregman.softmax %x : vector<2xf32>
    %0 = arith.mulf %q, %u : vector<2xf32>
    %w = bregman.reduce sum %0 : vector<2xf32>
    bregman.yield %w : f32
  }
}

// The levels -1 and 2 do not mirror each other.
// CHECK-LABEL: bregman.method @Asymmetric
// CHECK:      bregman.stored "x" : vector<2xf32>
bregman.method @Asymmetric quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : vector<2xf32>
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    %q = arith.constant dense<[-1.0, 2.0]> : vector<2xf32>
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    %1 = arith.mulf %q, %0 : vector<2xf32>
    bregman.yield x = %1 : vector<2xf32>
  }
  bregman.step (g = %g : f32, x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 2.0]> : vector<2xf32>
    %gg = vector.broadcast %g : f32 to vector<2xf32>
    %c = arith.mulf %gg, %q : vector<2xf32>
    %h = arith.addf %c, %c : vector<2xf32>
    %x1 = arith.subf %x, %h : vector<2xf32>
    bregman.yield x = %x1 : vector<2xf32>
  }
  bregman.publish (x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 2.0]> : vector<2xf32>
    %u = bregman.softmax %x : vector<2xf32>
    %0 = arith.mulf %q, %u : vector<2xf32>
    %w = bregman.reduce sum %0 : vector<2xf32>
    bregman.yield %w : f32
  }
}

// An optimizer that is not odd in g: x would be odd plus even.
// CHECK-LABEL: bregman.method @EvenStep
// CHECK:      bregman.stored "x" : vector<2xf32>
bregman.method @EvenStep quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : vector<2xf32>
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    %1 = arith.mulf %q, %0 : vector<2xf32>
    bregman.yield x = %1 : vector<2xf32>
  }
  bregman.step (g = %g : f32, x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %gg = vector.broadcast %g : f32 to vector<2xf32>
    %c = arith.mulf %gg, %q : vector<2xf32>
    %h = math.absf %c : vector<2xf32>
    %x1 = arith.subf %x, %h : vector<2xf32>
    bregman.yield x = %x1 : vector<2xf32>
  }
  bregman.publish (x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %u = bregman.softmax %x : vector<2xf32>
    %0 = arith.mulf %q, %u : vector<2xf32>
    %w = bregman.reduce sum %0 : vector<2xf32>
    bregman.yield %w : f32
  }
}

// sign(0) = sign(-0) = 1, so that signs of an odd value do not mirror at zero; sgn's do.
// CHECK-LABEL: bregman.method @TieOfSign
// CHECK:      bregman.stored "x" : vector<2xf32>
bregman.method @TieOfSign quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : vector<2xf32>
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    %1 = arith.mulf %q, %0 : vector<2xf32>
    bregman.yield x = %1 : vector<2xf32>
  }
  bregman.step (g = %g : f32, x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %gg = vector.broadcast %g : f32 to vector<2xf32>
    %c = arith.mulf %gg, %q : vector<2xf32>
    %h = bregman.sign %c : vector<2xf32>
    %x1 = arith.subf %x, %h : vector<2xf32>
    bregman.yield x = %x1 : vector<2xf32>
  }
  bregman.publish (x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %u = bregman.softmax %x : vector<2xf32>
    %0 = arith.mulf %q, %u : vector<2xf32>
    %w = bregman.reduce sum %0 : vector<2xf32>
    bregman.yield %w : f32
  }
}

// CHECK-LABEL: bregman.method @Sgn
// CHECK:      bregman.stored "x" parity -1 : f32
// CHECK:        bregman.sgn %g : f32
bregman.method @Sgn quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : vector<2xf32>
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    %1 = arith.mulf %q, %0 : vector<2xf32>
    bregman.yield x = %1 : vector<2xf32>
  }
  bregman.step (g = %g : f32, x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %gg = vector.broadcast %g : f32 to vector<2xf32>
    %c = arith.mulf %gg, %q : vector<2xf32>
    %h = bregman.sgn %c : vector<2xf32>
    %x1 = arith.subf %x, %h : vector<2xf32>
    bregman.yield x = %x1 : vector<2xf32>
  }
  bregman.publish (x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %u = bregman.softmax %x : vector<2xf32>
    %0 = arith.mulf %q, %u : vector<2xf32>
    %w = bregman.reduce sum %0 : vector<2xf32>
    bregman.yield %w : f32
  }
}

// Even where x is odd, a weight that is not sum(levels * u) keeps both.
// CHECK-LABEL: bregman.method @OtherReading
// CHECK:      bregman.stored "x" : vector<2xf32>
bregman.method @OtherReading quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : vector<2xf32>
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    %1 = arith.mulf %q, %0 : vector<2xf32>
    bregman.yield x = %1 : vector<2xf32>
  }
  bregman.step (g = %g : f32, x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %gg = vector.broadcast %g : f32 to vector<2xf32>
    %c = arith.mulf %gg, %q : vector<2xf32>
    %h = arith.addf %c, %c : vector<2xf32>
    %x1 = arith.subf %x, %h : vector<2xf32>
    bregman.yield x = %x1 : vector<2xf32>
  }
  bregman.publish (x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %u = bregman.softmax %x : vector<2xf32>
    %0 = arith.mulf %u, %u : vector<2xf32>
    %w = bregman.reduce sum %0 : vector<2xf32>
    bregman.yield %w : f32
  }
}
