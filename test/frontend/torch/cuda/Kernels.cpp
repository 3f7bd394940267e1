// LibTorch's operations on tensors of the devices: memory, views and copies are made here, all else
// is done by the CPU on copies.
#include "test/frontend/torch/cuda/Backend.h"

#include <ATen/EmptyTensor.h>
#include <ATen/core/Tensor.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/set_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/DeviceGuard.h>
#include <torch/library.h>

namespace bregman::standin {

namespace {

using at::IntArrayRef;
using at::Tensor;

const c10::DispatchKeySet keys(c10::DispatchKey::CUDA);

c10::Device deviceOf(std::optional<c10::Device> wanted) {
  c10::Device device = wanted.value_or(c10::kCUDA);
  return device.has_index() ? device : c10::impl::getDeviceGuardImpl(c10::kCUDA)->getDevice();
}

Tensor empty(IntArrayRef size, std::optional<at::ScalarType> type, std::optional<at::Layout>,
             std::optional<c10::Device> device, std::optional<bool>,
             std::optional<at::MemoryFormat> format) {
  c10::DeviceGuard guard(deviceOf(device));
  return at::detail::empty_generic(size, c10::GetAllocator(c10::kCUDA), keys,
                                   c10::dtype_or_default(type), format);
}

Tensor emptyStrided(IntArrayRef size, IntArrayRef stride, std::optional<at::ScalarType> type,
                    std::optional<at::Layout>, std::optional<c10::Device> device,
                    std::optional<bool>) {
  c10::DeviceGuard guard(deviceOf(device));
  return at::detail::empty_strided_generic(size, stride, c10::GetAllocator(c10::kCUDA), keys,
                                           c10::dtype_or_default(type));
}

const Tensor &resize(const Tensor &self, IntArrayRef size, std::optional<at::MemoryFormat>) {
  c10::DeviceGuard guard(self.device());
  size_t bytes = at::detail::computeStorageNbytesContiguous(size, self.element_size(),
                                                            size_t(self.storage_offset()));
  at::StorageImpl *storage = self.storage().unsafeGetStorageImpl();
  if (bytes > storage->nbytes()) {
    c10::DataPtr grown = storage->allocator()->allocate(bytes);
    storage->allocator()->copy_data(grown.get(), storage->data(), storage->nbytes());
    storage->set_data_ptr_noswap(std::move(grown));
    storage->set_nbytes(bytes);
  }
  self.unsafeGetTensorImpl()->set_sizes_contiguous(size);
  return self; // NOLINT(bugprone-return-const-ref-from-parameter): LibTorch's signature
}

/// The bytes from a tensor's first to behind its last element.
size_t extentOf(const Tensor &tensor) {
  return at::detail::computeStorageNbytes(tensor.sizes(), tensor.strides(), tensor.element_size());
}

/// A tensor of the host that lies as `tensor` does, gaps included.
Tensor hostCopy(const Tensor &tensor) {
  Tensor copy =
      at::empty_strided(tensor.sizes(), tensor.strides(), tensor.options().device(at::kCPU));
  copyOut(tensor.device(), copy.mutable_data_ptr(), tensor.const_data_ptr(), extentOf(tensor));
  copy._set_neg(tensor.is_neg());
  return copy;
}

Tensor &copy(Tensor &self, const Tensor &source, bool) {
  if (self.numel() == 0)
    return self;
  Tensor from = source.is_cuda() ? hostCopy(source) : source;
  if (!self.is_cuda())
    return self.copy_(from);
  Tensor to = hostCopy(self); // what lies between its elements stays
  to.copy_(from);
  copyIn(self.device(), self.mutable_data_ptr(), to.const_data_ptr(), extentOf(self));
  return self;
}

Tensor copyAndResize(const Tensor &self, const Tensor &destination) {
  if (destination.sizes() != self.sizes())
    destination.resize_(self.sizes());
  return destination.copy_(self);
}

/// By the CPU too; but that it writes the running statistics its signature does not say.
std::tuple<Tensor, Tensor, Tensor>
batchNorm(const Tensor &input, const std::optional<Tensor> &weight,
          const std::optional<Tensor> &bias, const std::optional<Tensor> &mean,
          const std::optional<Tensor> &variance, bool training, double momentum, double epsilon) {
  auto onHost = [](const std::optional<Tensor> &tensor) {
    return tensor && tensor->defined() ? std::optional<Tensor>(tensor->cpu()) : std::nullopt;
  };
  std::optional<Tensor> hostMean = onHost(mean), hostVariance = onHost(variance);
  auto [output, savedMean, savedScale] =
      at::native_batch_norm(input.cpu(), onHost(weight), onHost(bias), hostMean, hostVariance,
                            training, momentum, epsilon);
  if (training && hostMean)
    mean->copy_(*hostMean);
  if (training && hostVariance)
    variance->copy_(*hostVariance);
  c10::Device device = input.device();
  return {output.to(device), savedMean.to(device), savedScale.to(device)};
}

void onHost(const c10::OperatorHandle &op, torch::jit::Stack *stack) {
  at::native::cpu_fallback(op, stack);
}

} // namespace

TORCH_LIBRARY_IMPL(aten, CUDA, library) {
  library.impl("empty.memory_format", empty);
  library.impl("empty_strided", emptyStrided);
  library.impl("resize_", resize);
  library.impl("copy_", copy);
  library.impl("_copy_from_and_resize", copyAndResize);
  library.impl("as_strided", at::native::as_strided_tensorimpl);
  library.impl("view", at::native::view);
  library.impl("native_batch_norm", batchNorm);
  library.impl("_reshape_alias", at::native::_reshape_alias);
  library.impl("set_.source_Storage_storage_offset", at::native::set_storage_cpu_);
}

TORCH_LIBRARY_IMPL(_, CUDA, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&onHost>());
}

} // namespace bregman::standin
