// The tables of a module in one array, each once; look-ups at one index share its address.
// RUN: %bregman-opt %s --bregman-expand-functions=in-memory --cse | FileCheck %s
// RUN: not %bregman-opt %s --pass-pipeline='builtin.module(func.func(bregman-expand-functions{in-memory}))' 2>&1 | FileCheck %s --check-prefix=NESTED
// NESTED: error: tables in memory are a module's; run the pass on one

// exp has two.
// CHECK: llvm.mlir.global internal constant @bregman_tables(dense<[{{.*1\.09050775.*}}]> : tensor<16xf32>) {addr_space = 1 : i32, alignment = 32 : i64} : !llvm.array<16 x f32>
// CHECK-LABEL: func.func @exp
// CHECK: %[[TABLES:.*]] = llvm.mlir.addressof @bregman_tables : !llvm.ptr<1>
// CHECK: %[[AT:.*]] = llvm.getelementptr %[[TABLES]][%{{.*}}] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
// CHECK: llvm.getelementptr %[[AT]][{{0|8}}] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
// CHECK: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK: llvm.getelementptr %[[AT]][{{0|8}}] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
// CHECK: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK-NOT: math.exp
func.func @exp(%x: f32) -> (f32, f32) {
  %0 = math.exp %x : f32
  %1 = math.exp %0 : f32
  return %0, %1 : f32, f32
}
