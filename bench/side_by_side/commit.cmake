# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#
# Writes which commit this is, and whether the tree differs from it, to the header OUTPUT, if that has changed.
cmake_minimum_required(VERSION 3.25)

set(commit "")
if(GIT)
  execute_process(COMMAND ${GIT} describe --always --dirty --abbrev=12 OUTPUT_VARIABLE commit ERROR_QUIET
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
if(NOT commit)
  set(commit "unknown")
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define LARDER_BENCH_COMMIT \"@commit@\"\n" @ONLY)
