// A folder of its own for each test, and files in it.
#pragma once

#include "frontend/torch/Exception.h"

#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>

namespace bregman::testing {

class TestFolder : public ::testing::Test {
protected:
  TestFolder() {
    const auto *test = ::testing::UnitTest::GetInstance()->current_test_info();
    path = std::filesystem::temp_directory_path() /
           ("bregman-" + std::string(test->test_suite_name()) + "-" + test->name() + "-" +
            std::to_string(getpid()));
    std::filesystem::create_directories(path);
  }
  ~TestFolder() override {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }

  std::string at(const std::string &name) const { return (path / name).string(); }

  std::string write(const std::string &name, const std::string &contents) const {
    std::ofstream(at(name), std::ios::binary) << contents;
    return at(name);
  }

  std::string writeGz(const std::string &name, const std::string &contents) const {
    gzFile file = gzopen(at(name).c_str(), "wb");
    gzwrite(file, contents.data(), unsigned(contents.size()));
    gzclose(file);
    return at(name);
  }

  std::string read(const std::string &name) const {
    std::ifstream file(at(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  std::filesystem::path path;
};

/// The error that `f` throws; one of kind Internal where it throws none.
template <typename F> Error errorOf(F f) {
  try {
    f();
  } catch (const Exception &error) {
    return {error.kind(), error.what()};
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

} // namespace bregman::testing
