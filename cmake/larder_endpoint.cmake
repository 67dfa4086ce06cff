# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#
# The RESP endpoint, larder::endpoint, and larder-server, a program around it. The network and its event loop are
# libuv's.

find_package(libuv MODULE QUIET)
if(NOT libuv_FOUND)
  message(NOTICE "larder: libuv was not found (Debian: libuv1-dev): no larder::endpoint, no larder-server")
  return()
endif()

file(GLOB larder_endpoint_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/endpoint/*.cc)
larder_component(endpoint SOURCES ${larder_endpoint_sources} LIBS libuv::uv $<BUILD_INTERFACE:larder_internal>
                 PKG_CONFIG "libuv >= 1.34")

set_property(SOURCE ${PROJECT_SOURCE_DIR}/lib/endpoint/info.cc ${PROJECT_SOURCE_DIR}/lib/endpoint/server/server_options.cc
             PROPERTY COMPILE_DEFINITIONS LARDER_VERSION="${PROJECT_VERSION}")

file(GLOB larder_server_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/endpoint/server/*.cc)
larder_program(NAME larder-server SOURCES ${larder_server_sources} LIBS larder::endpoint)
target_include_directories(larder-server PRIVATE ${PROJECT_SOURCE_DIR}/lib)
