// RUN: %bregman-opt %s --bregman-compose --split-input-file --verify-diagnostics

// expected-error @+1 {{has 0 quantizers; `bregman-select` leaves the one to take}}
module {
  bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
    bregman.descend %g : f32
  }
}

// -----

// expected-error @+1 {{'bregman.quantizer' op has no step; `bregman-resolve-update` writes it}}
bregman.quantizer @unresolved {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
}
bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
  bregman.descend %g : f32
}

// -----

bregman.quantizer @reads_lr {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.step (g = %g : f32) {
    // expected-error @+1 {{Q10: quantizer `reads_lr` reads `lr`, but optimizer `plain` has no parameter of that name}}
    %lr = bregman.counter lr : f64
    %0 = arith.truncf %lr : f64 to f32
    %d = bregman.base %x, %g : f32
    %1 = arith.mulf %0, %d : f32
    bregman.yield x = %1 : f32
  }
  bregman.publish {
    bregman.yield %x : f32
  }
}
bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
  bregman.descend %g : f32
}

// -----

bregman.quantizer @symbolic {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.prox {
    %0 = math.absf %x : f32
    bregman.yield %0 : f32
  }
  bregman.step (g = %g : f32) {
    %d = bregman.base %x, %g : f32
    // expected-error @+1 {{'bregman.proximal' op is still symbolic; `bregman-expand-prox` expands it}}
    %0 = bregman.proximal %x by %d : f32
    bregman.yield x = %0 : f32
  }
  bregman.publish {
    bregman.yield %x : f32
  }
}
bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
  bregman.descend %g : f32
}

// -----

bregman.quantizer @reads_v {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.step (g = %g : f32) {
    %d = bregman.base %x, %g : f32
    // expected-error @+1 {{Q10: quantizer `reads_v` reads `optimizer.v`, but optimizer `plain` has no state of that name}}
    %v = bregman.optimizer_state "v" : f32
    %0 = arith.mulf %v, %d : f32
    bregman.yield x = %0 : f32
  }
  bregman.publish {
    bregman.yield %x : f32
  }
}
bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
  bregman.descend %g : f32
}

// -----

bregman.quantizer @fits {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.step (g = %g : f32) {
    %d = bregman.base %x, %g : f32
    // expected-error @+1 {{'bregman.fit' op is still symbolic; `bregman-expand-fit` expands it}}
    %a = bregman.fit %x from (%d) rounds 1 per tensor : f32 {
    ^bb0(%b: f32):
      %q = vector.broadcast %b : f32 to vector<2xf32>
      bregman.yield %q : vector<2xf32>
    }
    bregman.yield x = %a : f32
  }
  bregman.publish {
    bregman.yield %x : f32
  }
}
bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
  bregman.descend %g : f32
}
