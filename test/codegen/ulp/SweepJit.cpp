// LLJIT without any LLVM middle-end pass, as for kernels.
#include "SweepJit.h"
#include "SweepModule.h"

#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

namespace bregman::ulp {

const Width widths[widthCount] = {
    {16, "16 lanes", "x86-64-v4"}, {8, "8 lanes", "x86-64-v3"}, {1, "scalar", "x86-64-v3"}};

bool canRun(const Width &width) {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  auto has = [&](llvm::StringRef feature) { return features.lookup(feature); };
  if (width.lanes == 16)
    return llvm::all_of(
        llvm::ArrayRef<llvm::StringRef>{"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
        has);
  return has("avx2") && has("fma");
}

static llvm::orc::JITTargetMachineBuilder targetOf(const Width &width) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  llvm::orc::JITTargetMachineBuilder builder{llvm::Triple(llvm::sys::getProcessTriple())};
  builder.setCPU(width.cpu.str());
  builder.setRelocationModel(llvm::Reloc::PIC_);
  builder.setCodeModel(llvm::CodeModel::Small);
  builder.setCodeGenOptLevel(llvm::CodeGenOptLevel::Default);
  // x86-64-v4 is tuned to 256 bits; our vectors are explicit.
  if (width.lanes == 16)
    builder.addFeatures({"-prefer-256-bit"});
  return builder;
}

SweepJit::SweepJit(std::unique_ptr<llvm::orc::LLJIT> jit, SweepFunction run)
    : jit(std::move(jit)), run(run) {}
SweepJit::SweepJit(SweepJit &&) noexcept = default;
SweepJit::~SweepJit() = default;

llvm::Expected<SweepJit> SweepJit::compile(llvm::StringRef body, const Width &width) {
  auto jit = llvm::orc::LLJITBuilder()
                 .setJITTargetMachineBuilder(targetOf(width))
                 .setPlatformSetUp(llvm::orc::setUpInactivePlatform)
                 .setLinkProcessSymbolsByDefault(false)
                 .create();
  if (!jit)
    return jit.takeError();
  auto module = makeSweepModule(body, width.lanes);
  if (!module)
    return module.takeError();
  // No symbol of the process is visible: a library call would fail here.
  if (llvm::Error error = (*jit)->addIRModule(std::move(*module)))
    return std::move(error);
  auto address = (*jit)->lookup("sweep");
  if (!address)
    return address.takeError();
  return SweepJit(std::move(*jit), address->toPtr<SweepFunction>());
}

llvm::Expected<std::string> SweepJit::assembly(llvm::StringRef body, const Width &width) {
  auto machine = targetOf(width).createTargetMachine();
  if (!machine)
    return machine.takeError();
  auto module = makeSweepModule(body, width.lanes);
  if (!module)
    return module.takeError();
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  module->withModuleDo([&](llvm::Module &m) {
    m.setTargetTriple((*machine)->getTargetTriple());
    m.setDataLayout((*machine)->createDataLayout());
    llvm::legacy::PassManager passes;
    (*machine)->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile);
    passes.run(m);
  });
  return text.str().str();
}

} // namespace bregman::ulp
