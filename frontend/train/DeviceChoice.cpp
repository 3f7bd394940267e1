// The devices of this machine, as LibTorch knows them.
#include "frontend/train/DeviceChoice.h"

#include "frontend/torch/Exception.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <charconv>

namespace bregman::train {

static const std::string prefix = "cuda:";

/// N of `cuda:N`, 0 of `cuda`, else -1.
static int ordinalOf(const std::string &name) {
  if (name == "cuda")
    return 0;
  if (!name.starts_with(prefix))
    return -1;
  int ordinal = -1;
  const char *begin = name.data() + prefix.size(), *end = name.data() + name.size();
  auto [stop, bad] = std::from_chars(begin, end, ordinal);
  return bad == std::errc() && stop == end && ordinal >= 0 && ordinal < 128 ? ordinal : -1;
}

bool isDeviceName(const std::string &name) { return name == "cpu" || ordinalOf(name) >= 0; }

c10::Device chooseDevice(const std::string &name, bool fast) {
  if (name == "cpu" && fast)
    raise(ErrorKind::Usage, "--fast is for GPUs; on the CPU every value is what IEEE 754 says: "
                            "give --device cuda, or --no-fast");
  if (name == "cpu")
    return c10::kCPU;
  if (!c10::impl::hasDeviceGuardImpl(c10::kCUDA))
    raise(ErrorKind::Environment, "--device " + name +
                                      ": this LibTorch is built for the CPU alone; build Bregman "
                                      "with one for CUDA, or train with --device cpu");
  int ordinal = ordinalOf(name);
  c10::DeviceIndex count = c10::impl::getDeviceGuardImpl(c10::kCUDA)->deviceCount();
  if (count == 0)
    raise(ErrorKind::Environment, "--device " + name +
                                      ": LibTorch finds no CUDA device; see NVIDIA's driver and "
                                      "CUDA_VISIBLE_DEVICES, or train with --device cpu");
  if (ordinal >= count)
    raise(ErrorKind::Usage, "--device " + name + ": LibTorch finds " +
                                (count == 1 ? "one CUDA device, cuda:0"
                                            : std::to_string(count) +
                                                  " CUDA devices, cuda:0 to "
                                                  "cuda:" +
                                                  std::to_string(count - 1)));
  return {c10::kCUDA, c10::DeviceIndex(ordinal)};
}

c10::Device deviceOf(const Network &network) {
  std::vector<at::Tensor> parameters = network.parameters();
  return parameters.empty() ? c10::Device(c10::kCPU) : parameters.front().device();
}

at::Tensor hostCopy(const at::Tensor &tensor) {
  return tensor.detach().to(tensor.options().device(c10::kCPU), /*non_blocking=*/false,
                            /*copy=*/true);
}

} // namespace bregman::train
