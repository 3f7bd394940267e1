// Whole files through zlib.
#include "frontend/train/GzFile.h"

#include "frontend/torch/Exception.h"

#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace bregman::train {

std::string readGzFile(const std::string &path, const std::string &remedy) {
  errno = 0;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose_r);
  if (!file)
    raise(ErrorKind::Input,
          "cannot open '" + path + "': " + std::strerror(errno ? errno : ENOMEM) + "; " + remedy);
  gzbuffer(file.get(), 1 << 18);
  std::string contents;
  std::vector<char> buffer(1 << 20);
  for (;;) {
    int got = gzread(file.get(), buffer.data(), unsigned(buffer.size()));
    if (got > 0)
      contents.append(buffer.data(), size_t(got));
    int code = Z_OK;
    const char *text = gzerror(file.get(), &code);
    std::string place =
        "'" + path + "', after " + std::to_string(contents.size()) + " decompressed bytes: ";
    if (code == Z_BUF_ERROR)
      raise(ErrorKind::Input, place + "the file is cut off; " + remedy);
    if (got < 0)
      raise(ErrorKind::Input,
            place + (code == Z_ERRNO ? std::strerror(errno) : text) + "; " + remedy);
    if (got == 0)
      return contents;
  }
}

} // namespace bregman::train
