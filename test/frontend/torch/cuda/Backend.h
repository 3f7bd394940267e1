// A CUDA of LibTorch's for machines without a GPU: tensors of the devices cuda:0 and cuda:1, whose
// memory is that of the driver that stands in for NVIDIA's. No address of theirs is one of the
// host. Loading the library registers it; every operation but copies and views is done on the CPU.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Stream.h>

extern "C" {
#define X(name, ...) int name(__VA_ARGS__);
#include "runtime/cuda/DriverFunctions.def"
#undef X
int cuStreamCreate(void **stream, unsigned flags);
}

namespace bregman::standin {

/// The driver's context of a device, current while this lives.
class InContext {
public:
  explicit InContext(c10::DeviceIndex device);
  ~InContext();
  InContext(const InContext &) = delete;
  InContext &operator=(const InContext &) = delete;
};

/// Throws where a call of the driver has failed.
void expectSuccess(int code, const char *call);

/// Copies, and waits for them, behind what the device's current stream has to do.
void copyIn(c10::Device device, void *to, const void *from, size_t bytes);
void copyOut(c10::Device device, void *to, const void *from, size_t bytes);

/// The driver's handle of a stream; null for the default one.
void *handleOf(c10::Stream stream);

} // namespace bregman::standin
