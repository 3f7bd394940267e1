// Devices and streams: which are current is a matter of the thread, as with the real ones.
#include "test/frontend/torch/cuda/Backend.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/Exception.h>

#include <array>
#include <mutex>

namespace bregman::standin {

using c10::Device;
using c10::DeviceIndex;
using c10::Stream;

void expectSuccess(int code, const char *call) {
  TORCH_CHECK(code == 0, "CUDA of the tests: ", call, " gives ", code);
}

InContext::InContext(DeviceIndex device) {
  static std::mutex mutex;
  static std::array<void *, 8> contexts = {};
  std::lock_guard lock(mutex);
  void *&context = contexts.at(size_t(device));
  if (!context) {
    expectSuccess(cuInit(0), "cuInit");
    expectSuccess(cuDevicePrimaryCtxRetain(&context, device), "cuDevicePrimaryCtxRetain");
  }
  expectSuccess(cuCtxPushCurrent_v2(context), "cuCtxPushCurrent_v2");
}

InContext::~InContext() { (void)cuCtxPopCurrent_v2(nullptr); }

void *handleOf(Stream stream) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the handle is the stream's number
  return reinterpret_cast<void *>(stream.id());
}

static Stream streamOf(Device device, c10::StreamId id) {
  return Stream(Stream::UNSAFE, device, id);
}

namespace {

thread_local DeviceIndex currentDevice = 0;
thread_local std::array<c10::StreamId, 8> currentStreams = {};

class Guard final : public c10::impl::DeviceGuardImplInterface {
public:
  c10::DeviceType type() const override { return c10::kCUDA; }
  Device getDevice() const override { return {c10::kCUDA, currentDevice}; }
  void setDevice(Device device) const override {
    TORCH_CHECK(device.index() >= 0 && device.index() < deviceCount(),
                "CUDA error: invalid device ordinal");
    currentDevice = device.index();
  }
  void uncheckedSetDevice(Device device) const noexcept override { currentDevice = device.index(); }
  Device exchangeDevice(Device device) const override {
    Device before = getDevice();
    if (device != before)
      setDevice(device);
    return before;
  }
  DeviceIndex deviceCount() const noexcept override {
    int count = 0;
    return cuInit(0) || cuDeviceGetCount(&count) ? DeviceIndex(0) : DeviceIndex(count);
  }

  Stream getStream(Device device) const override {
    return streamOf(device, currentStreams.at(size_t(device.index())));
  }
  Stream getDefaultStream(Device device) const override { return streamOf(device, 0); }
  Stream getNewStream(Device device, int) const override {
    InContext context(device.index());
    void *made = nullptr;
    expectSuccess(cuStreamCreate(&made, 0), "cuStreamCreate");
    return streamOf(device, reinterpret_cast<c10::StreamId>(made));
  }
  Stream exchangeStream(Stream stream) const override {
    c10::StreamId &current = currentStreams.at(size_t(stream.device_index()));
    Stream before = streamOf(stream.device(), current);
    current = stream.id();
    return before;
  }
  void *getStreamNativeHandle(const Stream stream) const override { return handleOf(stream); }
  bool queryStream(const Stream &) const override { return true; }
  void synchronizeStream(const Stream &stream) const override {
    InContext context(stream.device_index());
    expectSuccess(cuStreamSynchronize(handleOf(stream)), "cuStreamSynchronize");
  }

  // All streams' work is done in the order in which it was asked for.
  void record(void **, const Stream &, const DeviceIndex, const c10::EventFlag) const override {}
  void block(void *, const Stream &) const override {}
  bool queryEvent(void *) const override { return true; }
};

C10_REGISTER_GUARD_IMPL(CUDA, Guard);

} // namespace

/// LibTorch's C interface to the same.
extern "C" __attribute__((visibility("default"))) int
aoti_torch_get_current_cuda_stream(int32_t device, void **stream) {
  if (device < 0 || device >= Guard().deviceCount())
    return 1;
  *stream = handleOf(Guard().getStream(Device(c10::kCUDA, DeviceIndex(device))));
  return 0;
}

} // namespace bregman::standin
