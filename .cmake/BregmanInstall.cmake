# What `cmake --install` lays down, and the package that find_package(Bregman) finds:
#   Bregman::compiler   libbregman.so and the headers without MLIR
#   Bregman::torch      the optimizer for LibTorch, where it was built
# The headers keep the paths that they have here: #include "frontend/Compiler.h".
include(CMakePackageConfigHelpers)

set(BREGMAN_HEADERS ${CMAKE_INSTALL_INCLUDEDIR}/bregman)
set(BREGMAN_PACKAGE ${CMAKE_INSTALL_LIBDIR}/cmake/Bregman)
set(BREGMAN_SHARE ${CMAKE_INSTALL_DATADIR}/bregman)

# bregman_package(TARGET EXPORTED-NAME SET headers...): a library for users, under the same name in
# this build and in the package.
function(bregman_package target name set)
  add_library(Bregman::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${BREGMAN_HEADERS}>)
  target_compile_features(${target} INTERFACE cxx_std_20)
  install(TARGETS ${target} EXPORT ${set} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT ${set} NAMESPACE Bregman:: DESTINATION ${BREGMAN_PACKAGE})
  foreach(header IN LISTS ARGN)
    get_filename_component(folder ${header} DIRECTORY)
    install(FILES ${PROJECT_SOURCE_DIR}/${header} DESTINATION ${BREGMAN_HEADERS}/${folder})
  endforeach()
endfunction()

if(TARGET BregmanCompiler)
  bregman_package(BregmanCompiler compiler BregmanTargets
    frontend/Compiler.h frontend/Constraint.h runtime/Activator.h runtime/Extent.h runtime/HostProgram.h
    runtime/Kernel.h runtime/Memory.h runtime/Method.h runtime/Result.h runtime/Stepper.h)
  set(BREGMAN_WITH_TORCH OFF)
  if(TARGET BregmanTorch)
    set(BREGMAN_WITH_TORCH ON)
    bregman_package(BregmanTorch torch BregmanTorchTargets
      frontend/torch/Activation.h frontend/torch/Constrained.h frontend/torch/Exception.h frontend/torch/Layer.h
      frontend/torch/Levels.h frontend/torch/Optimizer.h frontend/torch/Options.h)
    install(FILES ${PROJECT_SOURCE_DIR}/.cmake/BregmanTorch.cmake DESTINATION ${BREGMAN_PACKAGE})
  endif()
  configure_package_config_file(${PROJECT_SOURCE_DIR}/.cmake/BregmanConfig.cmake.in
    ${PROJECT_BINARY_DIR}/BregmanConfig.cmake
    INSTALL_DESTINATION ${BREGMAN_PACKAGE} PATH_VARS BREGMAN_SHARE)
  # Until 1.0 any minor version may change what a header says.
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/BregmanConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/BregmanConfig.cmake
    ${PROJECT_BINARY_DIR}/BregmanConfigVersion.cmake DESTINATION ${BREGMAN_PACKAGE})
endif()

# CMake itself leaves out what lies in the project's own folder, as an installed LibTorch in .deps does.
foreach(target BregmanTorch BregmanTrain)
  if(TARGET ${target})
    set_target_properties(${target} PROPERTIES
      INSTALL_RPATH "${CMAKE_INSTALL_RPATH};${BregmanTorch_ROOT}/lib")
  endif()
endforeach()

foreach(target bregman bregman-opt BregmanTrain)
  if(TARGET ${target})
    install(TARGETS ${target}
      RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  endif()
endforeach()
foreach(folder specs recipes data)
  if(IS_DIRECTORY ${PROJECT_SOURCE_DIR}/examples/${folder})
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples/${folder} DESTINATION ${BREGMAN_SHARE})
  endif()
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
