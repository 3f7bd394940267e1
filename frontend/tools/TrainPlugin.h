// train and eval: the part of the program that needs LibTorch.
#pragma once

namespace bregman::tool {

/// Loads the training library, which lies beside the program, and hands the command line on.
int runTrainPlugin(int argc, char **argv);

} // namespace bregman::tool
