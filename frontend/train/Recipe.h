// Recipes: the flags of a run in a JSON file, `{"model": "lenet300", "epochs": 40}`.
#pragma once

#include <string>
#include <vector>

namespace bregman::train {

/// The recipe as command-line words, `--model=lenet300 --epochs=40`: what stands behind them on the
/// real command line wins. A relative `spec` is taken from the recipe's folder. Throws an Exception
/// of kind Input.
std::vector<std::string> readRecipe(const std::string &path);

} // namespace bregman::train
