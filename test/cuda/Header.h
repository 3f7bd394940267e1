// NVIDIA's cuda.h, where CMake has found it.
#pragma once

#ifdef BREGMAN_CUDA_HEADER
#include BREGMAN_CUDA_HEADER
#endif

#include <type_traits>
