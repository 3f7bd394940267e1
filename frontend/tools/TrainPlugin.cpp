// Loading LibTorch costs half a second, so only the commands that train do it.
#include "frontend/tools/TrainPlugin.h"

#include "frontend/tools/Places.h"
#include "runtime/Result.h"

#include <dlfcn.h>
#include <filesystem>
#include <iostream>

int bregman::tool::runTrainPlugin(int argc, char **argv) {
  std::string library = libraryPath("libbregman_train.so");
  if (!std::filesystem::exists(library)) {
    std::cerr << "bregman " << argv[1] << ": error: " << library
              << " is missing: this build has no LibTorch; configure with -DBREGMAN_TORCH=ON and a "
                 "LibTorch in CMAKE_PREFIX_PATH\n";
    return int(ErrorKind::Environment);
  }
  void *handle = dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (!handle) {
    std::cerr << "bregman " << argv[1] << ": error: " << dlerror()
              << "; has LibTorch been moved? LD_LIBRARY_PATH may name its folder lib\n";
    return int(ErrorKind::Environment);
  }
  using Main = int (*)(int, char **);
  auto entry = reinterpret_cast<Main>(dlsym(handle, "bregman_train_main"));
  if (!entry) {
    std::cerr << "bregman " << argv[1] << ": error: " << dlerror() << "\n";
    return int(ErrorKind::Internal);
  }
  return entry(argc, argv);
}
