// The library of methods: a folder of .breg files, each declaring the quantizer or optimizer of its
// name. Nothing of it is compiled in.
#pragma once

#include <string>
#include <vector>

namespace bregman::spec {

class Library {
public:
  /// An empty folder name is a library without methods.
  explicit Library(std::string folder) : path(std::move(folder)) {}

  /// BREGMAN_SPECS where it is set; else share/bregman/specs beside the library or program that
  /// this code is in, installed or built.
  static Library standard();

  const std::string &folder() const { return path; }
  /// The file of a method, or empty.
  std::string fileOf(const std::string &name) const;
  /// All methods, sorted.
  std::vector<std::string> names() const;

private:
  std::string path;
};

} // namespace bregman::spec
