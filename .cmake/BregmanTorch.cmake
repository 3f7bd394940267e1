# BregmanLibTorch: LibTorch 2.11 to 2.13 as one imported target. Only what trains links it.
#
# LibTorch's own package is not used: that of a CUDA build refuses to be found on a machine without
# the CUDA toolkit, which nothing here needs. Also read by an installed Bregman's package.

if(TARGET BregmanLibTorch)
  return()
endif()

if(NOT BREGMAN_TORCH_ROOT)
  set(BREGMAN_TORCH_ROOT "" CACHE PATH "The folder of LibTorch, or of a Python's torch package")
endif()
set(_candidates ${BREGMAN_TORCH_ROOT})
if(NOT BREGMAN_TORCH_ROOT)
  # torch.utils.cmake_prefix_path is two folders below what is looked for.
  foreach(_prefix IN LISTS CMAKE_PREFIX_PATH)
    list(APPEND _candidates ${_prefix} ${_prefix}/../..)
  endforeach()
  if(PROJECT_NAME STREQUAL "Bregman")
    file(GLOB _installed ${PROJECT_SOURCE_DIR}/.deps/torch/lib/python3*/site-packages/torch)
    list(APPEND _candidates ${_installed})
  endif()
  execute_process(COMMAND python3 -c
    "from importlib.util import find_spec as f; print(f('torch').submodule_search_locations[0])"
    OUTPUT_VARIABLE _installed OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  list(APPEND _candidates ${_installed})
endif()

set(_seen "")
foreach(_root IN LISTS _candidates)
  set(_header ${_root}/include/torch/headeronly/version.h)
  if(NOT TARGET BregmanLibTorch AND EXISTS ${_header} AND EXISTS ${_root}/lib/libtorch_cpu.so)
    file(STRINGS ${_header} _lines REGEX "^#define TORCH_VERSION_(MAJOR|MINOR) ")
    string(REGEX REPLACE "[^0-9]*([0-9]+)[^0-9]+([0-9]+).*" "\\1.\\2" _version "${_lines}")
    if(_version VERSION_LESS 2.11 OR _version VERSION_GREATER_EQUAL 2.14)
      string(APPEND _seen "; ${_root} is ${_version}")
      continue()
    endif()
    get_filename_component(_root ${_root} REALPATH)
    set(BregmanTorch_VERSION ${_version} CACHE INTERNAL "")
    set(BregmanTorch_ROOT ${_root} CACHE INTERNAL "")
    add_library(BregmanLibTorch INTERFACE IMPORTED GLOBAL)
    target_include_directories(BregmanLibTorch SYSTEM INTERFACE
      ${_root}/include ${_root}/include/torch/csrc/api/include)
    target_compile_features(BregmanLibTorch INTERFACE cxx_std_20)
    target_link_libraries(BregmanLibTorch INTERFACE
      ${_root}/lib/libtorch_cpu.so ${_root}/lib/libc10.so)
    if(EXISTS ${_root}/lib/libtorch_cuda.so)
      # Nothing refers to it by name: loading it is what registers the device.
      target_link_libraries(BregmanLibTorch INTERFACE
        -Wl,--no-as-needed ${_root}/lib/libtorch_cuda.so ${_root}/lib/libc10_cuda.so
        -Wl,--as-needed)
    endif()
    message(STATUS "LibTorch ${_version}: ${_root}")
  endif()
endforeach()
# The installed package says itself what is missing.
if(NOT TARGET BregmanLibTorch AND PROJECT_NAME STREQUAL "Bregman")
  message(FATAL_ERROR "LibTorch 2.11 to 2.13 was not found${_seen}. Run `make`, which installs it, "
    "or point at one with -DBREGMAN_TORCH_ROOT=DIR, or build without training by "
    "-DBREGMAN_TORCH=OFF.")
endif()
