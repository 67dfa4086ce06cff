#!/usr/bin/env bash
# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#
# side_by_side_test.sh <larder-bench>: each contender has one name and answers as a cache should, "policies" is each
# eviction policy once, and no name breaks the table.
set -euo pipefail
bench=$1

fail() { echo "$*" >&2; exit 1; }

list=$("$bench" --list)
names=$(awk '/^[^ ]/ { missing = /^Not in this build/ } /^  / && !missing { print $1 }' <<<"$list")
twice=$(sort <<<"$names" | uniq -d)
[[ -z $twice ]] || fail "listed twice: $twice"
for name in larder{,+ttl,+near-ttl} larder-{lru,lfu,random}{,+ttl} larder-{adaptive,redis-lfu+ttl} no-cache; do
  grep -qx -- "$name" <<<"$names" || fail "not listed: $name"
done
! awk '/^When named/ { exit } { print }' <<<"$list" | grep -q 'larder-' || fail "a policy runs by default: $list"

# run <peers>: the rows of the report's tables, the peer and its policy first.
run() {
  "$bench" --peers "$1" --entries 1k --rounds 3 --seconds 0.001 --only get-hit,insert --keys zipf 2>/dev/null | awk '
    /^  peer / { columns = NF; table = 1; next }
    !/^  / { table = 0 }
    table { print $1, $2, length($0) }'
}

# The tables: one line of the same length for each, in the row that all take part in.
table=$(run "$(paste -sd, <<<"$names")" | awk '!seen[$1]++')
diff <(sort <<<"$names") <(cut -d ' ' -f 1 <<<"$table" | sort) || fail "the table does not have each contender"
[[ $(cut -d ' ' -f 3 <<<"$table" | sort -u | wc -l) == 1 ]] || fail "lines of different lengths: $table"

# "policies": those that the list names after their policy, each with it on, and twice in the rows.
diff <(awk '{ print $1 }' <<<"$names" | grep '^larder-' | grep -v -e '+' -e '^larder-libc' | sort) \
     <(run policies | awk '$1 != "sharded-lru" && $1 == "larder-" $2 && ++rows[$1] == 2 { print $1 }' | sort) ||
  fail "--peers policies is not each policy"

status=0
said=$("$bench" --peers larder-lru,larder-nobody 2>&1) || status=$?
[[ $status == 2 && $said == *"'larder-nobody' is unknown"*--list* ]] || fail "a name that nobody has: status $status, $said"
