// The engine links objects made from small pieces of IR, and refuses those that it must not run.
#include "runtime/JitEngine.h"
#include "CacheTest.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

using namespace bregman;
using namespace bregman::testing;
using ::testing::HasSubstr;

namespace {

/// The object of a piece of IR.
std::string compile(const std::string &ir) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  llvm::LLVMContext context;
  llvm::SMDiagnostic diagnostic;
  std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(ir, diagnostic, context);
  EXPECT_TRUE(module) << diagnostic.getMessage().str();
  llvm::Triple triple(llvm::sys::getProcessTriple());
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  EXPECT_TRUE(target) << error;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, llvm::sys::getHostCPUName(), "", {}, llvm::Reloc::PIC_, llvm::CodeModel::Small));
  module->setTargetTriple(triple);
  module->setDataLayout(machine->createDataLayout());
  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager passes;
  EXPECT_FALSE(
      machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile));
  passes.run(*module);
  return std::string(object.begin(), object.end());
}

/// streams[0][0] = scalars[0] + addend. The constant lies in the object's own data section.
std::string addKernel(const std::string &symbol, int addend) {
  return compile(R"(
    define void @)" +
                 symbol + R"((i64 %n, ptr %streams, ptr %scalars) {
      %p = load ptr, ptr %streams
      %s = load float, ptr %scalars
      %r = fadd float %s, )" +
                 std::to_string(addend) + R"(.0
      store float %r, ptr %p
      ret void
    })");
}

float call(bregman::abi::Function function, float scalar) {
  float result = 0;
  void *streams[] = {&result};
  bregman::callKernel(function, 1, streams, &scalar);
  return result;
}

std::string messageOf(llvm::Error error) { return llvm::toString(std::move(error)); }

JitEngine &engine() { return llvm::cantFail(JitEngine::shared()); }

TEST(JitEngine, LoadsAndRunsAnObject) {
  auto loaded = engine().load("add", addKernel("f", 3), "f");
  ASSERT_TRUE(bool(loaded)) << messageOf(loaded.takeError());
  EXPECT_EQ(call(loaded->function, 4), 7);
}

TEST(JitEngine, ObjectsOfOneNameAndSymbolDoNotMeet) {
  std::string three = addKernel("f", 3), five = addKernel("f", 5);
  auto a = llvm::cantFail(engine().load("add", three, "f"));
  auto b = llvm::cantFail(engine().load("add", five, "f"));
  a.owner.reset();
  auto c = llvm::cantFail(engine().load("add", three, "f"));
  EXPECT_EQ(call(b.function, 1), 6);
  EXPECT_EQ(call(c.function, 1), 4);
}

TEST(JitEngine, AKernelHasOneOrTwoVariants) {
  std::string plain = addKernel(bregman::abi::plainSymbol, 1);
  std::string streaming = addKernel(bregman::abi::streamingSymbol, 2);
  HostCode one = llvm::cantFail(engine().loadKernel("k", plain, ""));
  EXPECT_EQ(call(one.plain, 1), 2);
  EXPECT_EQ(one.streaming, nullptr);
  HostCode two = llvm::cantFail(engine().loadKernel("k", plain, streaming));
  EXPECT_EQ(call(two.plain, 1), 2);
  EXPECT_EQ(call(two.streaming, 1), 3);
  EXPECT_THAT(messageOf(engine().loadKernel("k", streaming, "").takeError()),
              HasSubstr("kernel `k`: the object does not define `bregman_kernel_plain`"));
}

TEST(JitEngine, ReleasedCodeLeavesTheProcess) {
  auto mappings = [] {
    std::unique_ptr<FILE, int (*)(FILE *)> maps(std::fopen("/proc/self/maps", "r"), std::fclose);
    int executable = 0;
    char line[512];
    while (std::fgets(line, sizeof line, maps.get()))
      executable += std::string(line).find(" r-xp 00000000 00:00 0") != std::string::npos;
    return executable;
  };
  std::string object = addKernel("f", 3);
  llvm::cantFail(engine().load("warm", object, "f"));
  int before = mappings();
  std::vector<JitEngine::Loaded> held;
  for (int i = 0; i < 8; ++i)
    held.push_back(llvm::cantFail(engine().load("held", object, "f")));
  EXPECT_GT(mappings(), before);
  held.clear();
  EXPECT_EQ(mappings(), before);
}

TEST_F(KernelCacheTest, ACachedObjectRuns) {
  CacheKey name = key("add");
  {
    KernelCache(options()).store(name, {addKernel(bregman::abi::plainSymbol, 3), {}});
  }
  auto cached = KernelCache(options()).lookup(name);
  ASSERT_TRUE(cached);
  HostCode code = llvm::cantFail(engine().loadKernel("add", cached->object, ""));
  std::vector<float> w(1);
  std::vector<Segment> segments = {{1, {w.data()}}};
  std::vector<float> scalars = {4};
  HostKernel({"add", {{"w", Access::Out}}, {"s"}}, std::move(code)).launch(segments, scalars);
  EXPECT_EQ(w[0], 7);
}

TEST(JitEngine, RefusesWhatRefersOutside) {
  std::string object = compile(R"(
    declare float @tanhf(float)
    define void @f(i64 %n, ptr %streams, ptr %scalars) {
      %p = load ptr, ptr %streams
      %s = load float, ptr %scalars
      %r = call float @tanhf(float %s)
      store float %r, ptr %p
      ret void
    })");
  auto loaded = engine().load("step", object, "f");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(messageOf(loaded.takeError()),
            "kernel `step`: the generated code refers to `tanhf`; every function must be expanded "
            "before code is generated");
}

TEST(JitEngine, RefusesWhatIsNoObject) {
  EXPECT_THAT(messageOf(engine().load("k", "", "f").takeError()), HasSubstr("no object file"));
  EXPECT_THAT(messageOf(engine().load("k", "not an object at all", "f").takeError()),
              HasSubstr("no object file"));
  std::string object = addKernel("f", 3);
  EXPECT_THAT(messageOf(engine().load("k", object.substr(0, 100), "f").takeError()),
              HasSubstr("kernel `k`: "));
  std::string foreign = object;
  foreign[18] = 0x3e ^ 0x3e; // e_machine of the ELF header
  foreign[19] = 0;
  EXPECT_THAT(messageOf(engine().load("k", foreign, "f").takeError()),
              HasSubstr("no relocatable object for"));
  EXPECT_THAT(messageOf(engine().load("k", object, "g").takeError()),
              HasSubstr("does not define `g`"));
}

TEST(JitEngine, ThreadsLoadAndReleaseAtOnce) {
  std::string object = addKernel("f", 3);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        auto loaded = llvm::cantFail(engine().load("add", object, "f"));
        wrong += call(loaded.function, float(i)) != float(i + 3);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

} // namespace
