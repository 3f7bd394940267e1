// Refuses what the machine's back end would turn into a call of a library.
#include "codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace bregman {

#define GEN_PASS_DEF_VERIFYNOLIBCALLS
#include "codegen/Passes.h.inc"

/// Approximations that GPUs have an instruction for; the check of native code refuses them on the
/// host.
static bool isNativeApproximation(Operation *op) {
  if (auto tanh = dyn_cast<math::TanhOp>(op))
    return bitEnumContainsAny(tanh.getFastmath(), arith::FastMathFlags::afn);
  auto power = dyn_cast<math::Exp2Op>(op);
  return power && bitEnumContainsAny(power.getFastmath(), arith::FastMathFlags::afn);
}

/// Ops of the math dialect that are machine instructions.
static bool isNativeMath(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp, math::FloorOp, math::FmaOp,
             math::IsFiniteOp, math::IsInfOp, math::IsNaNOp, math::IsNormalOp, math::RoundEvenOp,
             math::SqrtOp, math::TruncOp>(op);
}

/// Whether LLVM's intrinsic of this name, without prefix and types, is a call on x86.
static bool isCalledIntrinsic(StringRef name) {
  static const llvm::StringSet<> called = {
      "acos",  "asin",   "atan",   "atan2",   "cos",     "cosh", "exp",   "exp10",
      "exp2",  "frexp",  "ldexp",  "llrint",  "llround", "log",  "log10", "log2",
      "lrint", "lround", "memcpy", "memmove", "memset",  "modf", "pow",   "powi",
      "round", "sin",    "sincos", "sinh",    "tan",     "tanh"};
  return called.contains(name);
}

/// "llvm.exp.v16f32" is "exp"; the target's own intrinsics, such as "llvm.x86.avx2.permps", are
/// instructions.
static StringRef baseOfIntrinsic(StringRef name) {
  name.consume_front("llvm.");
  return name.take_until([](char c) { return c == '.'; });
}

/// The library's name for what `op` becomes, or nothing if it is native.
static StringRef libraryCallOf(Operation *op) {
  StringRef name = op->getName().getStringRef();
  if (isa_and_nonnull<math::MathDialect>(op->getDialect()))
    return isNativeMath(op) || isNativeApproximation(op) ? "" : op->getName().stripDialect();
  if (isa<arith::RemFOp, LLVM::FRemOp>(op))
    return "fmod";
  if (auto intrinsic = dyn_cast<LLVM::CallIntrinsicOp>(op)) {
    StringRef base = baseOfIntrinsic(intrinsic.getIntrin());
    // vscalefps does 16 lanes at once; other widths are taken apart into calls.
    bool isNative = !isCalledIntrinsic(base) || intrinsic.getIntrin() == "llvm.ldexp.v16f32.v16i32";
    return isNative ? "" : base;
  }
  if (name.consume_front("llvm.intr."))
    return isCalledIntrinsic(name) ? name : "";
  return "";
}

/// Whether `call` leaves the module: an address, or a function without a body.
static bool leavesModule(CallOpInterface call) {
  auto callee = dyn_cast_if_present<FunctionOpInterface>(call.resolveCallable());
  return !callee || callee.isExternal();
}

namespace {
struct VerifyNoLibcalls : impl::VerifyNoLibcallsBase<VerifyNoLibcalls> {
  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      if (StringRef function = libraryCallOf(op); !function.empty()) {
        op->emitOpError("would become a call of the library function '")
            << function << "'; expand it with --bregman-expand-functions before this pass";
        signalPassFailure();
      } else if (auto call = dyn_cast<CallOpInterface>(op);
                 call && !isa<LLVM::CallIntrinsicOp>(op) && leavesModule(call)) {
        op->emitOpError("calls a function that the module does not define; kernels call nothing");
        signalPassFailure();
      }
    });
  }
};
} // namespace

} // namespace bregman
