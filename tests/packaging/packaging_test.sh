#!/usr/bin/env bash
# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#
# packaging_test.sh find_package | components | fetch_content | pkg_config: builds and runs the program in outside/ with
# Larder installed from BUILD_DIR, or with its sources in SOURCE_DIR. CMAKE and CXX say with what; COMPONENTS, with
# commas, which components there are.
set -euo pipefail
outside=$SOURCE_DIR/tests/packaging/outside
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"

install() {
  "$CMAKE" --install "$BUILD_DIR" --prefix "$room/first" >install.log || { cat install.log; exit 1; }
  mv first prefix  # an installed tree may be moved
  export LD_LIBRARY_PATH=$room/prefix/lib
}

build_outside() {
  "$CMAKE" -S "$outside" -B build -G Ninja -DCMAKE_CXX_COMPILER="$CXX" "$@"
  "$CMAKE" --build build -j 2
}

case $1 in
  find_package)
    install
    # What only the components need is not looked for.
    build_outside -DWAY=find_package -DCMAKE_PREFIX_PATH="$room/prefix" -DCMAKE_DISABLE_FIND_PACKAGE_tsl-robin-map=ON \
      -DCMAKE_DISABLE_FIND_PACKAGE_SQLite3=ON -DCMAKE_DISABLE_FIND_PACKAGE_PostgreSQL=ON \
      -DCMAKE_DISABLE_FIND_PACKAGE_hiredis=ON -DCMAKE_DISABLE_FIND_PACKAGE_libuv=ON
    build/outside
    ;;
  components)
    install
    build_outside -DWAY=find_package -DCMAKE_PREFIX_PATH="$room/prefix" -DCOMPONENTS="${COMPONENTS//,/;}"
    build/outside
    for component in ${COMPONENTS//,/ }; do "build/uses_$component"; done
    ! "$CMAKE" -S "$outside" -B none -G Ninja -DCMAKE_CXX_COMPILER="$CXX" -DWAY=find_package \
      -DCMAKE_PREFIX_PATH="$room/prefix" -DCOMPONENTS="${COMPONENTS//,/;};no_such_store" 2>none.log ||
      { echo "a component from nowhere" >&2; exit 1; }
    # Words, as CMake breaks lines where it likes.
    said=$(tr -s ' \n' ' ' <none.log)
    [[ $said == *"has no component no_such_store; those that were built with it: ${COMPONENTS//,/, } "* ]] ||
      { echo "not what it lacks and has: $said" >&2; exit 1; }
    ;;
  fetch_content)
    # Not optimised: half the time, and what is to be seen is that it builds.
    build_outside -DWAY=fetch_content -DLARDER_SOURCE_DIR="$SOURCE_DIR" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0
    build/outside
    # Nothing but the library was built.
    extra=$(find build -type f -perm /u+x ! -path '*/CMakeFiles/*' ! -name outside ! -name '*.so*')
    [[ -z $extra ]] || { echo "also built: $extra" >&2; exit 1; }
    ;;
  pkg_config)
    install
    PKG_CONFIG_PATH=$(dirname "$(find "$room/prefix" -name larder.pc)")
    export PKG_CONFIG_PATH
    read -r -a flags <<<"$(pkg-config --cflags --libs larder)"
    "$CXX" -std=c++20 -Wall -Wextra -Werror "$outside/main.cc" "${flags[@]}" -o outside
    ./outside
    for component in ${COMPONENTS//,/ }; do
      read -r -a flags <<<"$(pkg-config --cflags --libs "larder_$component")"
      "$CXX" -std=c++20 -Wall -Wextra -Werror "$outside/uses_$component.cc" "${flags[@]}" -o "uses_$component"
      "./uses_$component"
    done
    ;;
  *) echo "unknown way: $1" >&2; exit 2 ;;
esac
