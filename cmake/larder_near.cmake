# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#
# The near cache, larder::redis: a cache in front of a remote Redis.

find_package(hiredis MODULE QUIET)
if(NOT hiredis_FOUND)
  message(NOTICE "larder: hiredis was not found (Debian: libhiredis-dev): no larder::redis")
  return()
endif()

file(GLOB larder_near_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/near/*.cc)
larder_component(redis SOURCES ${larder_near_sources} LIBS hiredis::hiredis $<BUILD_INTERFACE:larder_internal>
                 PKG_CONFIG hiredis)
