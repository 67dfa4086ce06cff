# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#
# Stores to put behind a cache, each a library of its own, and the suite that tries stores. They are what a user could
# write: they see the public headers only (tests/tidy).
#
# larder_stores: those that are built.

# larder_store(folder target [LIBS library...] [PKG_CONFIG module...]): lib/stores/<folder> becomes larder::<target>. The
# modules are what pkg-config calls the libraries.
function(larder_store folder export_name)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "LIBS;PKG_CONFIG")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/stores/${folder}/*.cc)
  set(target larder_${export_name})
  add_library(${target} STATIC ${sources})
  add_library(larder::${export_name} ALIAS ${target})
  target_link_libraries(${target} PUBLIC larder PRIVATE ${arg_LIBS})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/lib)
  target_compile_options(${target} PRIVATE $<$<CONFIG:>:-O2> -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
  list(PREPEND arg_PKG_CONFIG "larder = ${PROJECT_VERSION}")
  list(JOIN arg_PKG_CONFIG ", " modules)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF EXPORT_NAME ${export_name}
                                             LARDER_PC_REQUIRES "${modules}")
  larder_warnings(${target})
  set(larder_stores ${larder_stores} ${target} PARENT_SCOPE)
endfunction()

list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
find_package(SQLite3 QUIET)
find_package(PostgreSQL 14 QUIET)  # the pipeline mode of libpq
find_package(hiredis MODULE QUIET)

set(larder_stores "")
larder_store(conformance store_conformance)
if(SQLite3_FOUND)
  larder_store(sqlite sqlite_store LIBS SQLite::SQLite3 PKG_CONFIG "sqlite3 >= 3.24")
else()
  message(NOTICE "larder: SQLite was not found (Debian: libsqlite3-dev): no larder::sqlite_store")
endif()
if(PostgreSQL_FOUND)
  larder_store(postgres postgres_store LIBS PostgreSQL::PostgreSQL PKG_CONFIG "libpq >= 14")
else()
  message(NOTICE "larder: libpq was not found (Debian: libpq-dev): no larder::postgres_store")
endif()
if(hiredis_FOUND)
  larder_store(redis redis_store LIBS hiredis::hiredis PKG_CONFIG hiredis)
else()
  message(NOTICE "larder: hiredis was not found (Debian: libhiredis-dev): no larder::redis_store")
endif()
