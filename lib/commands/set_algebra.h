// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Intersection, union and difference of sets, shown member by member: nothing is stored but what tells a member that
// was shown. For versions, which stay as they are, with no lock held.
//
// Thread safety: none; versions may be read by different threads.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/key_hash.h"
#include "collections/set.h"
#include "larder/function_ref.h"

namespace larder::commands {

// Until it answers false. What it is shown is valid as long as the sets.
using ShowMember = FunctionRef<bool(std::string_view member)>;

void show_all(const collections::SetView& set, ShowMember show);

// All of these: REQUIRES at least one set. They throw std::bad_alloc.

// The smallest is walked, and its members are looked up in the others, the smaller first. O(its size * sets).
void intersect(const base::KeyHash& hash, std::span<const collections::SetView> sets, ShowMember show);

// O(members of all), and memory for all members but those of the largest; none where there are two.
void unite(const base::KeyHash& hash, std::span<const collections::SetView> sets, ShowMember show);

// What of the first is in none of the others. The members of the first are looked up in the others, the larger first,
// or those of the others are taken from a table of the first: whichever is expected to be less work, as Redis has it.
// O(size of the first * sets), or O(members of all) and memory for those of the first.
void subtract(const base::KeyHash& hash, std::span<const collections::SetView> sets, ShowMember show);

}  // namespace larder::commands
