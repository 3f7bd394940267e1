// A positive list: what is not known to be an instruction is refused.
#include "codegen/NativeCheck.h"

#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsNVPTX.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/Operator.h"

using namespace llvm;

namespace bregman {

/// Of both machines.
static bool isCommonIntrinsic(Intrinsic::ID id) {
  switch (id) {
  case Intrinsic::ceil:
  case Intrinsic::copysign:
  case Intrinsic::fabs:
  case Intrinsic::floor:
  case Intrinsic::fma:
  case Intrinsic::roundeven:
  case Intrinsic::sqrt:
  case Intrinsic::trunc:
    return true;
  default:
    return false;
  }
}

static bool isHostIntrinsic(Intrinsic::ID id) {
  switch (id) {
  case Intrinsic::masked_load:
  case Intrinsic::masked_store:
  case Intrinsic::prefetch:
  case Intrinsic::x86_avx2_permps:
  case Intrinsic::x86_avx512_mask_scalef_ps_512:
  case Intrinsic::x86_avx512_permvar_sf_512:
    return true;
  default:
    return false;
  }
}

static bool isCudaIntrinsic(Intrinsic::ID id) {
  switch (id) {
  case Intrinsic::nvvm_barrier_cta_sync_aligned_all:
  case Intrinsic::nvvm_read_ptx_sreg_ctaid_x:
  case Intrinsic::nvvm_read_ptx_sreg_nctaid_x:
  case Intrinsic::nvvm_read_ptx_sreg_tid_x:
    return true;
  default:
    return false;
  }
}

/// Whether the fast-math flags of an operation mean no more than `machine` may do. On the host none
/// makes an approximation of it.
static bool hasAllowedFlags(const FPMathOperator &operation, Machine machine) {
  FastMathFlags flags = operation.getFastMathFlags();
  if (machine == Machine::CudaFast && operation.getType()->isFloatTy())
    switch (operation.getOpcode()) {
    case Instruction::FAdd:
    case Instruction::FSub:
    case Instruction::FMul:
      flags.setAllowContract(false);
      break;
    case Instruction::FDiv:
    case Instruction::Call:
      flags.setApproxFunc(false);
      break;
    default:
      break;
    }
  return machine == Machine::Host || !flags.any();
}

/// Whether a call is an approximation that a GPU has an instruction for.
static bool isApproximation(const CallInst &call) {
  Intrinsic::ID id = call.getIntrinsicID();
  return (id == Intrinsic::tanh || id == Intrinsic::exp2) && call.getType()->isFloatTy() &&
         call.hasApproxFunc();
}

/// Conversions between float types that the machine and F16C have.
static bool isNativeResize(const Instruction &instruction) {
  const Type *from = instruction.getOperand(0)->getType()->getScalarType();
  const Type *to = instruction.getType()->getScalarType();
  return (from->isHalfTy() && to->isFloatTy()) || (from->isFloatTy() && to->isHalfTy()) ||
         (from->isFloatTy() && to->isDoubleTy()) || (from->isDoubleTy() && to->isFloatTy());
}

static bool isNative(const Instruction &instruction, Machine machine) {
  if (auto *operation = dyn_cast<FPMathOperator>(&instruction);
      operation && !hasAllowedFlags(*operation, machine))
    return false;
  if (auto *call = dyn_cast<CallInst>(&instruction)) {
    Intrinsic::ID id = call->getIntrinsicID();
    return isCommonIntrinsic(id) ||
           (machine == Machine::Host ? isHostIntrinsic(id) : isCudaIntrinsic(id)) ||
           (machine == Machine::CudaFast && isApproximation(*call));
  }
  switch (instruction.getOpcode()) {
  case Instruction::FAdd:
  case Instruction::FSub:
  case Instruction::FMul:
  case Instruction::FDiv:
  case Instruction::FNeg:
    return instruction.getType()->getScalarType()->isFloatTy() ||
           instruction.getType()->getScalarType()->isDoubleTy();
  case Instruction::SIToFP: // of many 64-bit integers at once only AVX-512 has it
    return instruction.getType()->getScalarType()->isFloatTy() ||
           instruction.getType()->isDoubleTy();
  case Instruction::FPExt:
  case Instruction::FPTrunc:
    return isNativeResize(instruction);
  case Instruction::Add:
  case Instruction::Sub:
  case Instruction::Mul:
  case Instruction::And:
  case Instruction::Or:
  case Instruction::Xor:
  case Instruction::Shl:
  case Instruction::LShr:
  case Instruction::AShr:
  case Instruction::BitCast:
  case Instruction::SExt:
  case Instruction::Trunc:
  case Instruction::ZExt:
  case Instruction::FCmp:
  case Instruction::ICmp:
  case Instruction::Select:
  case Instruction::PHI:
  case Instruction::Br:
  case Instruction::Ret:
  case Instruction::Load:
  case Instruction::Store:
  case Instruction::GetElementPtr:
  case Instruction::ExtractElement:
  case Instruction::InsertElement:
  case Instruction::ShuffleVector:
    return true;
  default:
    return false;
  }
}

Error verifyIsNative(const Module &module, Machine machine) {
  for (const Function &function : module)
    for (const Instruction &instruction : instructions(function)) {
      if (isNative(instruction, machine))
        continue;
      std::string text;
      raw_string_ostream stream(text);
      instruction.print(stream);
      return createStringError("not known to be an instruction of the machine:" + text);
    }
  return Error::success();
}

} // namespace bregman
