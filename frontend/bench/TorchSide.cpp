// By dlsym: the compiler's library must not need LibTorch.
#include "frontend/bench/TorchSide.h"

#include <dlfcn.h>
#include <filesystem>

using namespace bregman;
using namespace bregman::bench;

Result<TorchSide> TorchSide::load(const std::string &library) {
  TorchSide side;
  if (!std::filesystem::exists(library))
    return side;
  auto failed = [&] {
    return Error{ErrorKind::Environment,
                 "could not load LibTorch's side: " + std::string(dlerror()) +
                     "; --no-torch measures without it"};
  };
  void *handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return failed();
  using Version = const char *(*)();
  side.add = reinterpret_cast<Add>(dlsym(handle, "bregman_torch_contenders"));
  auto version = reinterpret_cast<Version>(dlsym(handle, "bregman_torch_version"));
  if (!side.add || !version)
    return failed();
  side.torchVersion = version();
  return side;
}

std::vector<std::unique_ptr<Contender>> TorchSide::contenders(const Case &measured) const {
  std::vector<std::unique_ptr<Contender>> result;
  if (add)
    add(measured.quantizer.c_str(), measured.optimizer.c_str(), measured.levels, &result);
  return result;
}
