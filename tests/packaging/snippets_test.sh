#!/usr/bin/env bash
# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#
# snippets_test.sh <compiler> <include folder> <document>: each block of C++ in the document compiles, after snippets.h,
# as it stands or, if it is no program, as the body of a function.
set -euo pipefail
compiler=$1 include=$2 document=$3
here=$(dirname "$0")

# One unit: each block in a namespace of its own, its includes before that. Errors name the line of the document.
unit=$(awk -v document="$document" '
  /^```/ { if (inside) close_block(); inside = !inside && /^```cpp$/; body = ""; includes = ""; program = 0; next }
  !inside { next }
  /^int main/ { program = 1 }
  /^#include/ { includes = includes $0 "\n"; next }
  { body = body "#line " NR " \"" document "\"\n" $0 "\n" }
  function close_block() {
    before = program ? "" : "larder::Status snippet() {\n"
    after = program ? "" : "return {};\n}\n"
    print includes "namespace block_" (++count) " {\n" before body after "}"
  }' "$document")
echo "$document: $(grep -c '^namespace block_' <<<"$unit") blocks"
"$compiler" -std=c++20 -I "$include" -Wall -Wextra -Wno-return-type -Wno-unused -Werror -fsyntax-only -include "$here/snippets.h" \
  -x c++ - <<<"$unit"
