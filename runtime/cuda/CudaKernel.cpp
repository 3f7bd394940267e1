// One launch: the numbers of the step, the kernel, and where it reduces what combines its records.
#include "runtime/cuda/CudaKernel.h"

#include "runtime/cuda/CudaPartition.h"
#include "runtime/cuda/DeviceMemory.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace bregman::cuda {

CudaKernel::CudaKernel(KernelSignature signature, CudaCode code)
    : Kernel(std::move(signature)), title("kernel `" + name() + "`"),
      module(title, std::move(code.ptx), abi::cuda::symbol, std::move(code.binaries)),
      combine(std::move(code.combine)), memory(code.memory ? code.memory : deviceMemory()) {
  assert((combine || std::none_of(streams().begin(), streams().end(),
                                  [](auto &stream) { return isReduction(stream.access); })) &&
         "reductions are combined");
}

std::shared_ptr<const Partition> CudaKernel::partition(std::span<const Segment> segments,
                                                       int) const {
  return std::make_shared<const CudaPartition>(shapeOf(*this), segments, scalars().size());
}

/// The table is made anew, which takes microseconds, but keeps its place.
bool CudaKernel::move(const Partition &opaque, std::span<const Segment>,
                      std::span<const Segment> after) const {
  const auto &partition = static_cast<const CudaPartition &>(opaque);
  CudaPartition moved(shapeOf(*this), after, scalars().size());
  if (moved.total != partition.total || moved.chunks != partition.chunks ||
      moved.combinations != partition.combinations)
    return false;
  partition.image = std::move(moved.image);
  partition.resident.current = false;
  return true;
}

/// Finds the device.
Status CudaKernel::locate(const CudaPartition &partition) const {
  CudaPartition::Resident &resident = partition.resident;
  if (resident.device)
    return std::nullopt;
  Result<std::shared_ptr<const Device>> device = Device::of(partition.anyAddress);
  if (!device)
    return device.error();
  resident.device = *device;
  return std::nullopt;
}

/// Takes memory for the table: of `stream`, unless a graph will read it.
Status CudaKernel::place(const CudaPartition &partition, void *stream, bool isCaptured) const {
  CudaPartition::Resident &resident = partition.resident;
  if (resident.memory.data()) {
    if (isCaptured || stream != resident.stream)
      resident.memory.share();
    return std::nullopt;
  }
  Result<Buffer> made = isCaptured
                            ? Buffer::create(memory, partition.total, partition.anyAddress)
                            : Buffer::borrow(memory, partition.total, partition.anyAddress, stream);
  if (!made)
    return made.error();
  resident.memory = std::move(*made);
  resident.stream = stream;
  resident.current = false;
  return std::nullopt;
}

/// Has the code on the device.
Status CudaKernel::load(const CudaPartition &partition) const {
  const std::shared_ptr<const Device> &device = partition.resident.device;
  if (Result<const Function *> function = module.on(device); !function)
    return function.error();
  if (partition.combinations == 0)
    return std::nullopt;
  Result<const Function *> combining = combine->on(device);
  return combining ? std::nullopt : Status(combining.error());
}

/// Has the table on the device.
Status CudaKernel::settle(const CudaPartition &partition, void *stream) const {
  CudaPartition::Resident &resident = partition.resident;
  if (resident.current)
    return std::nullopt;
  std::vector<char> image = partition.placed(addressOf(resident.memory.data()));
  if (Status bad = memory->copyIn(resident.memory.data(), image.data(), image.size(), stream))
    return bad;
  resident.numbers.clear();
  resident.current = true;
  return std::nullopt;
}

Status CudaKernel::send(const CudaPartition &partition, std::span<const float> scalars,
                        const Draw &draw, void *stream) const {
  CudaPartition::Resident &resident = partition.resident;
  std::vector<char> numbers(partition.drawAt + sizeof(abi::cuda::Draw));
  if (!scalars.empty())
    std::memcpy(numbers.data(), scalars.data(), scalars.size_bytes());
  if (random()) {
    abi::cuda::Draw made{{uint32_t(draw.seed), uint32_t(draw.seed >> 32)}, draw.step, draw.next};
    std::memcpy(numbers.data() + partition.drawAt, &made, sizeof made);
  }
  if (numbers == resident.numbers)
    return std::nullopt;
  const Driver &driver = resident.device->driver;
  BREGMAN_CUDA(driver, title + " on " + resident.device->name, cuMemcpyHtoDAsync_v2,
               addressOf(resident.memory.data()), numbers.data(), numbers.size(), stream);
  resident.numbers = std::move(numbers);
  return std::nullopt;
}

Status CudaKernel::run(const CudaPartition &partition, void *stream) const {
  const std::shared_ptr<const Device> &device = partition.resident.device;
  Result<const Function *> function = module.on(device);
  if (!function)
    return function.error();
  Address base = addressOf(partition.resident.memory.data());
  Address chunks = base + partition.chunksAt, scalars = base, draw = base + partition.drawAt;
  auto count = int32_t(partition.chunks);
  void *parameters[] = {&chunks, &count, &scalars, &draw};
  bool &isHalfDone = partition.resident.isHalfDone;
  if (!isHalfDone)
    if (Status bad = (*function)->launch(partition.chunks, parameters, stream, title))
      return bad;
  if (partition.combinations == 0)
    return std::nullopt;
  isHalfDone = true;
  Result<const Function *> combining = combine->on(device);
  if (!combining)
    return combining.error();
  Address combinations = base + partition.combinationsAt;
  count = int32_t(partition.combinations);
  void *ofCombine[] = {&combinations, &count};
  Status bad = (*combining)->launch(partition.combinations, ofCombine, stream, title);
  isHalfDone = bad.has_value();
  return bad;
}

Status CudaKernel::update(const Partition &opaque, std::span<const float> scalars, const Draw &draw,
                          void *stream) const {
  assert(scalars.size() == Kernel::scalars().size() && "one value per scalar");
  const auto &partition = static_cast<const CudaPartition &>(opaque);
  if (partition.chunks == 0 && partition.combinations == 0)
    return std::nullopt;
  if (Status bad = locate(partition))
    return bad;
  Current current(*partition.resident.device);
  if (current.status())
    return current.status();
  if (Status bad = place(partition, stream, /*isCaptured=*/false))
    return bad;
  if (Status bad = load(partition))
    return bad;
  if (Status bad = settle(partition, stream))
    return bad;
  return send(partition, scalars, draw, stream);
}

Status CudaKernel::launch(const Partition &opaque, std::span<const float> scalars, const Draw &draw,
                          void *stream) const {
  static_cast<const CudaPartition &>(opaque).resident.isHalfDone = false;
  return resume(opaque, scalars, draw, stream);
}

bool CudaKernel::isHalfDone(const Partition &partition) const {
  return static_cast<const CudaPartition &>(partition).resident.isHalfDone;
}

Status CudaKernel::resume(const Partition &opaque, std::span<const float> scalars, const Draw &draw,
                          void *stream) const {
  const auto &partition = static_cast<const CudaPartition &>(opaque);
  if (partition.chunks == 0 && partition.combinations == 0)
    return std::nullopt;
  if (Status bad = locate(partition))
    return bad;
  const Device &device = *partition.resident.device;
  Current current(device);
  if (current.status())
    return current.status();
  int captures = 0;
  BREGMAN_CUDA(device.driver, title + " on " + device.name, cuStreamIsCapturing, stream, &captures);
  if (Status bad = place(partition, stream, captures != 0))
    return bad;
  if (captures)
    return run(partition, stream);
  if (Status bad = settle(partition, stream))
    return bad;
  if (Status bad = send(partition, scalars, draw, stream))
    return bad;
  return run(partition, stream);
}

} // namespace bregman::cuda
