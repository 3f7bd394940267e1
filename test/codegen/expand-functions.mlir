// RUN: %bregman-opt %s --bregman-expand-functions --split-input-file | FileCheck %s
// The code that the loops become has no function left that LLVM would call a library for.
// RUN: %bregman-opt %s --bregman-expand-functions --bregman-verify-no-libcalls --split-input-file \
// RUN:   | FileCheck %s --check-prefix=NATIVE
// NATIVE-NOT: math.{{tanh|exp|log|pow|atan|erf}}

// One look-up per column of the table, and the constants once, before everything else.
// CHECK-LABEL: func.func @sixteen_lanes
// CHECK-COUNT-14: arith.constant
// CHECK-NOT: arith.constant
// CHECK: math.absf
// CHECK-COUNT-9: llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"
// CHECK-NOT: permvar
// CHECK: math.copysign
// CHECK-COUNT-9: llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"
// CHECK-NOT: permvar
func.func @sixteen_lanes(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.tanh %x : vector<16xf32>
  %1 = math.tanh %0 : vector<16xf32>
  return %1 : vector<16xf32>
}

// -----

// A table of 16 lanes holds its entries twice, and vscalefps multiplies by the power of two.
// CHECK-LABEL: func.func @exp_of_sixteen
// CHECK: dense<[1.000000e+00, 1.09050775, {{.*}}, 1.8340081, 1.000000e+00, 1.09050775, {{.*}}, 1.8340081]>
// CHECK: llvm.x86.avx512.mask.scalef.ps.512
func.func @exp_of_sixteen(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.exp %x : vector<16xf32>
  return %0 : vector<16xf32>
}

// -----

// Without AVX-512 it is two multiplications.
// CHECK-LABEL: func.func @exp_of_eight
// CHECK-NOT: avx512
// CHECK-COUNT-2: llvm.call_intrinsic "llvm.x86.avx2.permps"
// CHECK-COUNT-2: arith.shli
// CHECK-NOT: avx512
func.func @exp_of_eight(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = math.exp %x : vector<8xf32>
  return %0 : vector<8xf32>
}

// -----

// CHECK-LABEL: func.func @scalar
// CHECK-NOT: x86
// CHECK: %[[BIT:.*]] = arith.andi %{{.*}}, %{{.*}} : i32
// CHECK-NEXT: %[[SET:.*]] = arith.cmpi ne, %[[BIT]], %{{.*}} : i32
// CHECK-COUNT-4: arith.select %[[SET]], %{{.*}}, %{{.*}} : f32
// CHECK-NOT: vector<
func.func @scalar(%x: f32) -> f32 {
  %0 = math.erf %x : f32
  return %0 : f32
}

// -----

// In a loop, the constants stand in front of it.
// CHECK-LABEL: func.func @constants_leave_loops
// CHECK: scf.for
// CHECK-NOT: arith.constant
// CHECK: scf.yield
func.func @constants_leave_loops(%x: vector<8xf32>, %n: i64) -> vector<8xf32> {
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %r = scf.for %i = %zero to %n step %one iter_args(%v = %x) -> vector<8xf32> : i64 {
    %0 = math.log %v : vector<8xf32>
    %1 = math.log2 %0 : vector<8xf32>
    %2 = math.atanh %1 : vector<8xf32>
    %3 = math.atan %2 : vector<8xf32>
    %4 = bregman.sigmoid %3 : vector<8xf32>
    scf.yield %4 : vector<8xf32>
  }
  return %r : vector<8xf32>
}

// -----

// exp(-|x|) needs no bound from above.
// CHECK-LABEL: func.func @exp_of_minus_magnitude
// CHECK: arith.cmpf ogt
// CHECK-NOT: arith.cmpf
func.func @exp_of_minus_magnitude(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = math.absf %x : vector<8xf32>
  %1 = arith.negf %0 : vector<8xf32>
  %2 = math.exp %1 : vector<8xf32>
  return %2 : vector<8xf32>
}

// -----

// What is an instruction stays.
// CHECK-LABEL: func.func @native
// CHECK-NEXT: math.sqrt
// CHECK-NEXT: math.floor
// CHECK-NEXT: return
func.func @native(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.sqrt %x : vector<16xf32>
  %1 = math.floor %0 : vector<16xf32>
  return %1 : vector<16xf32>
}
