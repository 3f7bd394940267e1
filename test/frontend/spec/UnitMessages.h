// A file with the library behind it, and what is said of it.
#pragma once

#include "SpecTest.h"

#include "frontend/spec/Unit.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

namespace bregman::spec {

inline Library shipped() { return Library(std::string(BREGMAN_SOURCE_DIR) + "/examples/specs"); }

/// What a check of the text says.
inline std::string checkMessages(const std::string &text, const Library &library = shipped()) {
  Diagnostics diagnostics;
  auto unit = Unit::check(sourceOf(text), library, diagnostics);
  EXPECT_EQ(unit == nullptr, diagnostics.hasErrors());
  std::string out = diagnostics.render();
  // The library's folder differs from machine to machine.
  std::string folder = library.folder() + "/";
  for (size_t at; (at = out.find(folder)) != std::string::npos;)
    out.replace(at, folder.size(), "LIBRARY/");
  return out;
}

/// What is said of a use, such as `adam(lr = 1)`.
inline std::string useMessages(const std::string &text) {
  Diagnostics diagnostics;
  auto unit = Unit::check(sourceOf("quantizer q {}"), shipped(), diagnostics);
  EXPECT_EQ(unit->use(text, diagnostics) == nullptr, diagnostics.hasErrors());
  return diagnostics.render();
}

/// A folder that is gone after the test.
struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "bregman-unit-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  void write(const std::string &name, const std::string &text) const {
    std::ofstream(path / name) << text;
  }
};

} // namespace bregman::spec
