// bregman-form-kernels: a method's regions become kernels of one sweep each.
#include "passes/Clauses.h"
#include "passes/Passes.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace bregman {
#define GEN_PASS_DEF_FORMKERNELS
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

/// One kernel while it is being written. Streams are declared in memory's order; those that are
/// neither read nor written fall away at the end.
class KernelWriter {
public:
  struct Stream {
    StringRef name;
    Type type, storage;
  };

  KernelWriter(OpBuilder &builder, Location loc, StringRef name, ArrayRef<Stream> streams)
      : builder(builder.getContext()), streams(streams) {
    ArrayAttr none = builder.getArrayAttr({});
    kernel = KernelOp::create(builder, loc, builder.getStringAttr(name), ExtentAttr(), none, none,
                              none, none, none);
    Block *body = &kernel.getBody().emplaceBlock();
    this->builder.setInsertionPointToEnd(body);
    sweep = SweepOp::create(this->builder, loc, ValueRange());
    block = &sweep.getBody().emplaceBlock();
    this->builder.setInsertionPointToEnd(block);
    for (const Stream &stream : streams)
      current[stream.name] = block->addArgument(stream.type, loc);
  }

  /// What a region's arguments of that name read from now on.
  void rename(StringRef argument, StringRef stream) { alias[argument] = stream.str(); }
  /// What `stream` holds after this, for regions that follow.
  void update(StringRef stream, Value value) { current[stream] = value; }

  /// Clones a region of the method; returns the values that it yields.
  SmallVector<Value> inlineRegion(Region &region, ArrayAttr names) {
    IRMapping mapping;
    for (auto [name, argument] : llvm::zip(names, region.getArguments()))
      if (!argument.use_empty())
        mapping.map(argument, lookup(cast<StringAttr>(name), argument));
    cloneBody(builder, region, mapping);
    return llvm::map_to_vector(yieldOf(region).getValues(),
                               [&](Value value) { return mapping.lookupOrDefault(value); });
  }

  /// Writes a stream, unless it would be what is there already.
  void write(StringRef stream, Value value, Location loc) {
    auto argument = dyn_cast<BlockArgument>(value);
    bool same =
        argument && argument.getOwner() == block && streams[argument.getArgNumber()].name == stream;
    if (!same)
      written.insert({stream, value});
    if (!same && written.size() == 1)
      yieldLoc = loc;
  }

  void finish();

private:
  Value lookup(StringAttr name, BlockArgument argument) {
    auto renamed = alias.find(name);
    auto found = current.find(renamed == alias.end() ? name.getValue() : renamed->second);
    if (found != current.end())
      return found->second;
    Value &scalar = scalars[name];
    if (!scalar) {
      unsigned index = scalars.size() - 1;
      scalar = kernel.getBody().insertArgument(index, argument.getType(), argument.getLoc());
    }
    return scalar;
  }

  OpBuilder builder;
  ArrayRef<Stream> streams;
  KernelOp kernel;
  SweepOp sweep;
  Block *block;
  Location yieldLoc = builder.getUnknownLoc();
  llvm::StringMap<std::string> alias;
  llvm::StringMap<Value> current;
  llvm::MapVector<StringAttr, Value> scalars;
  llvm::MapVector<StringRef, Value> written;
};

void KernelWriter::finish() {
  if (written.empty()) {
    kernel.erase();
    return;
  }
  SmallVector<Attribute> writes;
  SmallVector<Value> values;
  for (const Stream &stream : streams)
    if (auto found = written.find(stream.name); found != written.end()) {
      writes.push_back(builder.getStringAttr(stream.name));
      values.push_back(found->second);
    }
  YieldOp::create(builder, yieldLoc, values, builder.getArrayAttr(writes));

  SmallVector<Attribute> names, access, storage;
  SmallVector<Value> reads;
  for (auto [index, stream] : llvm::enumerate(streams)) {
    BlockArgument value = block->getArgument(reads.size());
    bool isRead = !value.use_empty(), isWritten = written.contains(stream.name);
    if (isRead || isWritten) {
      names.push_back(builder.getStringAttr(stream.name));
      access.push_back(builder.getStringAttr(!isWritten ? "in" : isRead ? "inout" : "out"));
      storage.push_back(TypeAttr::get(stream.storage));
      Value memory = kernel.getBody().addArgument(stream.type, value.getLoc());
      if (isRead)
        reads.push_back(memory);
    }
    if (!isRead)
      block->eraseArgument(value.getArgNumber());
  }
  sweep.getReadsMutable().assign(reads);
  kernel.setStreamsAttr(builder.getArrayAttr(names));
  kernel.setAccessAttr(builder.getArrayAttr(access));
  kernel.setStorageAttr(builder.getArrayAttr(storage));
  kernel.setExtentsAttr(
      builder.getArrayAttr(SmallVector<Attribute>(names.size(), builder.getUnitAttr())));
  SmallVector<Attribute> scalarNames;
  for (auto &entry : scalars)
    scalarNames.push_back(entry.first);
  kernel.setScalarsAttr(builder.getArrayAttr(scalarNames));
}

/// The kernels of one method.
class KernelFormer {
public:
  KernelFormer(MethodOp method, Type element) : method(method), builder(method.getContext()) {
    builder.setInsertionPointAfter(method);
    Type f32 = builder.getF32Type();
    Value published = yieldOf(method.getPublish().getBody()).getValues().front();
    auto argument = dyn_cast<BlockArgument>(published);
    // Where the weight may freeze, the parameter ends as a level while the latent stays what it
    // was.
    bool freezes = yieldOf(method.getHost().getBody()).get("freeze") != nullptr;
    if (argument && element == f32 && !freezes)
      latent = cast<StringAttr>(method.getPublish().getArgNames()[argument.getArgNumber()]);
    streams.push_back({"g", f32, element});
    for (auto stored : method.getBody().getOps<StoredOp>())
      if (stored.getName() == latent)
        streams.push_back({"w", f32, element});
      else
        streams.push_back({stored.getName(), stored.getType(), stored.getType()});
    if (latent.empty())
      streams.push_back({"w", f32, element});
  }

  void run() {
    attach();
    step();
    if (latent.empty())
      publish();
    if (method.getFinal())
      final();
  }

private:
  KernelWriter start(Operation *region, StringRef suffix) {
    std::string name = (method.getSymName() + "." + suffix).str();
    KernelWriter writer(builder, region->getLoc(), name, streams);
    writer.rename("w0", "w");
    if (!latent.empty())
      writer.rename(latent, "w");
    return writer;
  }
  StringRef streamOf(StringRef stored) { return stored == latent ? "w" : stored; }

  void writeStored(KernelWriter &writer, Region &region, ArrayRef<Value> values) {
    YieldOp yield = yieldOf(region);
    for (auto [index, value] : llvm::enumerate(values))
      writer.write(streamOf(yield.nameOf(index)), value, yield.getLoc());
    for (auto [index, value] : llvm::enumerate(values))
      writer.update(streamOf(yield.nameOf(index)), value);
  }

  void attach() {
    AttachOp op = method.getAttach();
    KernelWriter writer = start(op, "attach");
    writeStored(writer, op.getBody(), writer.inlineRegion(op.getBody(), op.getArgNames()));
    writer.finish();
  }
  void step() {
    StepOp op = method.getStep();
    KernelWriter writer = start(op, "step");
    writeStored(writer, op.getBody(), writer.inlineRegion(op.getBody(), op.getArgNames()));
    if (latent.empty())
      writeWeight(writer, method.getPublish());
    writer.finish();
  }
  void publish() {
    KernelWriter writer = start(method.getPublish(), "publish");
    writeWeight(writer, method.getPublish());
    writer.finish();
  }
  void final() {
    KernelWriter writer = start(method.getFinal(), "final");
    writeWeight(writer, method.getFinal());
    writer.finish();
  }
  template <typename Op> void writeWeight(KernelWriter &writer, Op op) {
    Value w = writer.inlineRegion(op.getBody(), op.getArgNames()).front();
    writer.write("w", w, yieldOf(op.getBody()).getLoc());
  }

  MethodOp method;
  OpBuilder builder;
  /// The name of the latent where the parameter itself holds it, else empty.
  StringRef latent;
  SmallVector<KernelWriter::Stream> streams;
};

struct FormKernels : bregman::impl::FormKernelsBase<FormKernels> {
  using FormKernelsBase::FormKernelsBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    Type type = llvm::StringSwitch<Type>(element)
                    .Case("f32", Float32Type::get(context))
                    .Case("bf16", BFloat16Type::get(context))
                    .Case("f16", Float16Type::get(context))
                    .Default({});
    if (!type) {
      getOperation().emitError() << "element is f32, bf16 or f16, not `" << element << "`";
      return signalPassFailure();
    }
    for (auto method : llvm::to_vector(getOperation().getOps<MethodOp>()))
      KernelFormer(method, type).run();
  }
};

} // namespace
