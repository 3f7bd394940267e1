// What one region of a method does to its streams, in one block.
#include "passes/KernelProgram.h"
#include "passes/Clauses.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace bregman;

KernelProgram::KernelProgram(MLIRContext *context, Location loc, ArrayRef<KernelStream> streams)
    : builder(context), loc(loc), streams(streams) {
  Block &block = region.emplaceBlock();
  builder.setInsertionPointToEnd(&block);
  for (const KernelStream &stream : streams)
    current[stream.name] = block.addArgument(stream.type, loc);
}

/// An equal operation that is there already, or this one. Step and publish are two regions of one
/// sweep.
Operation *KernelProgram::shared(Operation *op) {
  unsigned hash = OperationEquivalence::computeHash(op, OperationEquivalence::directHashValue,
                                                    OperationEquivalence::ignoreHashValue,
                                                    OperationEquivalence::IgnoreLocations);
  auto &known = byHash[hash];
  // A constant stays where it is read.
  if (!op->hasTrait<OpTrait::ConstantLike>())
    for (Operation *other : known)
      if (OperationEquivalence::isEquivalentTo(op, other, OperationEquivalence::IgnoreLocations)) {
        op->erase();
        return other;
      }
  known.push_back(op);
  return op;
}

SmallVector<Value> KernelProgram::inlineRegion(Region &source, ArrayAttr names) {
  IRMapping mapping;
  for (auto [name, argument] : llvm::zip(names, source.getArguments()))
    if (!argument.use_empty())
      mapping.map(argument, lookup(cast<StringAttr>(name), argument));
  for (Operation &op : source.front().without_terminator()) {
    Operation *made = shared(builder.clone(op, mapping));
    for (auto [from, to] : llvm::zip(op.getResults(), made->getResults()))
      mapping.map(from, to);
  }
  return llvm::map_to_vector(yieldOf(source).getValues(),
                             [&](Value value) { return mapping.lookupOrDefault(value); });
}

Value KernelProgram::lookup(StringAttr name, BlockArgument argument) {
  auto renamed = alias.find(name);
  auto found = current.find(renamed == alias.end() ? name.getValue() : renamed->second);
  if (found != current.end())
    return found->second;
  scalars.push_back(name);
  return current[name] = getBlock().addArgument(argument.getType(), argument.getLoc());
}

void KernelProgram::write(StringRef name, Value value, Location loc) {
  for (auto [index, stream] : llvm::enumerate(streams))
    if (stream.name == name && value != getBlock().getArgument(index))
      writes.push_back({static_cast<unsigned>(index), value, loc});
}

Type bregman::elementNamed(StringRef name, Operation *op) {
  MLIRContext *context = op->getContext();
  Type type = llvm::StringSwitch<Type>(name)
                  .Case("f32", Float32Type::get(context))
                  .Case("bf16", BFloat16Type::get(context))
                  .Case("f16", Float16Type::get(context))
                  .Default({});
  if (!type)
    op->emitError() << "element is f32, bf16 or f16, not `" << name << "`";
  return type;
}
