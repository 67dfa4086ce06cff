# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#
# Stores to put behind a cache, each a library of its own, and the suite that tries stores. They are what a user could
# write: they see the public headers only (tests/tidy).

# larder_store(folder name [LIBS library...] [PKG_CONFIG module...]): lib/stores/<folder> becomes larder::<name>.
macro(larder_store folder name)
  file(GLOB_RECURSE larder_store_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/stores/${folder}/*.cc)
  larder_component(${name} SOURCES ${larder_store_sources} ${ARGN})
endmacro()

find_package(SQLite3 QUIET)
find_package(PostgreSQL 14 QUIET)  # the pipeline mode of libpq
find_package(hiredis MODULE QUIET)

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
