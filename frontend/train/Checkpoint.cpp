// The file of a checkpoint:
//
//   "BREGMANC"  version u32  crc32 u32  size of header u64  size of payload u64  header  payload
//
// little-endian; the checksum covers everything behind it.
#include "frontend/train/Checkpoint.h"

#include "frontend/torch/Exception.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

namespace bregman::train {

static_assert(std::endian::native == std::endian::little, "the file is little-endian");

static const char magic[] = {'B', 'R', 'E', 'G', 'M', 'A', 'N', 'C'};
static const uint32_t version = 1;
static const size_t sumEnd = 16, prefixSize = 32;

std::string checkpointPath(const std::string &folder) { return folder + "/checkpoint.bregman"; }
std::string previousCheckpointPath(const std::string &folder) {
  return folder + "/checkpoint.previous.bregman";
}

[[noreturn]] static void failToWrite(const std::string &path, int why) {
  raise(ErrorKind::Environment, "cannot write '" + path + "': " + std::strerror(why));
}

/// To disk under a name of its own.
static void writeToDisk(const std::string &path, const std::string &contents) {
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0)
    failToWrite(path, errno);
  const char *p = contents.data(), *end = p + contents.size();
  int bad = 0;
  while (p < end && !bad) {
    ssize_t done = write(file, p, size_t(end - p));
    if (done >= 0)
      p += done;
    else if (errno != EINTR)
      bad = errno;
  }
  if (!bad && fsync(file) != 0)
    bad = errno;
  if (close(file) != 0 && !bad)
    bad = errno;
  if (bad) {
    unlink(path.c_str());
    failToWrite(path, bad);
  }
}

/// The new name is on disk only once its folder is.
static void syncFolder(const fs::path &folder) {
  int handle = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0)
    failToWrite(folder.string(), errno);
  int result = fsync(handle);
  int why = errno;
  close(handle);
  // Some file systems have no such operation on folders.
  if (result != 0 && why != EINVAL)
    failToWrite(folder.string(), why);
}

void writeAtomically(const std::string &path, const std::string &contents) {
  std::string fresh = path + ".new";
  writeToDisk(fresh, contents);
  if (rename(fresh.c_str(), path.c_str()) != 0)
    failToWrite(path, errno);
  syncFolder(fs::path(path).parent_path());
}

template <typename T> static void append(std::string &bytes, T value) {
  bytes.append(reinterpret_cast<const char *>(&value), sizeof(T));
}

template <typename T> static T at(const std::string &bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

static uint32_t checksum(const std::string &bytes) {
  return uint32_t(
      crc32_z(0, reinterpret_cast<const Bytef *>(bytes.data()) + sumEnd, bytes.size() - sumEnd));
}

void writeCheckpoint(const std::string &folder, const CheckpointFile &checkpoint) {
  std::string bytes(magic, sizeof magic);
  append(bytes, version);
  append(bytes, uint32_t(0));
  append(bytes, uint64_t(checkpoint.header.size()));
  append(bytes, uint64_t(checkpoint.payload.size()));
  bytes += checkpoint.header;
  bytes += checkpoint.payload;
  uint32_t sum = checksum(bytes);
  std::memcpy(bytes.data() + sumEnd - sizeof sum, &sum, sizeof sum);

  // A second name for the old one first: at no moment is there none.
  std::string current = checkpointPath(folder), previous = previousCheckpointPath(folder);
  std::string fresh = current + ".new";
  writeToDisk(fresh, bytes);
  if (unlink(previous.c_str()) != 0 && errno != ENOENT)
    failToWrite(previous, errno);
  if (link(current.c_str(), previous.c_str()) != 0 && errno != ENOENT)
    failToWrite(previous, errno);
  if (rename(fresh.c_str(), current.c_str()) != 0)
    failToWrite(current, errno);
  syncFolder(folder);
}

CheckpointFile readCheckpoint(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path))
    raise(ErrorKind::Input,
          "cannot open the checkpoint '" + path + "': " + std::strerror(file ? EISDIR : errno));
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto refuse = [&](const std::string &why) {
    std::string remedy;
    fs::path previous = previousCheckpointPath(fs::path(path).parent_path().string());
    if (fs::exists(previous) && previous != path)
      remedy = "\nnote: the one before it is '" + previous.string() +
               "'; move it to this name to go on from there";
    raise(ErrorKind::Input, "the checkpoint '" + path + "' " + why + remedy);
  };
  if (bytes.size() < prefixSize || std::memcmp(bytes.data(), magic, sizeof magic) != 0)
    refuse("is not a checkpoint of Bregman");
  if (at<uint32_t>(bytes, 8) != version)
    refuse("is of version " + std::to_string(at<uint32_t>(bytes, 8)) + ", and this program reads " +
           std::to_string(version));
  uint64_t header = at<uint64_t>(bytes, 16), payload = at<uint64_t>(bytes, 24);
  uint64_t rest = bytes.size() - prefixSize;
  if (header > rest || payload != rest - header)
    refuse("is cut off: it has " + std::to_string(bytes.size()) + " bytes");
  if (at<uint32_t>(bytes, 12) != checksum(bytes))
    refuse("is damaged: its checksum does not fit");
  return {bytes.substr(prefixSize, header), bytes.substr(prefixSize + header)};
}

} // namespace bregman::train
