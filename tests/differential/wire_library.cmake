# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#
# The comparison of an endpoint with redis-server, and the lines it is made with, once for all who need them.
include_guard(GLOBAL)
include(${CMAKE_CURRENT_LIST_DIR}/../model/model_library.cmake)

add_library(larder_redis_wire STATIC EXCLUDE_FROM_ALL
  ${CMAKE_CURRENT_LIST_DIR}/redis_comparison.cc
  ${CMAKE_CURRENT_LIST_DIR}/redis_subject.cc
  ${CMAKE_CURRENT_LIST_DIR}/resp_client.cc)
target_link_libraries(larder_redis_wire PUBLIC larder_naive_model larder_servers)
set_target_properties(larder_redis_wire PROPERTIES CXX_EXTENSIONS OFF)
larder_warnings(larder_redis_wire)

if(TARGET larder::endpoint)
  add_library(larder_wire STATIC EXCLUDE_FROM_ALL
    ${CMAKE_CURRENT_LIST_DIR}/collection_lines.cc
    ${CMAKE_CURRENT_LIST_DIR}/hash_lines.cc
    ${CMAKE_CURRENT_LIST_DIR}/list_lines.cc
    ${CMAKE_CURRENT_LIST_DIR}/move_lines.cc
    ${CMAKE_CURRENT_LIST_DIR}/set_lines.cc
    ${CMAKE_CURRENT_LIST_DIR}/sorted_set_lines.cc
    ${CMAKE_CURRENT_LIST_DIR}/transaction_lines.cc
    ${CMAKE_CURRENT_LIST_DIR}/wire_comparison.cc)
  target_link_libraries(larder_wire PUBLIC larder_redis_wire larder_model larder::endpoint PRIVATE larder_internal)
  set_target_properties(larder_wire PROPERTIES CXX_EXTENSIONS OFF)
  larder_warnings(larder_wire)
endif()
