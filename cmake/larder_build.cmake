# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#
# How our own targets are compiled: warnings, sanitizers, the inside of the library, programs.

include(GNUInstallDirs)
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})

# Our warnings for one target. As a part of another project Larder adds none, unless LARDER_WERROR asks for them.
function(larder_warnings target)
  if(PROJECT_IS_TOP_LEVEL OR LARDER_WERROR)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                           $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Werror=thread-safety>)
  endif()
  if(LARDER_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(LARDER_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # What g++ finds out while it optimises is wrong in instrumented code. In the release build these are errors.
    target_compile_options(${target} PRIVATE -Wno-array-bounds -Wno-maybe-uninitialized -Wno-nonnull -Wno-restrict
                           -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
endfunction()

# A program under <build>/bin.
#
#   larder_program(NAME larder-demo SOURCES main.cc ... [LIBS SQLite::SQLite3 ...] [INTERNAL])
#
# INTERNAL: it may include the library's own headers ("keyspace/shard.h").
function(larder_program)
  cmake_parse_arguments(PARSE_ARGV 0 arg "INTERNAL" "NAME" "SOURCES;LIBS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_NAME OR NOT arg_SOURCES)
    message(FATAL_ERROR "larder_program(NAME n SOURCES ... [LIBS ...] [INTERNAL]), not: ${ARGV}")
  endif()
  add_executable(${arg_NAME} ${arg_SOURCES})
  target_link_libraries(${arg_NAME} PRIVATE larder::larder ${arg_LIBS} $<$<BOOL:${arg_INTERNAL}>:larder_internal>)
  set_target_properties(${arg_NAME} PROPERTIES CXX_EXTENSIONS OFF)
  larder_warnings(${arg_NAME})
endfunction()

# A library beside the main one, which is asked for by name: larder::<name>, a component for find_package.
#
#   larder_component(name SOURCES a.cc ... [LIBS library...] [PKG_CONFIG module...])
#
# The modules are what pkg-config calls the libraries. larder_components: the targets of those that are built.
set(larder_components "")
function(larder_component name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS;PKG_CONFIG")
  set(target larder_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(larder::${name} ALIAS ${target})
  target_link_libraries(${target} PUBLIC larder PRIVATE ${arg_LIBS})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/lib)
  target_compile_options(${target} PRIVATE $<$<CONFIG:>:-O2> -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
  list(PREPEND arg_PKG_CONFIG "larder = ${PROJECT_VERSION}")
  list(JOIN arg_PKG_CONFIG ", " modules)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF EXPORT_NAME ${name} LARDER_PC_REQUIRES "${modules}")
  larder_warnings(${target})
  set(larder_components ${larder_components} ${target} PARENT_SCOPE)
endfunction()

# What the library, its tests and micro benches share, and nobody outside may see.
add_library(larder_internal INTERFACE)
target_include_directories(larder_internal INTERFACE ${PROJECT_SOURCE_DIR}/lib)
target_link_libraries(larder_internal INTERFACE tsl::robin_map)
if(LARDER_CHECKS)
  target_compile_definitions(larder_internal INTERFACE LARDER_CHECKS=1)
endif()

# Whatever is compiled from here on is instrumented alike.
if(LARDER_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "LARDER_FUZZ needs clang")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(LARDER_SANITIZE)
  add_compile_options(-fsanitize=${LARDER_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LARDER_SANITIZE})
endif()
if(LARDER_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
