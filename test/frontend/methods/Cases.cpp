#include "Cases.h"

#include <filesystem>
#include <fstream>
#include <ostream>

using namespace published;

static const std::vector<std::string> &general() {
  static const std::vector<std::string> names = {"sgd",   "momentum", "nesterov", "adam",
                                                 "adamw", "rmsprop",  "lion",     "adagrad",
                                                 "nadam", "signum"};
  return names;
}

const std::vector<Method> &published::methods() {
  // beta grows to about 11 over a run.
  static const std::map<std::string, double> growing = {{"growth", 1.05}, {"period", 20}};
  // The kernels' distances are about three times the largest measured under any optimizer.
  static const std::vector<Method> all = {
      {.name = "float", .kernel = 4e-5},
      {.name = "md_tanh_s", .arguments = growing, .kernel = 3e-4},
      {.name = "md_tanh", .arguments = growing, .lr = 0.001, .kernel = 1.5e-5},
      {.name = "gd_tanh", .arguments = growing, .kernel = 1.2e-3},
      {.name = "md_ternary_s", .arguments = growing, .kernel = 2e-4},
      {.name = "md_levels_s", .arguments = growing, .kernel = 3e-4},
      {.name = "md_softmax_s", .arguments = growing, .kernel = 3e-4},
      {.name = "md_softmax", .arguments = growing, .lr = 0.001, .kernel = 1e-5},
      // The sign of a momentum that is near 0 is another one.
      {.name = "pmf", .arguments = growing, .kernel = 8e-4, .parted = {{"signum", 50}}},
      {.name = "pgd", .arguments = growing, .kernel = 3e-5},
      {.name = "picm", .kernel = 0},
      {.name = "proxquant", .arguments = {{"rate", 0.5}, {"freeze_epoch", 15}}, .kernel = 6e-6},
      {.name = "proxquant_ternary",
       .arguments = {{"rate", 0.5}, {"freeze_epoch", 15}},
       .lr = 0.013,
       .kernel = 1e-5},
      {.name = "proxquant_2bit", .arguments = {{"rate", 0.5}}, .kernel = 5e-5},
      {.name = "binary_connect", .lr = 0.013, .kernel = 0},
      {.name = "binary_connect_stochastic", .kernel = 0},
      {.name = "ste_clipped", .kernel = 0},
      // What is a step of size 2 - 2 |x| of 0 at |x| = 1 stays there for as long as rounding has
      // it.
      {.name = "approx_sign", .lr = 0.013, .kernel = 0, .parted = {{"rmsprop", 1000}}},
      {.name = "binary_relax", .arguments = {{"growth", 1.2}, {"hard_epoch", 15}}, .kernel = 5e-6},
      {.name = "parq",
       .arguments = {{"start", 100}, {"stop", 700}, {"steepness", 10}},
       .kernel = 1.3e-3,
       .parted = {{"adamw", 3}, {"lion", 3}}},
      {.name = "bitnet", .kernel = 3e-6},
      {.name = "bwn", .arguments = {{"gain", 1}}, .lr = 0.013, .kernel = 1e-5},
      {.name = "twn", .kernel = 4e-6},
      {.name = "lab",
       .optimizers = {"adam", "adamw", "nadam", "rmsprop"},
       .lr = 0.013,
       .kernel = 3e-6},
      {.name = "laq",
       .optimizers = {"adam", "adamw", "nadam", "rmsprop"},
       .lr = 0.013,
       .kernel = 3e-6},
      // Farther from 0 than its bound, where x / s would lose its digits.
      {.name = "lsq", .lr = 0.001, .kernel = 4e-5, .parted = {{"rmsprop", 2000}}},
      {.name = "ttq", .arguments = {{"ratio", 0.05}}, .kernel = 5e-5},
      // The derivative is multiplied with up to 200.
      {.name = "quantization_networks", .lr = 1e-5, .kernel = 1.3e-3},
      {.name = "dorefa", .kernel = 4e-5},
      {.name = "dorefa_pd", .kernel = 3e-6, .parted = {{"momentum", 3}}},
      {.name = "ir_net", .kernel = 0},
      {.name = "slb", .arguments = {{"growth", 1.15}}, .kernel = 8e-4},
      {.name = "bayes_bnn", .arguments = {{"n", 5}, {"decay", 1}}, .kernel = 8e-6},
      {.name = "lc", .arguments = {{"mu0", 0.1}, {"growth", 1.3}, {"period", 2}}, .kernel = 1e-5},
      {.name = "admm", .arguments = {{"rho", 0.1}}, .kernel = 1.2e-5},
      {.name = "admm_q", .arguments = {{"rho", 0.1}}, .kernel = 1.2e-5},
      {.name = "binary", .optimizers = {"bop"}, .kernel = 0},
  };
  return all;
}

std::ostream &published::operator<<(std::ostream &stream, const Case &test) {
  return stream << test.method.name << "_" << test.optimizer << (test.weightDecay ? "_decay" : "");
}

static bool isInLibrary(const std::string &name) {
  return std::filesystem::exists(std::string(SPECS) + "/" + name + ".breg");
}

std::vector<Case> published::cases(bool ofKernels) {
  std::vector<Case> all;
  for (const Method &method : methods()) {
    if (!isInLibrary(method.name) || (ofKernels && !method.kernel))
      continue;
    std::vector<std::string> optimizers = method.optimizers;
    if (optimizers.empty()) {
      optimizers = general();
      if (method.name == "admm")
        optimizers.push_back("extragradient");
    }
    for (const std::string &optimizer : optimizers) {
      if (!isInLibrary(optimizer))
        continue;
      all.push_back({method, optimizer});
      if (hasDecay(optimizer))
        all.push_back({method, optimizer, /*weightDecay=*/1e-3});
    }
  }
  return all;
}

std::vector<std::string> published::trainedQuantizers() {
  std::vector<std::string> names;
  for (const auto &entry : std::filesystem::directory_iterator(SPECS)) {
    std::ifstream file(entry.path());
    std::string line, name = entry.path().stem().string();
    bool isQuantizer = false;
    while (std::getline(file, line))
      isQuantizer |= line.starts_with("quantizer " + name);
    if (entry.path().extension() == ".breg" && isQuantizer && !name.ends_with("_act"))
      names.push_back(name);
  }
  return names;
}
