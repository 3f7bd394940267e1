// What has no float branch.
// RUN: %bregman-opt %s --bregman-resolve-update=constrained=true --split-input-file --verify-diagnostics

bregman.quantizer @agile {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = math.tanh %x : f32
    bregman.yield %0 : f32
  }
  // expected-error @+1 {{constrained training moves the latent, by the gradient at the float branch's weight, and `agile mirror` moves the weight itself; write `lazy mirror`}}
  bregman.update agile_mirror
}

// -----

bregman.quantizer @levels {
  // expected-error @+1 {{the latent has a level axis, and the float branch of constrained training multiplies with one number for each weight; say with which by `high`, for example `high sum(levels * softmax(x))`}}
  %x = bregman.latent (w0 = %w0 : f32) : vector<2xf32> {
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    bregman.yield %0 : vector<2xf32>
  }
  %w = bregman.project "w" : f32 {
    %0 = bregman.reduce max %x : vector<2xf32>
    bregman.yield %0 : f32
  }
  bregman.update chain
}

// -----

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  bregman.step (g = %g : f32, x = %x : f32, g.high = %h : f32) {
    %x1 = arith.subf %x, %h : f32
    bregman.yield x = %x1 : f32
  }
  // expected-error @+1 {{'bregman.publish' op expects to yield the weight, or `w` and `w.high`, one number each}}
  bregman.publish (x = %x : f32) {
    bregman.yield w = %x, high = %x : f32, f32
  }
}
