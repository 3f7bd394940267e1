// One run in a folder at a time.
#pragma once

#include <string>

namespace bregman::train {

/// While it lives, no other process trains in this folder. The kernel lets go of it when a process
/// ends, however it ends, and nothing is left in the folder.
class RunLock {
public:
  /// Throws an Exception of kind Environment where another run holds it.
  explicit RunLock(const std::string &folder);
  ~RunLock();
  RunLock(const RunLock &) = delete;
  RunLock &operator=(const RunLock &) = delete;

private:
  int handle;
};

} // namespace bregman::train
