# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#
# The naive model, the commands and the comparison, once for all who need them.
include_guard(GLOBAL)

# The model itself calls nothing of the library.
add_library(larder_naive_model STATIC EXCLUDE_FROM_ALL
  ${CMAKE_CURRENT_LIST_DIR}/answer.cc
  ${CMAKE_CURRENT_LIST_DIR}/command.cc
  ${CMAKE_CURRENT_LIST_DIR}/command_generator.cc
  ${CMAKE_CURRENT_LIST_DIR}/command_parser.cc
  ${CMAKE_CURRENT_LIST_DIR}/naive_bits.cc
  ${CMAKE_CURRENT_LIST_DIR}/naive_glob.cc
  ${CMAKE_CURRENT_LIST_DIR}/naive_model.cc
  ${CMAKE_CURRENT_LIST_DIR}/naive_numbers.cc
  ${CMAKE_CURRENT_LIST_DIR}/naive_strings.cc
  ${CMAKE_CURRENT_LIST_DIR}/shrink.cc)
target_compile_features(larder_naive_model PUBLIC cxx_std_20)
target_include_directories(larder_naive_model PUBLIC ${PROJECT_SOURCE_DIR}/include ${CMAKE_CURRENT_LIST_DIR}/..)
set_target_properties(larder_naive_model PROPERTIES CXX_EXTENSIONS OFF)
larder_warnings(larder_naive_model)

add_library(larder_model STATIC EXCLUDE_FROM_ALL
  ${CMAKE_CURRENT_LIST_DIR}/cache_driver.cc
  ${CMAKE_CURRENT_LIST_DIR}/comparison.cc
  ${CMAKE_CURRENT_LIST_DIR}/defective_subject.cc
  ${CMAKE_CURRENT_LIST_DIR}/larder_subject.cc
  ${CMAKE_CURRENT_LIST_DIR}/stored_subject.cc)
target_link_libraries(larder_model PUBLIC larder_naive_model larder::larder)
set_target_properties(larder_model PROPERTIES CXX_EXTENSIONS OFF)
larder_warnings(larder_model)
