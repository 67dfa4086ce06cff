#!/usr/bin/env bash
# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#
# header_test.sh <compiler> <include folder> <header>: the header compiles alone, with warnings as errors, without
# exceptions and RTTI, and does not drag half the standard library in. With both, all others compile it.
set -euo pipefail
compiler=$1 include=$2 header=$3
lines_max=85000

flags=(-std=c++20 -I "$include" -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -x c++)
unit="#include \"$header\""
"$compiler" "${flags[@]}" -fno-exceptions -fno-rtti -fsyntax-only - <<<"$unit"

lines=$("$compiler" "${flags[@]}" -E - <<<"$unit" | wc -l)
echo "$header: $lines preprocessed lines"
((lines <= lines_max)) || { echo "more than $lines_max" >&2; exit 1; }
