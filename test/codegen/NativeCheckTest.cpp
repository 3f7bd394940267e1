// What the last look at LLVM IR lets through to the back end of each machine.
#include "codegen/NativeCheck.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/Support/SourceMgr.h"
#include "gtest/gtest.h"

using namespace bregman;

/// What is wrong with `line` of a function of the float %x, on `machine`.
static std::string checked(const std::string &line, Machine machine) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic problem;
  auto module = llvm::parseAssemblyString(
      "declare float @llvm.exp2.f32(float)\ndeclare float @llvm.tanh.f32(float)\n"
      "declare float @llvm.roundeven.f32(float)\ndeclare i32 @llvm.nvvm.read.ptx.sreg.tid.x()\n"
      "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)\n"
      "define void @f(float %x, i32 %n, ptr %p) {\n" +
          line + "\nret void\n}\n",
      problem, context);
  EXPECT_TRUE(module) << problem.getMessage().str();
  return module ? llvm::toString(verifyIsNative(*module, machine)) : "";
}

TEST(NativeCheck, EachMachineHasItsOwnIntrinsics) {
  std::string prefetch = "call void @llvm.prefetch.p0(ptr %p, i32 0, i32 3, i32 1)";
  std::string thread = "%t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()";
  EXPECT_EQ(checked("%y = call float @llvm.roundeven.f32(float %x)", Machine::Host), "");
  EXPECT_EQ(checked("%y = call float @llvm.roundeven.f32(float %x)", Machine::Cuda), "");
  EXPECT_EQ(checked(prefetch, Machine::Host), "");
  EXPECT_EQ(checked(prefetch, Machine::Cuda),
            "not known to be an instruction of the machine:  " + prefetch);
  EXPECT_EQ(checked(thread, Machine::Cuda), "");
  EXPECT_EQ(checked(thread, Machine::Host),
            "not known to be an instruction of the machine:  " + thread);
}

TEST(NativeCheck, WhatIsApproximateOrEndsTheProcessIsRefused) {
  for (std::string line :
       {"%y = call float @llvm.exp2.f32(float %x)", "%y = call float @llvm.tanh.f32(float %x)",
        "%y = frem float %x, %x", "%y = udiv i32 %n, %n"})
    for (Machine machine : {Machine::Host, Machine::Cuda})
      EXPECT_EQ(checked(line, machine), "not known to be an instruction of the machine:  " + line);
  EXPECT_EQ(checked("%y = fdiv float %x, %x", Machine::Cuda), "");
  for (std::string flag : {"afn", "arcp", "contract", "fast"})
    EXPECT_EQ(checked("%y = fdiv " + flag + " float %x, %x", Machine::Cuda),
              "not known to be an instruction of the machine:  %y = fdiv " + flag +
                  " float %x, %x");
}

TEST(NativeCheck, FastCodeForAGpuHasTheApproximationsThatAreStated) {
  for (std::string line :
       {"%y = call afn float @llvm.exp2.f32(float %x)",
        "%y = call afn float @llvm.tanh.f32(float %x)", "%y = fdiv afn float %x, %x",
        "%y = fadd contract float %x, %x", "%y = fmul contract float %x, %x"}) {
    EXPECT_EQ(checked(line, Machine::CudaFast), "");
    EXPECT_EQ(checked(line, Machine::Cuda),
              "not known to be an instruction of the machine:  " + line);
  }
  for (std::string line :
       {"%y = call float @llvm.tanh.f32(float %x)", "%y = fdiv arcp float %x, %x",
        "%y = fadd reassoc contract float %x, %x", "%y = fmul fast float %x, %x"})
    EXPECT_EQ(checked(line, Machine::CudaFast),
              "not known to be an instruction of the machine:  " + line);
}
