#include "TrialFiles.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>

using namespace bregman::test;

namespace {

/// A file is quantizers, each after the lines of its messages, `// sound` where there are none.
std::vector<FiledTrial> read(const std::filesystem::path &path) {
  std::vector<FiledTrial> all;
  std::ifstream file(path);
  FiledTrial trial{path.stem().string(), "", "", ""};
  for (std::string line; std::getline(file, line);) {
    bool isInside = !trial.spec.empty();
    if (!isInside && line.starts_with("// ")) {
      trial.messages += line.substr(3) + "\n";
    } else if (!isInside && line.empty()) {
      trial.messages = ""; // the file's own comment
    } else {
      std::smatch name;
      if (std::regex_search(line, name, std::regex("^quantizer (\\w+)")))
        trial.name = name[1];
      trial.spec += line + "\n";
      if (line == "}") {
        all.push_back(trial);
        trial = {trial.file, "", "", ""};
      }
    }
  }
  return all;
}

} // namespace

std::vector<FiledTrial> bregman::test::filedTrials() {
  std::vector<std::filesystem::path> paths;
  std::filesystem::path folder = std::string(BREGMAN_SOURCE_DIR) + "/test/passes/prove/trials";
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".breg")
      paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<FiledTrial> all;
  for (const auto &path : paths)
    for (FiledTrial &trial : read(path))
      all.push_back(trial);
  return all;
}
