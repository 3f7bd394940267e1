// Memory: where a method's tensors lie. Whoever owns a model's arrays, or what lives between its
// kernels, allocates and copies through it.
#pragma once

#include "runtime/Result.h"

#include <cstddef>
#include <memory>

namespace bregman {

class BREGMAN_API Memory {
public:
  virtual ~Memory();

  /// At least `bytes` bytes, aligned for any stream; what they hold is not said. Where there are
  /// several devices, `near` names the one: an address that lies there, or null for the first.
  virtual Result<void *> allocate(size_t bytes, const void *near = nullptr) = 0;
  virtual void release(void *address) = 0;
  /// The same for the work of one stream, which gets it back while it may still be at work there:
  /// who borrows it next works on that stream too, hence later. What other streams, or graphs, have
  /// come to know is released instead.
  virtual Result<void *> borrow(size_t bytes, const void *near, void *stream) {
    return allocate(bytes, near);
  }
  virtual void giveBack(void *address) { release(address); }
  /// From one place to another in this memory, from the host, and to the host. Copies are ordered
  /// with the launches on `stream`; only copyOut waits.
  [[nodiscard]] virtual Status copy(void *to, const void *from, size_t bytes, void *stream) = 0;
  [[nodiscard]] virtual Status copyIn(void *to, const void *from, size_t bytes, void *stream) = 0;
  [[nodiscard]] virtual Status copyOut(void *to, const void *from, size_t bytes, void *stream) = 0;
  /// Whether what is asked of `stream` is not done now but becomes part of a graph, which is
  /// replayed later. `near` lies where the stream is.
  virtual Result<bool> captures(void *stream, const void *near) { return false; }
};

/// The memory of this process, which is never short of an answer: what it has not, aborts.
BREGMAN_API std::shared_ptr<Memory> hostMemory();

/// A piece of memory that gives itself back.
class BREGMAN_API Buffer {
public:
  Buffer() = default;
  Buffer(Buffer &&other) noexcept;
  Buffer &operator=(Buffer &&other) noexcept;
  ~Buffer();

  /// Of no bytes there is nothing: data() is null.
  static Result<Buffer> create(std::shared_ptr<Memory> memory, size_t bytes,
                               const void *near = nullptr);
  /// Memory for the work of `stream` alone.
  static Result<Buffer> borrow(std::shared_ptr<Memory> memory, size_t bytes, const void *near,
                               void *stream);
  /// Not of that stream alone any more.
  void share() { borrowed = false; }

  void *data() const { return address; }
  size_t size() const { return bytes; }

private:
  std::shared_ptr<Memory> memory;
  void *address = nullptr;
  size_t bytes = 0;
  bool borrowed = false;
};

} // namespace bregman
