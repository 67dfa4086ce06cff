// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands that write one sorted set from others, or take from one of several.
#include <vector>

#include "commands/blocking.h"
#include "commands/collections.h"
#include "commands/pop_first.h"
#include "commands/sorted_set_ranges.h"
#include "commands/sorted_set_sources.h"
#include "commands/store_result.h"
#include "larder/sorted_sets.h"

namespace larder {

using commands::Source;
using keyspace::Held;
using keyspace::SortedSetType;
using Draft = SortedSetType::Draft;

namespace {

std::vector<std::string_view> target_and_sources(std::string_view to, std::span<const std::string_view> from) {
  std::vector<std::string_view> keys{to};
  keys.insert(keys.end(), from.begin(), from.end());
  return keys;
}

// combine(sources) answers the members.
template <typename Combine>
Result<std::uint64_t> store_combined(keyspace::Keyspace& keyspace, std::string_view to, const KeyList& from,
                                     const ZCombineOptions& options, Combine&& combine) {
  if (Status status = commands::check_combination(from.size(), options); !status.ok()) return status;
  const auto compute = [&](std::span<const Source> sources, Draft& draft) {
    for (const MemberScore& one : combine(sources)) {
      if (draft.set(one.member, one.score) == collections::Edited::kNoMemory) return;
    }
  };
  return commands::StoredResult<SortedSetType, Source>(keyspace, from.size(), compute)
      .run(target_and_sources(to, from));
}

}  // namespace

Result<std::uint64_t> SortedSets::zunion_store(std::string_view to, const KeyList& keys,
                                               const ZCombineOptions& options) {
  return store_combined(*keyspace_, to, keys, options, [&](std::span<const Source> sources) {
    return commands::unite(keyspace_->environment().hash, sources, options);
  });
}

Result<std::uint64_t> SortedSets::zinter_store(std::string_view to, const KeyList& keys,
                                               const ZCombineOptions& options) {
  return store_combined(*keyspace_, to, keys, options, [&](std::span<const Source> sources) {
    return commands::intersect(keyspace_->environment().hash, sources, options);
  });
}

Result<std::uint64_t> SortedSets::zdiff_store(std::string_view to, const KeyList& keys) {
  return store_combined(*keyspace_, to, keys, {}, [&](std::span<const Source> sources) {
    return commands::subtract(keyspace_->environment().hash, sources);
  });
}

Result<std::uint64_t> SortedSets::zrange_store(std::string_view to, std::string_view from, const MemberRange& range,
                                               const ZRangeOptions& options) {
  if (Status status = commands::check_range(range); !status.ok()) return status;
  const auto compute = [&](std::span<const Held<SortedSetType>> sources, Draft& draft) {
    const SortedSetType::View view = sources[0].view();
    const commands::Walk walk = commands::walk_of(view, range, options);
    view.range(walk.first, walk.count, walk.backwards, [&](std::string_view member, double score) {
      return draft.set(member, score) != collections::Edited::kNoMemory;
    });
  };
  return commands::StoredResult<SortedSetType, Held<SortedSetType>>(*keyspace_, 1, compute)
      .run(target_and_sources(to, {&from, 1}));
}

namespace {

template <typename Popped, typename Keep>
Lookup<Popped> pop_first(keyspace::Keyspace& keyspace, std::span<const std::string_view> keys, std::uint64_t count,
                         bool highest, Keep&& keep) {
  const auto pop = [&](Draft& draft, std::uint64_t n) {
    const std::uint64_t size = draft.view().size();
    highest ? draft.erase_range(size - n, size) : draft.erase_range(0, n);
  };
  return commands::pop_first<SortedSetType, Popped>(keyspace, keys, count, keep, pop, false);
}

Lookup<PoppedMembers> pop_some(keyspace::Keyspace& keyspace, std::span<const std::string_view> keys,
                               std::uint64_t count, bool highest) {
  const auto keep = [highest](PoppedMembers& popped, const SortedSetType::View& before, std::uint64_t n,
                              std::uint64_t bytes_max) {
    popped.members.clear();
    return before.copy(0, n, highest, bytes_max, popped.members);
  };
  return pop_first<PoppedMembers>(keyspace, keys, count, highest, keep);
}

}  // namespace

Lookup<PoppedMembers> SortedSets::zmpop_min(const KeyList& keys, std::uint64_t count) {
  return pop_some(*keyspace_, keys, count, false);
}
Lookup<PoppedMembers> SortedSets::zmpop_max(const KeyList& keys, std::uint64_t count) {
  return pop_some(*keyspace_, keys, count, true);
}

// --- Waiting for one ----------------------------------------------------------------------------------------------------

Lookup<PoppedMembers> SortedSets::bzmpop_min(const KeyList& keys, std::uint64_t count, const BlockOptions& options) {
  return commands::pop_or_wait(*keyspace_, keyspace::WaitsFor::kSortedSet, keys, options,
                               [&](std::string_view key) { return zmpop_min(KeyList({key}), count); });
}
Lookup<PoppedMembers> SortedSets::bzmpop_max(const KeyList& keys, std::uint64_t count, const BlockOptions& options) {
  return commands::pop_or_wait(*keyspace_, keyspace::WaitsFor::kSortedSet, keys, options,
                               [&](std::string_view key) { return zmpop_max(KeyList({key}), count); });
}

namespace {

Lookup<PoppedMember> pop_one(keyspace::Keyspace& keyspace, const KeyList& keys, bool highest,
                             const BlockOptions& options) {
  const auto keep = [highest](PoppedMember& popped, const SortedSetType::View& before, std::uint64_t,
                              std::uint64_t bytes_max) {
    bool fits = false;
    before.range(0, 1, highest, [&](std::string_view member, double score) {
      fits = member.size() <= bytes_max;
      if (!fits) return false;
      base::count_bytes(member.size());
      popped.member.member = member;
      popped.member.score = score;
      return false;
    });
    return fits;
  };
  return commands::pop_or_wait(keyspace, keyspace::WaitsFor::kSortedSet, keys, options, [&](std::string_view key) {
    return pop_first<PoppedMember>(keyspace, {&key, 1}, 1, highest, keep);
  });
}

}  // namespace

Lookup<PoppedMember> SortedSets::bzpop_min(const KeyList& keys, const BlockOptions& options) {
  return pop_one(*keyspace_, keys, false, options);
}
Lookup<PoppedMember> SortedSets::bzpop_max(const KeyList& keys, const BlockOptions& options) {
  return pop_one(*keyspace_, keys, true, options);
}

}  // namespace larder
