// RUN: %bregman-opt %s --split-input-file --bregman-compose --canonicalize --cse | FileCheck %s

// Time becomes explicit: `step` reads the schedule at k, `publish` and `final` at k + 1.
// CHECK-LABEL: bregman.method @timed.momentum quantizer "timed" optimizer "momentum" schedules ["beta"] positive ["beta", "beta.next"] {
// CHECK-NEXT:  %growth = bregman.param "growth"
// CHECK-NEXT:  %lr = bregman.param "optimizer.lr" = 1.000000e-01 : f64
// CHECK-NEXT:  %mu = bregman.param "optimizer.mu" = 9.000000e-01 : f64
// CHECK-NEXT:  bregman.stored "x" : f32
// CHECK-NEXT:  bregman.stored "optimizer.m" : f32
// CHECK-NEXT:  %step = bregman.counter step : f64
// CHECK-NEXT:  %step_next = bregman.counter step next : f64
// CHECK-NEXT:  bregman.host {
// CHECK-NEXT:    %[[NOW:.*]] = math.powf %growth, %step : f64
// CHECK-NEXT:    %[[NEXT:.*]] = math.powf %growth, %step_next : f64
// CHECK-NEXT:    bregman.yield beta = %[[NOW]], optimizer.mu = %mu, optimizer.lr = %lr, beta.next = %[[NEXT]] : f64, f64, f64, f64
// CHECK-NEXT:  }
// CHECK-NEXT:  bregman.attach (w0 = %w0: f32) {
// CHECK-NEXT:    %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:    bregman.yield x = %w0, optimizer.m = %[[ZERO]] : f32, f32
// CHECK-NEXT:  }
// CHECK-NEXT:  bregman.step (g = %g: f32, x = %x: f32, optimizer.m = %m: f32, beta = %[[BETA:.*]]: f32, optimizer.mu = %[[MU:.*]]: f32, optimizer.lr = %[[LR:.*]]: f32) {
// CHECK-NEXT:    %[[H:.*]] = arith.mulf %[[BETA]], %g : f32
// CHECK-NEXT:    %[[MM:.*]] = arith.mulf %[[MU]], %m : f32
// CHECK-NEXT:    %[[M1:.*]] = arith.addf %[[MM]], %[[H]] : f32
// CHECK-NEXT:    %[[D:.*]] = arith.mulf %[[LR]], %[[M1]] : f32
// CHECK-NEXT:    %[[X1:.*]] = arith.subf %x, %[[D]] : f32
// CHECK-NEXT:    bregman.yield x = %[[X1]], optimizer.m = %[[M1]] : f32, f32
// CHECK-NEXT:  }
// CHECK-NEXT:  bregman.publish (x = %x: f32, beta.next = %[[BETA:.*]]: f32) {
// CHECK-NEXT:    %[[Y:.*]] = arith.mulf %[[BETA]], %x : f32
// CHECK-NEXT:    %[[W:.*]] = math.tanh %[[Y]] : f32
// CHECK-NEXT:    bregman.yield %[[W]] : f32
// CHECK-NEXT:  }
// CHECK-NEXT:  bregman.final (x = %x: f32, beta.next = %[[BETA:.*]]: f32) {
// CHECK-NEXT:    %[[Y:.*]] = arith.mulf %[[BETA]], %x : f32
// CHECK-NEXT:    %[[W:.*]] = math.tanh %[[Y]] : f32
// CHECK-NEXT:    %[[Q:.*]] = bregman.sign %[[W]] : f32
// CHECK-NEXT:    bregman.yield %[[Q]] : f32
// CHECK-NEXT:  }
// CHECK-NEXT:  }
// CHECK-NOT: bregman.quantizer
// CHECK-NOT: bregman.optimizer
bregman.quantizer @timed {
  %growth = bregman.param "growth" in [1.0, 2.0] = 1.02 : f64
  %step = bregman.counter step : f64
  %beta = bregman.schedule "beta" : f64 {
    %0 = math.powf %growth, %step : f64
    bregman.yield %0 : f64
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %b = arith.truncf %beta : f64 to f32
    %0 = arith.mulf %b, %x : f32
    %1 = math.tanh %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update gradient (g = %g : f32) {
    %b = arith.truncf %beta : f64 to f32
    %0 = arith.mulf %b, %g : f32
    bregman.yield %0 : f32
  }
  bregman.final {
    %0 = bregman.sign %w : f32
    bregman.yield %0 : f32
  }
  bregman.step (g = %g : f32) {
    %b = arith.truncf %beta : f64 to f32
    %h = arith.mulf %b, %g : f32
    %d = bregman.base %x, %h : f32
    %x1 = arith.subf %x, %d : f32
    bregman.yield x = %x1 : f32
  }
  bregman.publish {
    %0 = bregman.apply project %x : f32 to f32
    bregman.yield %0 : f32
  }
}
bregman.optimizer @momentum (g = %g : f32, x = %x : f32) {
  %lr = bregman.param "lr" = 0.1 : f64
  %mu = bregman.param "mu" = 0.9 : f64
  %m = bregman.state "m" : f32 {
    %z = arith.constant 0.0 : f32
    bregman.yield %z : f32
  }
  %0 = arith.truncf %mu : f64 to f32
  %1 = arith.mulf %0, %m : f32
  %m1 = arith.addf %1, %g : f32
  %2 = arith.truncf %lr : f64 to f32
  %d = arith.mulf %2, %m1 : f32
  bregman.descend %d, m = %m1 : f32, f32
}

// -----

// Host expressions get names that spell them, equal ones are shared, literals stay; `lr` is the
// optimizer's; conditions of the host come as 1 or 0; the optimizer works level by level.
// CHECK-LABEL: bregman.method @levelled.adamlike
// CHECK:       bregman.stored "x" : vector<2xf32>
// CHECK-NEXT:  bregman.stored "optimizer.v" : vector<2xf32>
// CHECK:       bregman.host {
// CHECK:         bregman.yield one_minus_beta2 = %{{[^,]*}}, lr_over_one_minus_beta2_to_t = %{{[^,]*}}, lr_times_two = %{{[^,]*}}, epoch_next_differs_from_epoch = %{{[^,]*}}, optimizer.lr = %lr, freeze = %{{[^,]*}} : f64, f64, f64, f64, f64, f64
// CHECK:       bregman.attach (w0 = %w0: f32) {
// CHECK-DAG:     %[[Q:.*]] = arith.constant dense<[-1.000000e+00, 1.000000e+00]> : vector<2xf32>
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<2xf32>
// CHECK:         bregman.yield x = %{{.*}}, optimizer.v = %[[ZERO]] : vector<2xf32>, vector<2xf32>
// CHECK:       bregman.step (g = %g: f32, x = %x: vector<2xf32>, optimizer.v = %v: vector<2xf32>, one_minus_beta2 = %[[C:.*]]: f32, lr_over_one_minus_beta2_to_t = %[[R:.*]]: f32, lr_times_two = %[[LR2:.*]]: f32, epoch_next_differs_from_epoch = %[[DUE:.*]]: f32) {
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG:     %[[EPS:.*]] = arith.constant dense<9.99999993E-9> : vector<2xf32>
// CHECK:         %[[G:.*]] = vector.broadcast %g : f32 to vector<2xf32>
// CHECK:         %[[CC:.*]] = vector.broadcast %[[C]] : f32 to vector<2xf32>
// CHECK:         %[[CV:.*]] = arith.mulf %[[CC]], %v : vector<2xf32>
// CHECK:         %[[CG:.*]] = arith.mulf %[[CC]], %[[G]] : vector<2xf32>
// CHECK:         %[[V1:.*]] = arith.addf %[[CV]], %[[CG]] : vector<2xf32>
// CHECK:         %[[ROOT:.*]] = math.sqrt %[[V1]] : vector<2xf32>
// CHECK:         %[[DEN:.*]] = arith.addf %[[ROOT]], %[[EPS]] : vector<2xf32>
// CHECK:         %[[RR:.*]] = vector.broadcast %[[R]] : f32 to vector<2xf32>
// CHECK:         %[[D:.*]] = arith.divf %[[RR]], %[[DEN]] : vector<2xf32>
// CHECK:         %[[X1:.*]] = arith.subf %x, %[[D]] : vector<2xf32>
// CHECK:         %[[L:.*]] = vector.broadcast %[[LR2]] : f32 to vector<2xf32>
// CHECK:         %[[X2:.*]] = arith.mulf %[[L]], %[[X1]] : vector<2xf32>
// CHECK:         %[[COND:.*]] = arith.cmpf une, %[[DUE]], %[[ZERO]] : f32
// CHECK:         %[[X3:.*]] = arith.select %[[COND]], %[[X2]], %[[X1]] : vector<2xf32>
// CHECK:         bregman.yield x = %[[X3]], optimizer.v = %[[V1]] : vector<2xf32>, vector<2xf32>
bregman.quantizer @levelled {
  %lr = bregman.counter lr : f64
  %epoch = bregman.counter epoch : f64
  %levels = bregman.levels : vector<2xf32> {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  %x = bregman.latent (w0 = %w0 : f32) : vector<2xf32> {
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    %1 = arith.mulf %levels, %0 : vector<2xf32>
    bregman.yield %1 : vector<2xf32>
  }
  bregman.freeze {
    %two = arith.constant 2.0 : f64
    %0 = arith.cmpf oge, %epoch, %two : f64
    bregman.yield %0 : i1
  }
  bregman.step (g = %g : f32) {
    %h = vector.broadcast %g : f32 to vector<2xf32>
    %d = bregman.base %x, %h : vector<2xf32>
    %x1 = arith.subf %x, %d : vector<2xf32>
    %two = arith.constant 2.0 : f64
    %0 = arith.mulf %lr, %two : f64
    %1 = arith.truncf %0 : f64 to f32
    %2 = vector.broadcast %1 : f32 to vector<2xf32>
    %3 = arith.mulf %2, %x1 : vector<2xf32>
    %next = bregman.counter epoch next : f64
    %due = arith.cmpf une, %next, %epoch : f64
    %4 = arith.select %due, %3, %x1 : vector<2xf32>
    bregman.yield x = %4 : vector<2xf32>
  }
  bregman.publish {
    %rate = arith.truncf %lr : f64 to f32
    %0 = bregman.reduce max %x : vector<2xf32>
    %1 = arith.mulf %rate, %0 : f32
    bregman.yield %1 : f32
  }
}
bregman.optimizer @adamlike (g = %g : f32, x = %x : f32) {
  %lr = bregman.param "lr" = 0.1 : f64
  %beta2 = bregman.param "beta2" = 0.9 : f64
  %t = bregman.counter t : f64
  %v = bregman.state "v" : f32 {
    %z = arith.constant 0.0 : f32
    bregman.yield %z : f32
  }
  %one = arith.constant 1.0 : f64
  %c = arith.subf %one, %beta2 : f64
  %c32 = arith.truncf %c : f64 to f32
  %0 = arith.mulf %c32, %v : f32
  %one_again = arith.constant 1.0 : f64
  %c_again = arith.subf %one_again, %beta2 : f64
  %c32_again = arith.truncf %c_again : f64 to f32
  %1 = arith.mulf %c32_again, %g : f32
  %v1 = arith.addf %0, %1 : f32
  %root = math.sqrt %v1 : f32
  %eps = arith.constant 1.0e-8 : f64
  %eps32 = arith.truncf %eps : f64 to f32
  %den = arith.addf %root, %eps32 : f32
  %2 = math.powf %beta2, %t : f64
  %3 = arith.subf %one, %2 : f64
  %4 = arith.divf %lr, %3 : f64
  %5 = arith.truncf %4 : f64 to f32
  %d = arith.divf %5, %den : f32
  bregman.descend %d, v = %v1 : f32, f32
}
