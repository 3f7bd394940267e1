// RUN: %bregman-opt %s --bregman-resolve-update | FileCheck %s

// CHECK-LABEL: bregman.quantizer @Lazy
// CHECK:      bregman.step (g = %[[G:.*]]: f32) {
// CHECK-NEXT:   %[[D:.*]] = bregman.base %x, %[[G]] : f32
// CHECK-NEXT:   %[[X1:.*]] = arith.subf %x, %[[D]] : f32
// CHECK-NEXT:   bregman.yield x = %[[X1]] : f32
// CHECK:      bregman.publish {
// CHECK-NEXT:   %[[W:.*]] = bregman.apply project %x : f32 to f32
// CHECK-NEXT:   bregman.yield %[[W]] : f32
bregman.quantizer @Lazy {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = math.tanh %x : f32
    bregman.yield %0 : f32
  }
  bregman.update lazy_mirror
}

// CHECK-LABEL: bregman.quantizer @StraightThrough
// CHECK:      bregman.step (g = %[[G:.*]]: f32) {
// CHECK-NEXT:   bregman.base %x, %[[G]] : f32
bregman.quantizer @StraightThrough {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = bregman.sign %x : f32
    bregman.yield %0 : f32
  }
  bregman.update straight_through
}

// CHECK-LABEL: bregman.quantizer @Chain
// CHECK:      bregman.step (g = %[[G:.*]]: f32) {
// CHECK-NEXT:   %[[H:.*]] = bregman.vjp project %x of %[[G]] : f32, f32
// CHECK-NEXT:   bregman.base %x, %[[H]] : f32
bregman.quantizer @Chain {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = math.tanh %x : f32
    bregman.yield %0 : f32
  }
  bregman.update chain
}

// CHECK-LABEL: bregman.quantizer @ThroughTheWeight
// CHECK:      bregman.step (g = %[[G:.*]]: f32) {
// CHECK-NEXT:   %[[C:.*]] = bregman.vjp weight %u of %[[G]] : vector<3xf32>, f32
// CHECK-NEXT:   bregman.base %x, %[[C]] : vector<3xf32>
// CHECK:      bregman.publish {
// CHECK-NEXT:   %[[U:.*]] = bregman.apply project %x : vector<3xf32> to vector<3xf32>
// CHECK-NEXT:   %[[W:.*]] = bregman.apply weight %[[U]] : vector<3xf32> to f32
// CHECK-NEXT:   bregman.yield %[[W]] : f32
bregman.quantizer @ThroughTheWeight {
  %levels = bregman.levels : vector<3xf32> {
    %q = arith.constant dense<[-1.0, 0.0, 1.0]> : vector<3xf32>
    bregman.yield %q : vector<3xf32>
  }
  %x = bregman.latent (w0 = %w0 : f32) : vector<3xf32> {
    %0 = vector.broadcast %w0 : f32 to vector<3xf32>
    bregman.yield %0 : vector<3xf32>
  }
  %u = bregman.project "u" : vector<3xf32> {
    %0 = bregman.softmax %x : vector<3xf32>
    bregman.yield %0 : vector<3xf32>
  }
  %w = bregman.weight "w" : f32 {
    %0 = arith.mulf %levels, %u : vector<3xf32>
    %1 = bregman.reduce sum %0 : vector<3xf32>
    bregman.yield %1 : f32
  }
  bregman.update straight_through
}

// The region's gradients are what they stand for: dL/du is the clause's c, dL/dw is g.
// CHECK-LABEL: bregman.quantizer @Gradient
// CHECK:      bregman.step (g = %[[G:.*]]: f32) {
// CHECK-NEXT:   %[[C:.*]] = bregman.vjp weight %u of %[[G]] : f32, f32
// CHECK-NEXT:   %[[S:.*]] = arith.addf %[[C]], %[[G]] : f32
// CHECK-NEXT:   %[[H:.*]] = arith.mulf %[[S]], %[[G]] : f32
// CHECK-NEXT:   bregman.base %x, %[[H]] : f32
bregman.quantizer @Gradient {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %u = bregman.project "u" : f32 {
    %0 = math.tanh %x : f32
    bregman.yield %0 : f32
  }
  %w = bregman.weight "w" : f32 {
    %0 = arith.mulf %u, %u : f32
    bregman.yield %0 : f32
  }
  bregman.update gradient (g = %g : f32) {
    %0 = bregman.grad %u : f32
    %1 = bregman.grad %w : f32
    %2 = arith.addf %0, %1 : f32
    %3 = arith.mulf %2, %g : f32
    bregman.yield %3 : f32
  }
}

// CHECK-LABEL: bregman.quantizer @Agile
// CHECK:      bregman.step (g = %[[G:.*]]: f32) {
// CHECK-NEXT:   %[[Y:.*]] = bregman.inverse project %w : f32 to f32
// CHECK-NEXT:   %[[D:.*]] = bregman.base %w, %[[G]] : f32
// CHECK-NEXT:   %[[Y1:.*]] = arith.subf %[[Y]], %[[D]] : f32
// CHECK-NEXT:   %[[W1:.*]] = bregman.apply project %[[Y1]] : f32 to f32
// CHECK-NEXT:   bregman.yield w = %[[W1]] : f32
// CHECK:      bregman.publish {
// CHECK-NEXT:   bregman.yield %w : f32
bregman.quantizer @Agile {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = math.tanh %x : f32
    bregman.yield %0 : f32
  }
  bregman.update agile_mirror
}

// CHECK-LABEL: bregman.quantizer @ProxThenEveryStep
// CHECK:      bregman.step (g = %[[G:.*]]: f32) {
// CHECK-NEXT:   %[[D:.*]] = bregman.base %x, %[[G]] : f32
// CHECK-NEXT:   %[[X1:.*]] = arith.subf %x, %[[D]] : f32
// CHECK-NEXT:   %[[LR64:.*]] = bregman.counter lr : f64
// CHECK-NEXT:   %[[LR:.*]] = arith.truncf %[[LR64]] : f64 to f32
// CHECK-NEXT:   %[[X2:.*]] = bregman.proximal %[[X1]] by %[[LR]] : f32
// CHECK-NEXT:   %[[X3:.*]] = math.absf %[[X2]] : f32
// CHECK-NEXT:   bregman.yield x = %[[X3]] : f32
// CHECK:      bregman.publish {
// CHECK-NEXT:   bregman.yield %x : f32
bregman.quantizer @ProxThenEveryStep {
  %one = arith.constant 1.0 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.prox {
    %0 = math.absf %x : f32
    bregman.yield %0 : f32
  }
  bregman.every %one step {
    %0 = math.absf %x : f32
    bregman.yield x = %0 : f32
  }
}

// From the first block on that is not due in every step, blocks stay clauses of their own.
// CHECK-LABEL: bregman.quantizer @EveryPeriod
// CHECK:      bregman.every %period step {
// CHECK:      bregman.every %{{.*}} step {
// CHECK:      bregman.step
// CHECK:        %[[X1:.*]] = arith.subf
// CHECK-NEXT:   %[[A:.*]] = math.absf %[[X1]] : f32
// CHECK-NEXT:   bregman.yield x = %[[A]] : f32
bregman.quantizer @EveryPeriod {
  %period = bregman.param "period" = 10.0 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %one = arith.constant 1.0 : f64
  bregman.every %one step {
    %0 = math.absf %x : f32
    bregman.yield x = %0 : f32
  }
  bregman.every %period step {
    %0 = arith.negf %x : f32
    bregman.yield x = %0 : f32
  }
  bregman.every %one step {
    %0 = math.absf %x : f32
    bregman.yield x = %0 : f32
  }
}

// States take new values in a block; all are of the old ones, and the next block finds them.
// CHECK-LABEL: bregman.quantizer @States
// CHECK:      bregman.step
// CHECK:        %[[X1:.*]] = arith.subf
// CHECK-NEXT:   %[[X2:.*]] = arith.addf %[[X1]], %z : f32
// CHECK-NEXT:   %[[Z2:.*]] = arith.negf %[[X1]] : f32
// CHECK-NEXT:   %[[X3:.*]] = arith.mulf %[[X2]], %[[Z2]] : f32
// CHECK-NEXT:   bregman.yield x = %[[X3]], z = %[[Z2]] : f32, f32
bregman.quantizer @States {
  %one = arith.constant 1.0 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %z = bregman.state "z" : f32 {
    bregman.yield %x : f32
  }
  bregman.every %one step {
    %0 = arith.addf %x, %z : f32
    %1 = arith.negf %x : f32
    bregman.yield x = %0, z = %1 : f32, f32
  }
  bregman.every %one step {
    %0 = arith.mulf %x, %z : f32
    bregman.yield x = %0 : f32
  }
}

// Levels that are made of the latent are made again for the one that a block reads.
// CHECK-LABEL: bregman.quantizer @LevelsAnew
// CHECK:      bregman.step
// CHECK:        %[[X1:.*]] = arith.subf
// CHECK-NEXT:   %[[A:.*]] = bregman.reduce max per tensor %[[X1]] : f32
// CHECK-NEXT:   %[[B:.*]] = arith.negf %[[A]] : f32
// CHECK-NEXT:   %[[Q:.*]] = vector.from_elements %[[B]], %[[A]] : vector<2xf32>
// CHECK-NEXT:   %[[X2:.*]] = bregman.nearest %[[X1]], %[[Q]] : vector<2xf32>
// CHECK-NEXT:   bregman.yield x = %[[X2]] : f32
bregman.quantizer @LevelsAnew {
  %one = arith.constant 1.0 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %levels = bregman.levels : vector<2xf32> {
    %0 = bregman.reduce max per tensor %x : f32
    %1 = arith.negf %0 : f32
    %2 = vector.from_elements %1, %0 : vector<2xf32>
    bregman.yield %2 : vector<2xf32>
  }
  bregman.every %one step {
    %0 = bregman.nearest %x, %levels : vector<2xf32>
    bregman.yield x = %0 : f32
  }
}

// A learned value moves by the base optimizer too, by its scaled derivative, in its range.
// CHECK-LABEL: bregman.quantizer @Learned
// CHECK:      bregman.step (g = %[[G:.*]]: f32) {
// CHECK-NEXT:   %[[H:.*]] = bregman.vjp project %x of %[[G]] : f32, f32
// CHECK-NEXT:   %[[D:.*]] = bregman.base %x, %[[H]] : f32
// CHECK-NEXT:   %[[X1:.*]] = arith.subf %x, %[[D]] : f32
// CHECK-NEXT:   %[[N:.*]] = bregman.vjp project %x of %[[G]] wrt %s : f32, f32, f32
// CHECK-NEXT:   %[[K:.*]] = arith.constant 5.000000e-01 : f32
// CHECK-NEXT:   %[[M:.*]] = arith.mulf %[[N]], %[[K]] : f32
// CHECK-NEXT:   %[[DS:.*]] = bregman.base %s, %[[M]] : f32
// CHECK-NEXT:   %[[S1:.*]] = arith.subf %s, %[[DS]] : f32
// CHECK-NEXT:   %[[LOW:.*]] = arith.constant 2.500000e-01 : f32
// CHECK-NEXT:   %[[S2:.*]] = arith.maximumf %[[S1]], %[[LOW]] : f32
// CHECK-NEXT:   bregman.yield x = %[[X1]], s = %[[S2]] : f32, f32
bregman.quantizer @Learned {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %s = bregman.learn "s" per tensor in [2.5e-01, inf] : f32 {
    %one = arith.constant 1.0 : f32
    bregman.yield %one : f32
  } scaled {
    %half = arith.constant 0.5 : f32
    bregman.yield %half : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = arith.mulf %x, %s : f32
    bregman.yield %0 : f32
  }
  bregman.update chain
}

// The penalty joins the loss: in w what joins g, in x at fixed w what joins what is handed on.
// CHECK-LABEL: bregman.quantizer @Penalty
// CHECK:      bregman.step (g = %[[G:.*]]: f32) {
// CHECK-NEXT:   %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:   %[[PW:.*]] = bregman.vjp penalty %x of %[[ONE]] wrt %w : f32, f32, f32
// CHECK-NEXT:   %[[C:.*]] = arith.addf %[[G]], %[[PW]] : f32
// CHECK-NEXT:   %[[TWO:.*]] = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:   %[[PX:.*]] = bregman.vjp penalty %x of %[[TWO]] : f32, f32
// CHECK-NEXT:   %[[H:.*]] = arith.addf %[[C]], %[[PX]] : f32
// CHECK-NEXT:   bregman.base %x, %[[H]] : f32
bregman.quantizer @Penalty {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = bregman.sign %x : f32
    bregman.yield %0 : f32
  }
  bregman.update straight_through
  bregman.penalty {
    %0 = arith.subf %x, %w : f32
    %1 = arith.mulf %0, %0 : f32
    bregman.yield %1 : f32
  }
}
