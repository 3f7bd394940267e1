// Devices of LibTorch's. Its CUDA library is asked through the interfaces that every build has, so
// that one build of ours serves with and without it.
#include "frontend/torch/Device.h"
#include "frontend/torch/Exception.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <dlfcn.h>

namespace bregman {

bool isTrainable(c10::Device device) { return device.is_cpu() || device.is_cuda(); }

std::string compilerNameOf(c10::Device device) {
  return device.is_cuda() ? "cuda:" + std::to_string(int(device.index())) : "host";
}

void refuseFast(bool fast, const std::string &what, c10::Device device) {
  if (fast && !device.is_cuda())
    raise(ErrorKind::Usage, what + " is on " + device.str() +
                                ", and OptimizerOptions().fast(true) is for CUDA devices; move "
                                "the model to one first, or leave `fast` out");
}

void *currentStreamByShim(c10::DeviceIndex device) {
  constexpr const char *name = "aoti_torch_get_current_cuda_stream";
  using Shim = int (*)(int32_t, void **);
  auto shim = reinterpret_cast<Shim>(dlsym(RTLD_DEFAULT, name));
  if (!shim)
    if (void *library = dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_NOLOAD))
      shim = reinterpret_cast<Shim>(dlsym(library, name));
  void *stream = nullptr;
  if (!shim || shim(device, &stream))
    raise(ErrorKind::Environment,
          "LibTorch does not say what the current stream of cuda:" + std::to_string(int(device)) +
              " is; use LibTorch 2.11 to 2.13 with CUDA");
  return stream;
}

/// A template, because not every version's streams have a native_handle().
template <typename Stream> static void *handleOf(const Stream &stream) {
  if constexpr (requires { stream.native_handle(); })
    return stream.native_handle();
  else
    return currentStreamByShim(stream.device_index());
}

void *currentStreamOf(c10::Device device) {
  if (!device.is_cuda())
    return nullptr;
  return handleOf(c10::impl::VirtualGuardImpl(c10::kCUDA).getStream(device));
}

} // namespace bregman
