// RUN: %bregman-opt %s --bregman-verify-no-libcalls --split-input-file --verify-diagnostics

func.func @math(%x: f32) -> f32 {
  // expected-error @+1 {{'math.exp' op would become a call of the library function 'exp'; expand it with --bregman-expand-functions before this pass}}
  %0 = math.exp %x : f32
  return %0 : f32
}

// -----

func.func @llvm(%x: vector<16xf32>) -> vector<16xf32> {
  // expected-error @+1 {{'llvm.intr.tanh' op would become a call of the library function 'tanh'}}
  %0 = llvm.intr.tanh(%x) : (vector<16xf32>) -> vector<16xf32>
  return %0 : vector<16xf32>
}

// -----

func.func @by_name(%x: vector<8xf32>, %i: vector<8xi32>) -> vector<8xf32> {
  // expected-error @+1 {{'llvm.call_intrinsic' op would become a call of the library function 'ldexp'}}
  %0 = llvm.call_intrinsic "llvm.ldexp.v8f32.v8i32"(%x, %i)
      : (vector<8xf32>, vector<8xi32>) -> vector<8xf32>
  return %0 : vector<8xf32>
}

// -----

func.func @remainder(%x: f32) -> f32 {
  // expected-error @+1 {{'arith.remf' op would become a call of the library function 'fmod'}}
  %0 = arith.remf %x, %x : f32
  return %0 : f32
}

// -----

llvm.func @tanhf(f32) -> f32
func.func @external(%x: f32) -> f32 {
  // expected-error @+1 {{'llvm.call' op calls a function that the module does not define; kernels call nothing}}
  %0 = llvm.call @tanhf(%x) : (f32) -> f32
  return %0 : f32
}
