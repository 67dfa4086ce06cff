# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#
# The simulator and its program, larder-sim. The library is for this project alone: benches, tests and the demo read
# traces with it.

find_package(ZLIB QUIET)
if(NOT ZLIB_FOUND)
  message(NOTICE "larder: zlib was not found (Debian: zlib1g-dev): no larder-sim")
  return()
endif()
find_path(LARDER_ZSTD_INCLUDE zstd.h)
find_library(LARDER_ZSTD_LIBRARY zstd)
mark_as_advanced(LARDER_ZSTD_INCLUDE LARDER_ZSTD_LIBRARY)

file(GLOB larder_simulator_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/simulator/*.cc)
add_library(larder_simulator STATIC ${larder_simulator_sources})
target_link_libraries(larder_simulator PUBLIC larder larder_internal PRIVATE ZLIB::ZLIB)
set_target_properties(larder_simulator PROPERTIES CXX_EXTENSIONS OFF)
larder_warnings(larder_simulator)
if(LARDER_ZSTD_INCLUDE AND LARDER_ZSTD_LIBRARY)
  target_include_directories(larder_simulator PRIVATE ${LARDER_ZSTD_INCLUDE})
  target_link_libraries(larder_simulator PRIVATE ${LARDER_ZSTD_LIBRARY})
  target_compile_definitions(larder_simulator PUBLIC LARDER_SIMULATOR_ZSTD=1)
else()
  message(NOTICE "larder: zstd was not found (Debian: libzstd-dev): larder-sim cannot read what is packed with it")
endif()

file(GLOB larder_sim_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/simulator/program/*.cc)
larder_program(NAME larder-sim SOURCES ${larder_sim_sources} LIBS larder_simulator)
target_compile_definitions(larder-sim PRIVATE LARDER_VERSION="${PROJECT_VERSION}")
