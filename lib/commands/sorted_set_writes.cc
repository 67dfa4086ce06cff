// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands that write sorted sets.
#include <algorithm>
#include <cmath>

#include "commands/collections.h"
#include "commands/sorted_set_ranges.h"
#include "larder/sorted_sets.h"

namespace larder {

using collections::Edited;
using keyspace::SortedSetType;
using Draft = SortedSetType::Draft;
using View = SortedSetType::View;

namespace {

// So many members are edited under the shard's lock: an edit changes a tree and a table.
constexpr std::uint64_t kMembersAHold = keyspace::kItemsAHold / 2;
constexpr std::uint64_t kAside = keyspace::kItemsAHold + 1;

// For keyspace::change.
constexpr std::uint64_t edits_of(std::uint64_t members, std::uint64_t bytes) {
  return members <= kMembersAHold ? commands::edits_of(members, bytes) : std::max(members, kAside);
}

}  // namespace

// --- Adding --------------------------------------------------------------------------------------------------------

namespace {

Status check_options(const ZAddOptions& options) {
  if (options.condition != ZAddOptions::If::kAbsent || options.only == ZAddOptions::Than::kAny) return {};
  return {ErrorCode::kInvalidArgument, "GT, LT, and/or NX options at the same time are not compatible"};
}

Status check_member(keyspace::Keyspace& keyspace, std::string_view member, double score) {
  if (std::isnan(score)) return {ErrorCode::kNotAFloat, "value is not a valid float"};
  if (!keyspace.environment().value_fits(member.size())) return keyspace.environment().value_too_large(member.size());
  return {};
}

// Whether the options allow a member with the old score, or none, to get the new one.
bool allows(const ZAddOptions& options, const std::optional<double>& old, double score) {
  if (!old) return options.condition != ZAddOptions::If::kPresent;
  if (options.condition == ZAddOptions::If::kAbsent) return false;
  switch (options.only) {
    case ZAddOptions::Than::kGreater: return score > *old;
    case ZAddOptions::Than::kLess: return score < *old;
    default: return true;
  }
}

}  // namespace

Result<bool> SortedSets::zadd(std::string_view key, std::string_view member, double score, const ZAddOptions& options) {
  const MemberScore one{member, score};
  const Result<ZAdded> counts = zadd(key, ScoreList(std::span<const MemberScore>(&one, 1)), options);
  if (!counts.ok()) return counts.status();
  return counts->added != 0;
}

Result<ZAdded> SortedSets::zadd(std::string_view key, const ScoreList& members, const ZAddOptions& options) {
  const std::span<const MemberScore> all = members;
  if (all.empty()) return Status(ErrorCode::kInvalidArgument, "no members were given");
  if (Status status = check_options(options); !status.ok()) return status;
  std::uint64_t bytes = 0;
  for (const auto& [member, score] : all) {
    if (Status status = check_member(*keyspace_, member, score); !status.ok()) return status;
    bytes += member.size();
  }
  ZAdded counts;
  const std::uint64_t edits = edits_of(all.size(), bytes);
  Status status = keyspace::change<SortedSetType>(*keyspace_, key, edits, [&](Draft& draft) -> Status {
    counts = {};
    for (const auto& [member, score] : all) {
      const std::optional<double> old = draft.view().score(keyspace_->environment().hash, member);
      if (!allows(options, old, score)) continue;
      if (draft.set(member, score, old) == Edited::kNoMemory) break;
      counts.added += !old;
      counts.updated += old && *old != score;
    }
    return {};
  });
  if (!status.ok()) return status;
  return counts;
}

Result<double> SortedSets::zincr_by(std::string_view key, std::string_view member, double by) {
  const Result<std::optional<double>> score = zincr_by(key, member, by, {});
  if (!score.ok()) return score.status();
  return **score;
}

Result<std::optional<double>> SortedSets::zincr_by(std::string_view key, std::string_view member, double by,
                                                   const ZAddOptions& options) {
  if (Status status = check_options(options); !status.ok()) return status;
  if (Status status = check_member(*keyspace_, member, by); !status.ok()) return status;
  std::optional<double> score;
  const std::uint64_t edits = edits_of(1, member.size());
  Status status = keyspace::change<SortedSetType>(*keyspace_, key, edits, [&](Draft& draft) -> Status {
    score.reset();
    const std::optional<double> old = draft.view().score(keyspace_->environment().hash, member);
    if (old && options.condition == ZAddOptions::If::kAbsent) return {};
    const double sum = old.value_or(0) + by;
    if (std::isnan(sum)) return {ErrorCode::kOverflow, "resulting score is not a number (NaN)"};
    if (!allows(options, old, sum)) return {};
    draft.set(member, sum, old);
    score = sum;
    return {};
  });
  if (!status.ok()) return status;
  return score;
}

// --- Removing ------------------------------------------------------------------------------------------------------

Result<bool> SortedSets::zrem(std::string_view key, std::string_view member) {
  const Result<std::uint64_t> removed = zrem(key, KeyList({member}));
  if (!removed.ok()) return removed.status();
  return *removed != 0;
}

Result<std::uint64_t> SortedSets::zrem(std::string_view key, const KeyList& members) {
  std::uint64_t removed = 0;
  Status status =
      keyspace::change<SortedSetType>(*keyspace_, key, edits_of(members.size(), 0), [&](Draft& draft) -> Status {
        removed = 0;
        for (const std::string_view member : members) {
          const Edited edited = draft.erase(member);
          if (edited == Edited::kNoMemory) break;
          removed += edited == Edited::kDone;
        }
        return {};
      });
  if (!status.ok()) return status;
  return removed;
}

namespace {

using commands::Ranks;

// Whether these may be looked at, and removed, under the shard's lock.
bool is_bounded(const View& view, const Ranks& ranks) {
  if (ranks.count() > kMembersAHold) return false;
  std::uint64_t bytes = 0;
  view.range(ranks.from, ranks.count(), false, [&](std::string_view member, double) {
    bytes += member.size();
    return bytes <= commands::kItemBytesAHold;
  });
  return bytes <= commands::kItemBytesAHold;
}

// Removes the members of the ranks that choose(view) answers, after show(view, ranks). Under the shard's lock, if they
// are no more than `edits` and few enough for that; otherwise once more, aside.
template <typename Choose, typename Show>
Result<std::uint64_t> remove_ranks(keyspace::Keyspace& keyspace, std::string_view key, std::uint64_t edits,
                                   Choose&& choose, Show&& show) {
  for (;;) {
    std::uint64_t removed = 0;
    bool is_too_much = false;
    Status status = keyspace::change<SortedSetType>(keyspace, key, edits, [&](Draft& draft) -> Status {
      const View view = draft.view();
      const Ranks ranks = choose(view);
      removed = ranks.count();
      is_too_much = edits < kAside && (removed > edits || !is_bounded(view, ranks));
      if (removed == 0 || is_too_much) return {};
      show(view, ranks);
      draft.erase_range(ranks.from, ranks.to);
      return {};
    });
    if (!status.ok()) return status;
    if (!is_too_much) return removed;
    edits = kAside;
  }
}

}  // namespace

// Not by one edit, which would be done in place, and a range must be removed from another version.
Result<std::uint64_t> SortedSets::zrem_range(std::string_view key, const MemberRange& range) {
  if (Status status = commands::check_range(range); !status.ok()) return status;
  return remove_ranks(
      *keyspace_, key, kMembersAHold, [&](const View& view) { return commands::ranks_of(view, range); },
      [](const View&, const Ranks&) {});
}

namespace {

enum class End { kLowest, kHighest };

Result<ScoredMembers> pop(keyspace::Keyspace& keyspace, std::string_view key, End end, std::uint64_t count) {
  if (Status status = commands::check_count(count); !status.ok()) return status;
  ScoredMembers popped;
  if (count == 0) {
    Status status = keyspace::read<SortedSetType>(keyspace, key, keyspace::Use::kMark, [](const View&) {});
    if (!status.ok()) return status;
    return popped;
  }
  const auto choose = [&](const View& view) -> Ranks {
    popped.clear();
    const std::uint64_t size = view.size();
    const std::uint64_t wanted = std::min(count, size);
    return end == End::kLowest ? Ranks{0, wanted} : Ranks{size - wanted, size};
  };
  const auto show = [&](const View& view, const Ranks& ranks) {
    view.copy(0, ranks.count(), end == End::kHighest, commands::kNoLimit, popped);
  };
  const std::uint64_t edits = std::clamp<std::uint64_t>(count, 2, kMembersAHold);
  const Result<std::uint64_t> removed = remove_ranks(keyspace, key, edits, choose, show);
  if (!removed.ok()) return removed.status();
  return popped;
}

// By one edit, which needs no other version.
Lookup<ScoredMember> pop_one(keyspace::Keyspace& keyspace, std::string_view key, End end) {
  std::optional<ScoredMember> popped;
  bool is_long = false;
  Status status = keyspace::change<SortedSetType>(keyspace, key, 1, [&](Draft& draft) -> Status {
    popped.reset();
    is_long = false;
    draft.view().range(0, 1, end == End::kHighest, [&](std::string_view member, double score) {
      is_long = member.size() > commands::kItemBytesAHold;
      if (is_long) return false;
      base::count_bytes(member.size());
      popped = ScoredMember{std::string(member), score};
      return false;
    });
    if (popped) draft.erase(popped->member);
    return {};
  });
  if (!status.ok()) return status;
  if (is_long) {
    Result<ScoredMembers> aside = pop(keyspace, key, end, 1);
    if (!aside.ok()) return aside.status();
    if (!aside->empty()) popped = ScoredMember{std::string(aside->front().member), aside->front().score};
  }
  if (!popped) return {};
  return *std::move(popped);
}

}  // namespace

Lookup<ScoredMember> SortedSets::zpop_min(std::string_view key) { return pop_one(*keyspace_, key, End::kLowest); }
Lookup<ScoredMember> SortedSets::zpop_max(std::string_view key) { return pop_one(*keyspace_, key, End::kHighest); }

Result<ScoredMembers> SortedSets::zpop_min(std::string_view key, std::uint64_t count) {
  return pop(*keyspace_, key, End::kLowest, count);
}
Result<ScoredMembers> SortedSets::zpop_max(std::string_view key, std::uint64_t count) {
  return pop(*keyspace_, key, End::kHighest, count);
}

}  // namespace larder
