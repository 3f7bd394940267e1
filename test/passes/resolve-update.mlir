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

// The second block reads what the first has left.
// CHECK-LABEL: bregman.quantizer @EveryPeriod
// CHECK:      bregman.step
// CHECK:        %[[X1:.*]] = arith.subf
// CHECK-NEXT:   %[[A:.*]] = math.absf %[[X1]] : f32
// CHECK-NEXT:   %[[N:.*]] = bregman.counter step next : f64
// CHECK-NEXT:   %[[Q:.*]] = arith.divf %[[N]], %period : f64
// CHECK-NEXT:   %[[F:.*]] = math.floor %[[Q]] : f64
// CHECK-NEXT:   %[[DUE:.*]] = arith.cmpf oeq, %[[Q]], %[[F]] : f64
// CHECK-NEXT:   %[[X2:.*]] = arith.select %[[DUE]], %[[A]], %[[X1]] : f32
// CHECK-NEXT:   %[[B:.*]] = arith.negf %[[X2]] : f32
// CHECK-NEXT:   %[[M:.*]] = bregman.counter epoch next : f64
// CHECK-NEXT:   %[[R:.*]] = arith.divf %[[M]], %period : f64
// CHECK-NEXT:   %[[E:.*]] = math.floor %[[R]] : f64
// CHECK-NEXT:   %[[WHOLE:.*]] = arith.cmpf oeq, %[[R]], %[[E]] : f64
// CHECK-NEXT:   %[[K:.*]] = bregman.counter epoch : f64
// CHECK-NEXT:   %[[TURNS:.*]] = arith.cmpf une, %[[M]], %[[K]] : f64
// CHECK-NEXT:   %[[DUE2:.*]] = arith.andi %[[TURNS]], %[[WHOLE]] : i1
// CHECK-NEXT:   %[[X3:.*]] = arith.select %[[DUE2]], %[[B]], %[[X2]] : f32
// CHECK-NEXT:   bregman.yield x = %[[X3]] : f32
bregman.quantizer @EveryPeriod {
  %period = bregman.param "period" = 10.0 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.every %period step {
    %0 = math.absf %x : f32
    bregman.yield x = %0 : f32
  }
  bregman.every %period epoch {
    %0 = arith.negf %x : f32
    bregman.yield x = %0 : f32
  }
}
