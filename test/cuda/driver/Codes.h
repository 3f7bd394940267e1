// The driver's codes that are used here, and their names and texts.
#pragma once

#include <array>

namespace bregman::standin {

namespace codes {
enum : int {
  Success = 0,
  InvalidValue = 1,
  OutOfMemory = 2,
  NotInitialized = 3,
  NoDevice = 100,
  InvalidDevice = 101,
  InvalidImage = 200,
  InvalidContext = 201,
  NoBinary = 209,
  InvalidPtx = 218,
  UnsupportedPtxVersion = 222,
  InvalidHandle = 400,
  NotFound = 500,
  IllegalAddress = 700,
  LaunchOutOfResources = 701,
  LaunchTimeout = 702,
  IllegalInstruction = 715,
  MisalignedAddress = 716,
  LaunchFailed = 719,
  SystemNotReady = 802,
  SystemDriverMismatch = 803,
  StreamCaptureUnsupported = 900,
  StreamCaptureInvalidated = 901,
  Unknown = 999
};
} // namespace codes

struct Code {
  int code;
  const char *name, *text;
};

inline constexpr std::array knownCodes = {
    Code{0, "CUDA_SUCCESS", "no error"},
    Code{1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    Code{2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    Code{3, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    Code{46, "CUDA_ERROR_DEVICE_UNAVAILABLE", "CUDA-capable device(s) is/are busy or unavailable"},
    Code{100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    Code{101, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    Code{200, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    Code{201, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    Code{209, "CUDA_ERROR_NO_BINARY_FOR_GPU",
         "no kernel image is available for execution on the device"},
    Code{214, "CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error encountered"},
    Code{218, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    Code{222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
         "the provided PTX was compiled with an unsupported toolchain."},
    Code{400, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    Code{500, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    Code{700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    Code{701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    Code{702, "CUDA_ERROR_LAUNCH_TIMEOUT", "the launch timed out and was terminated"},
    Code{715, "CUDA_ERROR_ILLEGAL_INSTRUCTION", "an illegal instruction was encountered"},
    Code{716, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    Code{719, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    Code{802, "CUDA_ERROR_SYSTEM_NOT_READY", "system not yet initialized"},
    Code{803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
         "system has unsupported display driver / cuda driver combination"},
    Code{900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
         "operation not permitted when stream is capturing"},
    Code{901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
         "operation failed due to a previous error during capture"},
    Code{999, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

/// Null for a code that is not listed.
inline const Code *findCode(int code) {
  for (const Code &known : knownCodes)
    if (known.code == code)
      return &known;
  return nullptr;
}

/// After these the context is of no more use.
inline bool isSticky(int code) {
  return code == 214 || code == 700 || code == 702 || (code >= 714 && code <= 719) || code == 999;
}

} // namespace bregman::standin
