# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#
# libuv, also where it brings no configuration for CMake, as Debian 12's does not. Target: libuv::uv.
find_path(libuv_INCLUDE_DIR uv.h)
find_library(libuv_LIBRARY uv)
mark_as_advanced(libuv_INCLUDE_DIR libuv_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(libuv REQUIRED_VARS libuv_LIBRARY libuv_INCLUDE_DIR)
if(libuv_FOUND AND NOT TARGET libuv::uv)
  add_library(libuv::uv UNKNOWN IMPORTED)
  set_target_properties(libuv::uv PROPERTIES IMPORTED_LOCATION "${libuv_LIBRARY}"
                                             INTERFACE_INCLUDE_DIRECTORIES "${libuv_INCLUDE_DIR}")
endif()
