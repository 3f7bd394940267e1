# Finds LLVM/MLIR 22 and makes it safe to link statically.

find_program(BREGMAN_LLVM_CONFIG NAMES llvm-config-22 REQUIRED)
execute_process(COMMAND ${BREGMAN_LLVM_CONFIG} --prefix
  OUTPUT_VARIABLE BREGMAN_LLVM_PREFIX OUTPUT_STRIP_TRAILING_WHITESPACE)
# "22" alone would be read as 22.0, which the package refuses.
find_package(MLIR 22.1 REQUIRED CONFIG HINTS ${BREGMAN_LLVM_PREFIX}/lib/cmake/mlir)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# Debian's static MLIR archives name the shared libLLVM and libMLIR as their dependencies; with
# those, a library linked statically would load a second LLVM into the process, silently.
foreach(target IN LISTS MLIR_EXPORTED_TARGETS)
  if(TARGET ${target})
    get_target_property(libs ${target} INTERFACE_LINK_LIBRARIES)
    if(libs)
      list(REMOVE_ITEM libs LLVM MLIR)
      set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES "${libs}")
    endif()
  endif()
endforeach()

include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
include_directories(${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
add_link_options(-fuse-ld=lld -B${BREGMAN_LLVM_PREFIX}/bin)
