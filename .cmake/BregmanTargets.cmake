# How Bregman's libraries are built: warnings, sanitizers, one precompiled header.

add_compile_options(-Wall -Wextra -Wno-unused-parameter)
# One kind of code for libraries and programs, so that they can share a precompiled header.
add_compile_options(-fPIC)
# Generated arithmetic and the double oracle must round as written.
add_compile_options(-ffp-contract=off)
add_compile_options(-ffunction-sections -fdata-sections)
add_link_options(-Wl,--gc-sections -Wl,--as-needed)
if(BREGMAN_SANITIZE)
  add_compile_options(-fsanitize=${BREGMAN_SANITIZE} -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${BREGMAN_SANITIZE})
endif()

find_program(BREGMAN_CCACHE ccache)
if(BREGMAN_CCACHE)
  # Precompiled headers are hashed by content, so that a new build in the same place hits too.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${BREGMAN_CCACHE})
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  set(CMAKE_PCH_INSTANTIATE_TEMPLATES ON)
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
endif()

# The headers that nearly every file of the compiler sees.
add_library(BregmanPch OBJECT ${CMAKE_CURRENT_LIST_DIR}/pch.cpp)
target_precompile_headers(BregmanPch PRIVATE ${CMAKE_CURRENT_LIST_DIR}/pch.h)

# bregman_library(NAME sources... [LINK libs...] [DEPENDS targets...]): one static library of the
# compiler. DEPENDS names generated headers.
function(bregman_library name)
  cmake_parse_arguments(ARG "" "" "LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  target_precompile_headers(${name} REUSE_FROM BregmanPch)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# bregman_unit_test(NAME sources... LINK libs...): a GoogleTest program that lit finds and runs.
function(bregman_unit_test name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name}Tests ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name}Tests PRIVATE ${ARG_LINK} GTest::gmock GTest::gtest_main)
  set_target_properties(${name}Tests PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test/unit)
  set_property(GLOBAL APPEND PROPERTY BREGMAN_TEST_DEPENDS ${name}Tests)
endfunction()
