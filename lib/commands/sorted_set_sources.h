// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What unions, intersections and differences of sorted sets are made from: sorted sets, plain sets, whose members have
// the score 1, and keys that are not there. And the algebra itself, on versions, with no lock held: its answers are
// views of what the sources hold, in the order of a sorted set.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/key_hash.h"
#include "collections/set.h"
#include "collections/sorted_set.h"
#include "keyspace/multi_key.h"
#include "keyspace/value_copy.h"
#include "larder/sorted_sets.h"

namespace larder::commands {

// A version of one of them.
class Source {
 public:
  static bool takes(keyspace::EntryType type) noexcept {
    return type == keyspace::EntryType::kSet || type == keyspace::EntryType::kSortedSet;
  }
  // Under the shard's lock. REQUIRES: takes(entry.type()).
  void take(const keyspace::Entry& entry) noexcept { value_.take(entry); }
  void reset() noexcept { value_.reset(); }
  const keyspace::ValueCopy& value() const noexcept { return value_; }

  std::uint64_t size() const noexcept { return is_set() ? set().size() : sorted_set().size(); }
  std::optional<double> score(const base::KeyHash& hash, std::string_view member) const noexcept {
    if (!is_set()) return sorted_set().score(hash, member);
    return set().contains(hash, member) ? std::optional(1.0) : std::nullopt;
  }
  // Calls visit(member, score) for each, in no particular order. Some from a cursor on: as of a hash (hash.h).
  template <typename Visit>
  std::uint64_t walk(std::uint64_t cursor, Visit&& visit) const {
    if (!is_set()) return sorted_set().walk(cursor, visit);
    return set().walk(cursor, [&](std::string_view member) { visit(member, 1.0); });
  }
  template <typename Visit>
  void each(Visit&& visit) const {
    std::uint64_t cursor = 0;
    do cursor = walk(cursor, visit);
    while (cursor != 0);
  }

 private:
  bool is_set() const noexcept { return value_.type() == keyspace::EntryType::kSet; }
  collections::SetView set() const noexcept { return view<collections::SetView, collections::LargeSet>(); }
  collections::SortedSetView sorted_set() const noexcept {
    return view<collections::SortedSetView, collections::LargeSortedSet>();
  }
  template <typename View, typename LargeForm>
  View view() const noexcept {
    if (!value_.outside()) return View(collections::Packed(value_.view()));
    return View(static_cast<const LargeForm&>(*value_.outside().large()));
  }

  keyspace::ValueCopy value_;
};

// For a step of a MultiKey: takes what the keys [first, first + sources.size()) hold. False: wait, or kWrongType, which
// is the call's answer then.
bool take_sources(keyspace::MultiKey& keys, std::size_t first, keyspace::Want want, std::span<Source> sources,
                  bool* wrong_type);

// Of `keys`, at one instant; or, if a view looks, one after the other. kWrongType.
Status read_sources(keyspace::Keyspace& keyspace, std::span<const std::string_view> keys, bool looks,
                    std::span<Source> sources);

// kInvalidArgument: weights that are not as many as there are sources, or NaN.
Status check_combination(std::size_t sources, const ZCombineOptions& options);

// REQUIRES: check_combination is ok; at least one source. All may throw std::bad_alloc.
std::vector<MemberScore> unite(const base::KeyHash& hash, std::span<const Source> sources,
                               const ZCombineOptions& options);
std::vector<MemberScore> intersect(const base::KeyHash& hash, std::span<const Source> sources,
                                   const ZCombineOptions& options);
std::vector<MemberScore> subtract(const base::KeyHash& hash, std::span<const Source> sources);
// Counts up to `limit`.
std::uint64_t count_common(const base::KeyHash& hash, std::span<const Source> sources, std::uint64_t limit);

}  // namespace larder::commands
