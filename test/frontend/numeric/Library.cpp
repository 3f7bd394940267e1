// What examples/specs holds is read from the folder; values are drawn by a generator of our own
// seed.
#include "Library.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

using namespace bregman;
using namespace numeric;

namespace {

struct Folder {
  std::map<std::string, Program> programs; ///< by quantizer
  std::vector<std::string> optimizers;
  std::set<std::string> adaptive; ///< quantizers that read the second moment

  Folder() {
    std::set<std::filesystem::path> files;
    // Where the tests were carried elsewhere the environment says where the specs are.
    const char *given = std::getenv("BREGMAN_SPECS");
    for (const auto &entry : std::filesystem::directory_iterator(given && *given ? given : SPECS))
      if (entry.path().extension() == ".breg")
        files.insert(entry.path());
    for (const auto &file : files) {
      Result<Program> loaded = Program::load(file.string());
      if (!loaded)
        throw std::runtime_error(loaded.error().message);
      for (const std::string &name : loaded->optimizers())
        optimizers.push_back(name);
      // Of activations there is no `final`, and nothing to train.
      for (const std::string &name : loaded->quantizers())
        if (name == "float" || hasText(file, "\n  final ")) {
          programs.emplace(name, std::move(*loaded));
          if (hasText(file, "optimizer.v"))
            adaptive.insert(name);
          break;
        }
    }
  }

  static bool hasText(const std::filesystem::path &file, const std::string &part) {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str().find(part) != std::string::npos;
  }
};

} // namespace

static const Folder &folder() {
  static const Folder all;
  return all;
}

std::ostream &numeric::operator<<(std::ostream &stream, const Pair &pair) {
  return stream << pair.quantizer << " by " << pair.optimizer;
}

std::vector<std::string> numeric::quantizers() {
  std::vector<std::string> names;
  for (const auto &[name, program] : folder().programs)
    names.push_back(name);
  return names;
}

std::vector<std::string> numeric::optimizers() { return folder().optimizers; }

std::vector<Pair> numeric::eachQuantizer() {
  std::vector<Pair> all;
  for (const std::string &quantizer : quantizers())
    all.push_back({quantizer, folder().adaptive.count(quantizer) ? "adam" : "momentum"});
  return all;
}

std::vector<Pair> numeric::pairs() {
  // What is done with a quantizer does not depend on the optimizer but for what the latent is: one
  // that is stored, one that is rewritten, one for each level; and whether something is learned.
  std::vector<Pair> all = eachQuantizer(), others;
  for (const std::string &optimizer : optimizers())
    for (const char *quantizer : {"float", "md_tanh_s", "md_tanh", "md_softmax_s", "pmf", "lsq"})
      if (optimizer != "momentum")
        others.push_back({quantizer, optimizer});
  for (size_t i = 0; i < others.size(); i += BREGMAN_TEST_SHARE)
    all.push_back(others[i]);
  all.push_back({"binary", "bop"});
  all.push_back({"admm", "extragradient"});
  return all;
}

std::vector<Pair> numeric::usedPairs() {
  // The papers train by plain SGD, by momentum or by Adam; these by others too.
  std::vector<Pair> all = pairs(), used = {{"lc", "nesterov"}, {"parq", "adamw"}};
  for (const std::string &quantizer : quantizers())
    for (const char *optimizer : {"sgd", "momentum", "adam"})
      // Without a second moment there is nothing to weigh by.
      if (!folder().adaptive.count(quantizer) || optimizer == std::string("adam"))
        used.push_back({quantizer, optimizer});
  for (size_t i = 0; i < used.size(); i += BREGMAN_TEST_SHARE) {
    auto same = [&](const Pair &pair) {
      return pair.quantizer == used[i].quantizer && pair.optimizer == used[i].optimizer;
    };
    if (std::none_of(all.begin(), all.end(), same))
      all.push_back(used[i]);
  }
  return all;
}

bool numeric::isPerWeight(const Pair &pair) {
  EmitOptions options;
  options.quantizer = pair.quantizer;
  options.optimizer = pair.optimizer;
  Result<std::string> kernels = program(pair.quantizer).emit("kernel", options);
  if (!kernels)
    throw std::runtime_error(kernels.error().message);
  return kernels->find(" per ") == std::string::npos &&
         kernels->find("bregman.random") == std::string::npos;
}

bool numeric::isParameter(const std::string &name, const std::string &lively) {
  return name == lively || name.ends_with("." + lively);
}

std::string numeric::nameOf(const ::testing::TestParamInfo<Pair> &info) {
  return info.param.quantizer + "_" + info.param.optimizer;
}

const Program &numeric::program(const std::string &quantizer) {
  return folder().programs.at(quantizer);
}

std::shared_ptr<const Method> numeric::compile(const Pair &pair, const CompileOptions &options) {
  auto made = program(pair.quantizer).compile(pair.quantizer, pair.optimizer, options);
  if (!made)
    throw std::runtime_error(made.error().message);
  return *made;
}

Timing numeric::shortRun() { return {.stepsPerEpoch = 2, .steps = 12, .epochs = 6}; }

const std::vector<std::pair<std::string, double>> &numeric::livelyNumbers() {
  static const std::vector<std::pair<std::string, double>> numbers = {
      {"growth", 1.5},       {"period", 2},          {"rate", 0.25},
      {"freeze_epoch", 5},   {"optimizer.lr", 0.05}, {"optimizer.weight_decay", 0.01},
      {"optimizer.mu", 0.8},
  };
  return numbers;
}

std::vector<float> numeric::randomValues(int64_t size, uint64_t seed) {
  std::mt19937_64 generator(seed);
  auto uniform = [&] { return double(generator() >> 11) * 0x1p-53; };
  std::vector<float> values(size);
  for (float &value : values) {
    double magnitude = uniform() < 0.8 ? 1.5 * uniform() : std::pow(10, 5 * uniform() - 4);
    value = float(generator() & 1 ? magnitude : -magnitude);
  }
  return values;
}

const std::vector<float> &numeric::edgeValues() {
  static const std::vector<float> values = [] {
    std::vector<float> all;
    for (float value : {0.0f,
                        FLT_TRUE_MIN,
                        1e-40f,
                        FLT_MIN,
                        1e-30f,
                        1e-10f,
                        0.25f,
                        0.5f,
                        std::nextafter(0.5f, 0.0f),
                        std::nextafter(0.5f, 1.0f),
                        std::nextafter(1.0f, 0.0f),
                        1.0f,
                        std::nextafter(1.0f, 2.0f),
                        1.5f,
                        9.0f,
                        88.8f,
                        104.0f,
                        1e10f,
                        1e20f,
                        1e30f,
                        FLT_MAX,
                        INFINITY,
                        NAN}) {
      all.push_back(value);
      all.push_back(-value);
    }
    return all;
  }();
  return values;
}
