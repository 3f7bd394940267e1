// What LibTorch asks of its CUDA library: whether it is there, and how many devices it has.
#include "test/frontend/torch/cuda/Backend.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

namespace bregman::standin {

/// LibTorch finds it by this name.
class CUDAHooks final : public at::CUDAHooksInterface {
public:
  explicit CUDAHooks(at::CUDAHooksArgs) {}

  void init() const override {}
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return deviceCount() > 0; }
  bool hasCUDA() const override { return deviceCount() > 0; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  int getNumGPUs() const override { return deviceCount(); }
  c10::DeviceIndex deviceCount() const override { return guard().deviceCount(); }
  c10::DeviceIndex current_device() const override { return guard().getDevice().index(); }
  c10::DeviceIndex getCurrentDevice() const override { return current_device(); }

  /// What is random is drawn on the host.
  const at::Generator &getDefaultGenerator(c10::DeviceIndex) const override {
    static const at::Generator generator = at::detail::createCPUGenerator();
    return generator;
  }

private:
  static const c10::impl::DeviceGuardImplInterface &guard() {
    return *c10::impl::getDeviceGuardImpl(c10::kCUDA);
  }
};

} // namespace bregman::standin

namespace at {
using bregman::standin::CUDAHooks;
REGISTER_CUDA_HOOKS(CUDAHooks);
} // namespace at
