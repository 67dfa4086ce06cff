// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The bytes of a whole collection as a store behind the cache has them. The format is described, for who reads or
// writes such rows himself, in docs/stores.md ("The form of a collection"):
//
//   1 byte      the version: 1
//   number      how many fields, elements, or members; at least one
//   items       hash: field, value. List: element. Set: member. Sorted set: 8 bytes of score, the lowest first; member
//
// A number is in 7 bits a byte, the lowest first, the high bit says that there is more; a field, value, element, or
// member has its length before it, as a number.
//
// Fields and members are written in the order of their bytes, those of a sorted set in its own: so equal collections
// have equal bytes, whatever their limits and hashes. For that hashes and sets are sorted: O(n log n). They are read in
// any order.
//
// Thread safety: none for itself; what is written must stay as it is.
#pragma once

#include <string>
#include <string_view>

#include "collections/hash.h"
#include "collections/list.h"
#include "collections/set.h"
#include "collections/sorted_set.h"
#include "larder/status.h"

namespace larder::collections {

// Throw std::bad_alloc.
std::string stored_form(const HashView& hash);
std::string stored_form(const ListView& list);
std::string stored_form(const SetView& set);
std::string stored_form(const SortedSetView& set);

// Puts into an empty draft what the bytes say, and believes nothing of it: kStoreMalformed, and the draft is of no use.
// Where the draft refuses an item, for lack of memory, they end with it: see Draft::refused.
Status read_stored_form(std::string_view bytes, HashDraft& draft);
Status read_stored_form(std::string_view bytes, ListDraft& draft);
Status read_stored_form(std::string_view bytes, SetDraft& draft);
Status read_stored_form(std::string_view bytes, SortedSetDraft& draft);

}  // namespace larder::collections
