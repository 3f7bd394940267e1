// The memory of the devices. Addresses are no addresses of the host, lie far apart, and are never
// given twice: what is freed stays illegal.
#pragma once

#include "test/cuda/driver/Races.h"

#include <map>
#include <memory>
#include <string>

namespace bregman::standin {

/// What a launch dies of: the driver's code, and what has happened.
struct Fault {
  int code;
  std::string message;
};

struct Allocation {
  uint64_t address = 0, size = 0;
  int device = 0;
  std::vector<uint8_t> bytes;
  std::vector<bool> known; ///< of each byte: somebody has written it
  Traces traces;           ///< one per granule; made by the first launch that comes here

  static constexpr uint64_t granule = 2;
};

class Memory {
public:
  /// 0 where the device has not so much left.
  uint64_t allocate(int device, uint64_t size);
  bool release(uint64_t address);
  /// The allocation that holds all of [address, address + size), or null.
  Allocation *find(uint64_t address, uint64_t size);
  /// Whatever lies next below, for messages.
  std::string describe(uint64_t address) const;
  void releaseAll(int device);

  size_t count() const { return allocations.size(); }
  uint64_t used(int device) const;
  /// Addresses alone, of devices that do nothing: for what the host's side of a launch costs.
  bool idle = false;
  uint64_t capacity = uint64_t(1) << 30; ///< of each device

private:
  std::map<uint64_t, std::unique_ptr<Allocation>> allocations;
  Allocation *last = nullptr;
  uint64_t next = uint64_t(0x7) << 40;
};

} // namespace bregman::standin
