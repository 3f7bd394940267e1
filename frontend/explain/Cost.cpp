// What a step costs per weight, read off its kernels: streams give the bytes, and the operations
// are counted once everything is arithmetic.
#include "frontend/explain/Explain.h"
#include "frontend/explain/Page.h"

#include "codegen/Passes.h"

#include "mlir/IR/TypeUtilities.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

using namespace mlir;
using namespace bregman;

namespace {

struct Cost {
  int sweeps = 0;
  double bytes = 0, operations = 0, divisions = 0;
  bool expanded = false; ///< so that operations could be counted
};

/// Bytes of all kernels of a step per weight; those over an extent are of no weight.
void countBytes(KernelOp kernel, Cost &cost) {
  if (kernel.getOver())
    return;
  ++cost.sweeps;
  for (unsigned stream = 0; stream < kernel.getStreams().size(); ++stream) {
    if (kernel.extentOf(stream))
      continue;
    Type type = cast<TypeAttr>(kernel.getStorage()[stream]).getValue();
    int times = kernel.isRead(stream) + kernel.isWritten(stream);
    int64_t bytes = levelCount(type) * getElementTypeOrSelf(type).getIntOrFloatBitWidth() / 8;
    cost.bytes += double(times * bytes);
  }
}

/// Operations on numbers that differ from weight to weight; an fma counts as two.
void countOperations(KernelOp kernel, Cost &cost) {
  if (kernel.getOver())
    return;
  for (auto sweep : kernel.getBody().getOps<SweepOp>()) {
    llvm::DenseSet<Value> perWeight;
    for (BlockArgument argument : sweep.getBody().getArguments())
      perWeight.insert(argument);
    for (Operation &op : sweep.getBody().front().without_terminator()) {
      if (op.getNumResults() != 1 || llvm::none_of(op.getOperands(), [&](Value operand) {
            return perWeight.contains(operand);
          }))
        continue;
      perWeight.insert(op.getResult(0));
      if (isa<math::FmaOp>(op))
        cost.operations += 2;
      else if (isa<arith::DivFOp, math::SqrtOp>(op))
        ++cost.operations, ++cost.divisions;
      else if (!isa<arith::BitcastOp, vector::BroadcastOp>(op))
        ++cost.operations;
    }
  }
}

std::string format(const char *pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

/// Bytes and operations of the kernels whose names contain `phase`.
Cost costOf(ModuleOp kernels, StringRef phase) {
  Cost cost;
  for (auto kernel : kernels.getOps<KernelOp>())
    if (kernel.getSymName().contains(phase))
      countBytes(kernel, cost);
  // What is in double stays on the host.
  OwningOpRef<ModuleOp> copy = ModuleOp::create(kernels.getLoc());
  for (auto kernel : kernels.getOps<KernelOp>())
    if (kernel.getSymName().contains(phase))
      copy->push_back(kernel->clone());
  PassManager manager(kernels.getContext());
  manager.addPass(createExpandValues());
  manager.addPass(createUnrollLevels());
  manager.addPass(createExpandFunctions());
  manager.addPass(createCSEPass());
  cost.expanded = succeeded(manager.run(*copy));
  if (cost.expanded)
    for (auto kernel : copy->getOps<KernelOp>())
      countOperations(kernel, cost);
  return cost;
}

void writeCost(explain::Page &page, const Cost &cost, double bandwidth) {
  page.line("sweeps", cost.sweeps == 1
                          ? "1"
                          : std::to_string(cost.sweeps) + ", one after each chain of reductions");
  page.line("memory", format("%.0f", cost.bytes) + " bytes read and written");
  if (cost.expanded)
    page.line("arithmetic", format("%.0f", cost.operations) + " operations, " +
                                format("%.0f", cost.divisions) + " of them divisions or roots");
  page.line("time", format("%.2f", cost.bytes / bandwidth * 1e9) +
                        " ns for the bytes at this machine's " + format("%.0f", bandwidth / 1e9) +
                        " GB/s, one thread; " + format("%.1f", cost.operations / cost.bytes) +
                        " operations per byte");
}

} // namespace

std::string explain::describeCost(ModuleOp kernels, ElementType element, double bandwidth) {
  Page page;
  page.section("Cost of a step, per weight");
  std::string names;
  double stored = 0;
  for (auto method : kernels.getOps<MethodOp>())
    for (auto value : method.getBody().getOps<StoredOp>()) {
      // What the parameter itself holds is no array of its own.
      bool isStream = false;
      for (auto kernel : kernels.getOps<KernelOp>())
        isStream |= llvm::is_contained(kernel.getStreams(), value.getNameAttr());
      if (!isStream)
        continue;
      std::string of = value.getName().str();
      if (ExtentAttr extent = value.getExtentAttr())
        of += " (per " + stringifyScope(extent.getScope()).str() + ")";
      else
        stored += 4 * levelCount(value.getType());
      if (levelCount(value.getType()) > 1)
        of += "[" + std::to_string(levelCount(value.getType())) + "]";
      names += (names.empty() ? "" : ", ") + of;
    }
  page.line("stored", names.empty()
                          ? "nothing beside the parameter"
                          : names + ": " + format("%.0f", stored) +
                                " bytes beside the parameter's " + std::to_string(sizeOf(element)));
  writeCost(page, costOf(kernels, ".step"), bandwidth);
  return std::move(page.text);
}

std::string explain::describeActivationCost(ModuleOp kernels, double bandwidth) {
  Page page;
  page.section("Cost of the forward pass, per element");
  writeCost(page, costOf(kernels, ".forward"), bandwidth);
  page.section("Cost of the backward pass, per element");
  writeCost(page, costOf(kernels, ".backward"), bandwidth);
  return std::move(page.text);
}

double explain::measureBandwidth() {
  constexpr size_t count = size_t(8) << 20; // three arrays of 32 MiB: larger than a core's share
  std::vector<float> a(count, 1), b(count, 2), c(count, 3);
  double best = 0;
  for (int round = 0; round < 4; ++round) {
    auto start = std::chrono::steady_clock::now();
    for (size_t i = 0; i < count; ++i) {
      float sum = a[i] + 0.5f * b[i];
      b[i] = sum;
      c[i] += sum;
    }
    std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    best = std::max(best, 5 * sizeof(float) * count / time.count());
  }
  return best;
}
