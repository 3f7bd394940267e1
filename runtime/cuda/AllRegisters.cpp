// A block at least, instead of whatever the text says.
#include "runtime/cuda/AllRegisters.h"

namespace bregman::cuda {

std::string withAllRegisters(std::string ptx) {
  const std::string size = "\n.maxntid ", least = ".minnctapersm ";
  for (size_t at = ptx.find(size); at != ptx.npos; at = ptx.find(size, at)) {
    at = ptx.find('\n', at + 1) + 1;
    size_t old = ptx.compare(at, least.size(), least) == 0 ? ptx.find('\n', at) + 1 - at : 0;
    ptx.replace(at, old, least + "1\n");
  }
  return ptx;
}

} // namespace bregman::cuda
