// Asks LLVM what this machine is and has.
#include "codegen/HostTarget.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace bregman {

static bool hasAll(const StringMap<bool> &features, ArrayRef<StringRef> names) {
  return all_of(names, [&](StringRef name) { return features.lookup(name); });
}

/// Features that need 512-bit registers or EVEX code.
static bool needsAVX512(StringRef feature) {
  return feature.starts_with("avx512") || feature.starts_with("avx10") || feature == "evex512";
}

Expected<HostTarget> HostTarget::host(int lanes) {
  HostTarget target;
  target.triple = sys::getProcessTriple();
  target.cpu = sys::getHostCPUName();
  if (Triple(target.triple).getArch() != Triple::x86_64)
    return createStringError("kernels are compiled for x86-64 only, and this machine is " +
                             Triple(target.triple).getArchName());
  StringMap<bool> features = sys::getHostCPUFeatures();
  bool has16 = hasAll(features, {"avx512f", "avx512bw", "avx512dq", "avx512vl"});
  bool has8 = hasAll(features, {"avx2", "fma", "f16c"});
  if (!has8)
    return createStringError("kernels need a CPU with AVX2, FMA and F16C; '" + target.cpu +
                             "' lacks them");
  if (lanes != 0 && lanes != 8 && lanes != 16)
    return createStringError("vectors have 8 or 16 lanes, not " + Twine(lanes));
  if (lanes == 16 && !has16)
    return createStringError("16 lanes need a CPU with AVX-512 F, BW, DQ and VL; '" + target.cpu +
                             "' lacks them; take 8 lanes");
  target.lanes = lanes != 0 ? lanes : has16 ? 16 : 8;

  SmallVector<std::string> names;
  for (const auto &feature : features) {
    bool isOn = feature.second && (target.lanes == 16 || !needsAVX512(feature.first()));
    names.push_back((feature.first() + Twine(isOn ? "+" : "-")).str());
  }
  llvm::sort(names);
  for (std::string &name : names)
    name = name.back() + name.substr(0, name.size() - 1);
  target.features = llvm::join(names, ",");
  return target;
}

std::string HostTarget::describe() const {
  return triple + " " + cpu + " " + std::to_string(lanes) + " lanes " + features;
}

} // namespace bregman
