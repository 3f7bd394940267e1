// Compiles the text of a kernel for a width and a variant, loads it and runs it on arrays.
#pragma once

#include "codegen/HostBackend.h"
#include "runtime/JitEngine.h"

#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <string>
#include <vector>

namespace bregman::test {

/// The lanes that this machine can run.
inline std::vector<int> lanesHere() {
  std::vector<int> lanes{8};
  if (llvm::Expected<HostTarget> wide = HostTarget::host(16))
    lanes.push_back(16);
  else
    llvm::consumeError(wide.takeError());
  return lanes;
}

template <typename T> T valueOf(llvm::Expected<T> value) {
  if (!value) {
    std::string message = llvm::toString(value.takeError());
    ADD_FAILURE() << message;
    throw std::runtime_error(message);
  }
  return std::move(*value);
}

class KernelRunner {
public:
  explicit KernelRunner(int lanes, LoopVariant variant = LoopVariant::Plain)
      : lanes(lanes), variant(variant) {
    mlir::DialectRegistry registry;
    registerHostBackend(registry);
    context = std::make_unique<mlir::MLIRContext>(registry, mlir::MLIRContext::Threading::DISABLED);
    backend = valueOf(HostBackend::create(valueOf(HostTarget::host(lanes))));
  }

  mlir::OwningOpRef<mlir::ModuleOp> parse(const std::string &kernel) {
    return mlir::parseSourceString<mlir::ModuleOp>(kernel, context.get(), "kernel.mlir");
  }

  /// Fails the test unless `kernel` compiles.
  void load(const std::string &kernel) {
    mlir::OwningOpRef<mlir::ModuleOp> module = parse(kernel);
    ASSERT_TRUE(module) << kernel;
    load(*module);
  }
  void load(mlir::ModuleOp module) {
    HostArtifacts artifacts = valueOf(backend->compile(module, {.variant = variant}));
    llvm::StringRef object(artifacts.object.data(), artifacts.object.size());
    llvm::Expected<JitEngine &> engine = JitEngine::shared();
    ASSERT_TRUE(bool(engine)) << llvm::toString(engine.takeError());
    bool isPlain = variant == LoopVariant::Plain;
    code = valueOf(engine->load("test", object, isPlain ? abi::plainSymbol : abi::streamingSymbol));
  }

  void run(int64_t size, const std::vector<void *> &streams, const std::vector<float> &scalars) {
    callKernel(code.function, size, streams.data(), scalars.data());
    __builtin_ia32_sfence();
  }

  const int lanes;
  const LoopVariant variant;
  std::unique_ptr<mlir::MLIRContext> context;
  std::unique_ptr<HostBackend> backend;
  JitEngine::Loaded code;
};

/// One f32 function of up to three f32 streams a, b, c: `body` computes %y of them.
inline std::string elementwise(const std::string &body) {
  return "bregman.kernel @f scalars (s = %s) streams (a = %a : in f32, b = %b : in f32, "
         "c = %c : in f32, y = %out : out f32) {\n"
         "  bregman.sweep (%x = %a, %p = %b, %q = %c) : f32, f32, f32 {\n" +
         body + "\n    bregman.yield y = %y : f32\n  }\n}\n";
}

/// `count` values from `first` to `last` in even steps, then the edges of f32.
inline std::vector<float> interesting(float first, float last, int count) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i)
    values.push_back(first +
                     (last - first) * static_cast<float>(i) / static_cast<float>(count - 1));
  float inf = std::numeric_limits<float>::infinity();
  float tiny = std::numeric_limits<float>::denorm_min();
  float small = std::numeric_limits<float>::min(), large = std::numeric_limits<float>::max();
  for (float edge : {0.0f, tiny, small, 0.5f, 0.49999997f, 0.50000006f, 1.0f, 1.5f, 2.5f,
                     8388607.5f, 8388609.0f, 16777217.0f, large, inf})
    values.insert(values.end(), {edge, -edge});
  values.push_back(std::numeric_limits<float>::quiet_NaN());
  return values;
}

} // namespace bregman::test
