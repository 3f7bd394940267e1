// Equal tables stand in the array once.
#include "codegen/functions/TablePool.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <algorithm>

using namespace mlir;

namespace bregman {

static constexpr const char *symbol = "bregman_tables";
static constexpr unsigned globalSpace = 1;

Value TablePool::lookUp(OpBuilder &builder, Location loc, const Table8 &table, Value index) {
  size_t at = 0;
  while (at < entries.size() && !std::equal(table.begin(), table.end(), entries.begin() + at))
    at += table.size();
  if (at == entries.size())
    entries.insert(entries.end(), table.begin(), table.end());
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext(), globalSpace);
  Type f32 = builder.getF32Type();
  Value array = LLVM::AddressOfOp::create(builder, loc, pointer, symbol);
  // The table's place last, so that look-ups at one index share an address.
  Value entry =
      LLVM::GEPOp::create(builder, loc, pointer, f32, array, ArrayRef<LLVM::GEPArg>{index});
  Value place = LLVM::GEPOp::create(builder, loc, pointer, f32, entry,
                                    ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(at)});
  return LLVM::LoadOp::create(builder, loc, f32, place, /*alignment=*/4);
}

void TablePool::define(ModuleOp module) {
  if (entries.empty())
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  auto count = static_cast<int64_t>(entries.size());
  Type f32 = builder.getF32Type();
  auto values = DenseElementsAttr::get(RankedTensorType::get({count}, f32), ArrayRef(entries));
  LLVM::GlobalOp::create(builder, module.getLoc(), LLVM::LLVMArrayType::get(f32, count),
                         /*isConstant=*/true, LLVM::Linkage::Internal, symbol, values,
                         /*alignment=*/32, globalSpace);
}

} // namespace bregman
