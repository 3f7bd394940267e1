// The file of a checkpoint: checksummed, written so that a crash at any moment leaves a whole one.
#pragma once

#include <string>

namespace bregman::train {

/// What a checkpoint holds: a JSON text that is read first, and a LibTorch archive.
struct CheckpointFile {
  std::string header, payload;
};

/// Where a run's folder has its checkpoint, and the one before it.
std::string checkpointPath(const std::string &folder);
std::string previousCheckpointPath(const std::string &folder);

/// Writes beside the old one, to disk, and then takes its place; the old one becomes the previous.
/// Throws an Exception of kind Environment.
void writeCheckpoint(const std::string &folder, const CheckpointFile &checkpoint);

/// Throws an Exception of kind Input for a file that is missing, cut off, damaged or of another
/// version.
CheckpointFile readCheckpoint(const std::string &path);

/// Writes a small file whole or not at all, in the same way.
void writeAtomically(const std::string &path, const std::string &contents);

} // namespace bregman::train
