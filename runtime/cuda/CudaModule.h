// PTX on its way into a device: modules, one per device that is asked for, made when they are.
#pragma once

#include "runtime/cuda/CudaBinaries.h"
#include "runtime/cuda/Device.h"

#include <map>
#include <mutex>

namespace bregman::cuda {

/// An entry that can be launched.
class Function {
public:
  Function(const Function &) = delete;
  Function &operator=(const Function &) = delete;
  ~Function();

  std::shared_ptr<const Device> device;
  /// Blocks that fill the device.
  unsigned grid = 0;

  /// Launches at most `grid` blocks for `count` pieces of work, none where there are none. The
  /// device is current.
  [[nodiscard]] Status launch(unsigned count, void **parameters, void *stream,
                              const std::string &what) const;

private:
  friend class CudaModule;
  Function() = default;
  void *module = nullptr, *function = nullptr;
};

class CudaModule {
public:
  /// `binaries` is where machine code is looked for and kept; null: it is made in every process.
  CudaModule(std::string name, std::string ptx, std::string symbol,
             std::shared_ptr<CudaBinaries> binaries = nullptr)
      : name(std::move(name)), ptx(std::move(ptx)), symbol(std::move(symbol)),
        binaries(std::move(binaries)) {}

  /// The entry on `device`, which is current. Any thread may call it.
  Result<const Function *> on(const std::shared_ptr<const Device> &device) const;

private:
  Status load(Function &function) const;
  /// The module and its entry, from what is kept or from the text.
  Status loadModule(Function &function) const;
  /// What the driver's compiler makes of a text.
  Result<std::string> link(const std::string &text, const Device &device,
                           const std::string &what) const;

  std::string name, ptx, symbol;
  std::shared_ptr<CudaBinaries> binaries;
  mutable std::mutex mutex;
  mutable std::map<int, std::unique_ptr<Function>> loaded; ///< by ordinal
};

} // namespace bregman::cuda
