// A binary is a line that says what follows, and the text.
#include "test/cuda/driver/Image.h"
#include "test/cuda/driver/Numbers.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace bregman::standin {

static constexpr char magic[] = "\177ELF of the stand-in";

/// FNV-1a.
static uint64_t checksumOf(const std::string &text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char byte : text)
    hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

std::string binaryOf(const std::string &text, int chip) {
  char head[96];
  std::snprintf(head, sizeof head, "%s %d %zu %016llx\n", magic, chip, text.size(),
                static_cast<unsigned long long>(checksumOf(text)));
  return head + text;
}

std::string textOf(const void *image, int chip) {
  const auto *bytes = static_cast<const char *>(image);
  if (bytes[0] != magic[0])
    return bytes;
  int of = 0;
  size_t size = 0;
  uint64_t checksum = 0;
  const char *numbers = bytes + sizeof magic - 1, *end = nullptr;
  if (std::strncmp(bytes, magic, sizeof magic - 1) == 0)
    end = std::strchr(numbers, '\n');
  std::istringstream header(end ? std::string(numbers, end) : "");
  if (!(header >> of >> size >> std::hex >> checksum))
    throw RefusedImage{codes::InvalidImage, "no binary of this driver"};
  std::string text(end + 1, size);
  if (checksumOf(text) != checksum)
    throw RefusedImage{codes::InvalidImage, "a damaged binary"};
  // Later chips of a generation run an earlier one's code.
  if (of / 10 != chip / 10 || of > chip)
    throw RefusedImage{codes::NoBinary, "a binary for sm_" + std::to_string(of)};
  return text;
}

void checkVersions(const Program &program, int chip) {
  if (program.chip > chip)
    throw RefusedImage{codes::InvalidPtx, ".target sm_" + std::to_string(program.chip) +
                                              " is higher than the device's sm_" +
                                              std::to_string(chip)};
  // CUDA 12.0 takes PTX 8.0, 13.0 takes 9.0.
  const char *given = std::getenv("BREGMAN_STANDIN_VERSION");
  int version = given ? leadingNumber(given) : 13000;
  int newest = (version / 1000 - 4) * 10 + version % 1000 / 10;
  if (program.version > newest)
    throw RefusedImage{codes::UnsupportedPtxVersion,
                       "PTX " + std::to_string(program.version / 10) + "." +
                           std::to_string(program.version % 10) + " is newer than the driver"};
}

LogOptions::LogOptions(unsigned count, const int *options, void **values) {
  for (unsigned i = 0; i < count; ++i) {
    if (options[i] == 5)
      buffer = static_cast<char *>(values[i]);
    if (options[i] == 6)
      size = reinterpret_cast<uintptr_t>(values[i]);
  }
}

int LogOptions::refuse(State &state, int code, const std::string &why) const {
  if (buffer && size)
    std::snprintf(buffer, size, "%s", why.c_str());
  state.log += why + "\n";
  return code;
}

} // namespace bregman::standin
