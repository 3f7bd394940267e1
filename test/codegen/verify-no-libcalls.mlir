// RUN: %bregman-opt %s --bregman-verify-no-libcalls | FileCheck %s

// CHECK-LABEL: func.func @helper
func.func @helper(%x: f32) -> f32 {
  return %x : f32
}

// CHECK-LABEL: func.func @native
func.func @native(%x: vector<16xf32>, %i: vector<16xi32>, %s: f32) -> vector<16xf32> {
  %0 = math.sqrt %x : vector<16xf32>
  %1 = llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"(%0, %i)
      : (vector<16xf32>, vector<16xi32>) -> vector<16xf32>
  %2 = llvm.intr.fma(%0, %0, %1) : (vector<16xf32>, vector<16xf32>, vector<16xf32>) -> vector<16xf32>
  %3 = llvm.call_intrinsic "llvm.ldexp.v16f32.v16i32"(%2, %i)
      : (vector<16xf32>, vector<16xi32>) -> vector<16xf32>
  %4 = func.call @helper(%s) : (f32) -> f32
  return %3 : vector<16xf32>
}
