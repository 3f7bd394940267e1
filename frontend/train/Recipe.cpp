// Recipes: the flags of a run in a JSON file.
#include "frontend/train/Recipe.h"

#include "frontend/torch/Exception.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace bregman::train {

using nlohmann::json;

[[noreturn]] static void refuse(const std::string &path, const std::string &why) {
  raise(ErrorKind::Input, "recipe '" + path + "': " + why);
}

/// One flag's value as a command-line word.
static std::string wordOf(const std::string &path, const std::string &key, const json &value) {
  if (value.is_string())
    return value.get<std::string>();
  if (value.is_number())
    return value.dump();
  refuse(path, "the value of \"" + key +
                   "\" must be a string, a number, true, false or a list of "
                   "strings, and is " +
                   value.dump());
}

std::vector<std::string> readRecipe(const std::string &path) {
  std::ifstream file(path);
  if (!file)
    refuse(path, std::string(std::strerror(errno)) + "; --recipe takes a JSON file of flags");
  json recipe;
  try {
    recipe = json::parse(file, nullptr, /*allow_exceptions=*/true, /*ignore_comments=*/true);
  } catch (const json::parse_error &error) {
    // In front of its words the library says its own name and the place.
    std::string what = error.what();
    if (size_t place = what.find("at line "); place != std::string::npos)
      what = what.substr(place);
    refuse(path, "not JSON " + what);
  }
  if (!recipe.is_object())
    refuse(path, "must be a JSON object whose keys are the names of flags");
  std::vector<std::string> words;
  for (const auto &[key, value] : recipe.items()) {
    std::string flag = "--" + key;
    if (key == "recipe" || key == "resume" || key == "help")
      refuse(path, "\"" + key + "\" can only be given on the command line");
    if (value.is_boolean()) {
      if (value.get<bool>())
        words.push_back(flag);
    } else if (value.is_array()) {
      for (const json &item : value)
        words.push_back(flag + "=" + wordOf(path, key, item));
    } else {
      std::string word = wordOf(path, key, value);
      if (key == "spec" && std::filesystem::path(word).is_relative())
        word = (std::filesystem::path(path).parent_path() / word).lexically_normal().string();
      words.push_back(flag + "=" + word);
    }
  }
  return words;
}

} // namespace bregman::train
