// A lock on the folder itself.
#include "frontend/train/RunLock.h"

#include "frontend/torch/Exception.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bregman::train {

RunLock::RunLock(const std::string &folder)
    : handle(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (handle < 0)
    raise(ErrorKind::Environment,
          "cannot open the folder '" + folder + "': " + std::strerror(errno));
  if (flock(handle, LOCK_EX | LOCK_NB) == 0)
    return;
  int why = errno;
  close(handle);
  if (why == EWOULDBLOCK)
    raise(ErrorKind::Environment, "another run is going on in '" + folder +
                                      "'; wait for its end, stop it, or choose another --out");
  raise(ErrorKind::Environment, "cannot lock the folder '" + folder + "': " + std::strerror(why));
}

RunLock::~RunLock() { close(handle); }

} // namespace bregman::train
