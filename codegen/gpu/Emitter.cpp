// Emits arith, scf, and the LLVM dialect's memory operations.
#include "codegen/gpu/Emitter.h"
#include "codegen/CudaABI.h"
#include "codegen/ValueNames.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;

namespace bregman::gpu {

Value Emitter::i32(int32_t value) {
  return arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(value));
}
Value Emitter::f64(double value) {
  return arith::ConstantOp::create(builder, loc, builder.getF64FloatAttr(value));
}
Value Emitter::add(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }
Value Emitter::sub(Value a, Value b) { return arith::SubIOp::create(builder, loc, a, b); }
Value Emitter::mul(Value a, int32_t b) { return arith::MulIOp::create(builder, loc, a, i32(b)); }
Value Emitter::both(Value a, Value b) { return arith::AndIOp::create(builder, loc, a, b); }
Value Emitter::compare(arith::CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, predicate, a, b);
}
Value Emitter::compare(arith::CmpFPredicate predicate, Value a, Value b) {
  return arith::CmpFOp::create(builder, loc, predicate, a, b);
}
Value Emitter::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(builder, loc, condition, a, b);
}

Value Emitter::at(Value base, Value index, Type element) {
  return LLVM::GEPOp::create(builder, loc, base.getType(), element ? element : builder.getI8Type(),
                             base, ArrayRef<LLVM::GEPArg>{index});
}
Value Emitter::at(Value base, int32_t index, Type element) {
  return LLVM::GEPOp::create(builder, loc, base.getType(), element ? element : builder.getI8Type(),
                             base, ArrayRef<LLVM::GEPArg>{index});
}

static int naturalAlignment(Type type) {
  return isa<LLVM::LLVMPointerType>(type) ? 8 : static_cast<int>(type.getIntOrFloatBitWidth() / 8);
}

Value Emitter::load(Type type, Value address, int alignment) {
  return LLVM::LoadOp::create(builder, loc, type, address,
                              alignment ? alignment : naturalAlignment(type));
}
void Emitter::store(Value value, Value address, int alignment) {
  LLVM::StoreOp::create(builder, loc, value, address,
                        alignment ? alignment : naturalAlignment(value.getType()));
}

SmallVector<Value> Emitter::branch(Value condition, TypeRange types,
                                   llvm::function_ref<SmallVector<Value>()> emit,
                                   llvm::function_ref<SmallVector<Value>()> otherwise) {
  auto op = scf::IfOp::create(builder, loc, types, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  for (bool first : {true, false}) {
    Block *block = first ? op.thenBlock() : op.elseBlock();
    if (types.empty())
      builder.setInsertionPoint(block->getTerminator());
    else
      builder.setInsertionPointToEnd(block);
    SmallVector<Value> results = first ? emit() : otherwise();
    if (!types.empty())
      scf::YieldOp::create(builder, loc, results);
  }
  return op.getResults();
}

void Emitter::when(Value condition, llvm::function_ref<void()> emit) {
  auto op = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op.thenBlock()->getTerminator());
  emit();
}

scf::ForOp Emitter::count(Value low, Value high, int32_t step, ValueRange initial,
                          llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(builder, loc, low, high, i32(step), initial);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!initial.empty()) // a loop that carries nothing has its end already
    scf::YieldOp::create(builder, loc, next);
  return loop;
}

void Emitter::barrier() { NVVM::Barrier0Op::create(builder, loc); }

LLVM::LLVMFuncOp createEntry(OpBuilder &builder, Location loc, StringRef symbol,
                             ArrayRef<std::pair<StringRef, Type>> arguments, int blocks) {
  SmallVector<Type> types;
  for (auto [name, type] : arguments)
    types.push_back(type);
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()), types);
  auto function = LLVM::LLVMFuncOp::create(builder, loc, symbol, type);
  function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), builder.getUnitAttr());
  function->setAttr(NVVM::NVVMDialect::getMaxntidAttrName(),
                    builder.getDenseI32ArrayAttr({abi::cuda::threads}));
  if (blocks)
    function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), builder.getI32IntegerAttr(blocks));
  Block *entry = function.addEntryBlock(builder);
  for (auto [argument, given] : llvm::zip(entry->getArguments(), arguments)) {
    argument.setLoc(named(given.first, loc));
    function.setArgAttr(argument.getArgNumber(), nameAttribute, builder.getStringAttr(given.first));
  }
  builder.setInsertionPointToEnd(entry);
  return function;
}

Place readPlace(OpBuilder &builder, Location loc) {
  Type i32 = builder.getI32Type();
  return {.thread = NVVM::ThreadIdXOp::create(builder, named("thread", loc), i32),
          .block = NVVM::BlockIdXOp::create(builder, named("block", loc), i32),
          .blocks = NVVM::GridDimXOp::create(builder, named("blocks", loc), i32)};
}

} // namespace bregman::gpu
