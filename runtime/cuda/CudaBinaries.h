// Machine code of a device between processes: what CudaModule asks before it has the driver compile
// PTX, and tells afterwards. Keeping it is somebody else's business.
#pragma once

#include <string>

namespace bregman::cuda {

/// All that decides what the driver's compiler makes of a text.
struct BinaryIdentity {
  const std::string &ptx;
  std::string chip;    ///< the device's own, `9.0`, whatever the text was made for
  int driver = 0;      ///< the version of CUDA that the driver is one of, 12040
  std::string options; ///< what the compiler is told beside the text
};

class CudaBinaries {
public:
  virtual ~CudaBinaries();

  /// What was kept, or nothing. Any thread may call these.
  virtual std::string find(const BinaryIdentity &identity) = 0;
  virtual void keep(const BinaryIdentity &identity, const std::string &binary) = 0;
  /// What find() gave is refused by the driver; it is made again and kept in its place.
  virtual void refused(const BinaryIdentity &identity, const std::string &why) = 0;
};

} // namespace bregman::cuda
