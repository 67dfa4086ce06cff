// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands that read sorted sets.
#include "larder/sorted_sets.h"

#include <limits>

#include "commands/collections.h"
#include "commands/glob.h"
#include "commands/sampling.h"
#include "commands/sorted_set_ranges.h"
#include "commands/sorted_set_sources.h"
#include "commands/user_function.h"

namespace larder {

using keyspace::Held;
using keyspace::SortedSetType;
using keyspace::Use;
using keyspace::use_of;
using View = SortedSetType::View;

namespace {

// How many members are before this one, or behind it; none if there is no such member.
std::optional<std::uint64_t> rank_in(const View& view, const base::KeyHash& hash, std::string_view member,
                                     bool from_highest) noexcept {
  const std::optional<double> score = view.score(hash, member);
  if (!score) return std::nullopt;
  const std::uint64_t before = view.before(*score, member);
  return from_highest ? view.size() - 1 - before : before;
}

}  // namespace

// --- Snapshots -----------------------------------------------------------------------------------------------------

struct SortedSetSnapshot::Body {
  explicit Body(const base::KeyHash& its_hash) : hash(its_hash) {}
  Held<SortedSetType> held;
  const base::KeyHash hash;
};

SortedSetSnapshot::SortedSetSnapshot(std::unique_ptr<Body> body) noexcept : body_(std::move(body)) {}
SortedSetSnapshot::SortedSetSnapshot(SortedSetSnapshot&&) noexcept = default;
SortedSetSnapshot& SortedSetSnapshot::operator=(SortedSetSnapshot&&) noexcept = default;
SortedSetSnapshot::~SortedSetSnapshot() = default;

std::uint64_t SortedSetSnapshot::size() const noexcept { return body_->held.view().size(); }

std::optional<double> SortedSetSnapshot::score(std::string_view member) const noexcept {
  return body_->held.view().score(body_->hash, member);
}

std::optional<std::uint64_t> SortedSetSnapshot::rank(std::string_view member) const noexcept {
  return rank_in(body_->held.view(), body_->hash, member, false);
}

std::optional<std::uint64_t> SortedSetSnapshot::rev_rank(std::string_view member) const noexcept {
  return rank_in(body_->held.view(), body_->hash, member, true);
}

std::uint64_t SortedSetSnapshot::count(const MemberRange& range, const ZRangeOptions& options) const noexcept {
  return commands::walk_of(body_->held.view(), range, options).count;
}

void SortedSetSnapshot::for_each(const MemberRange& range, const ZRangeOptions& options,
                                 FunctionRef<bool(std::string_view, double)> visit) const {
  const View view = body_->held.view();
  const commands::Walk walk = commands::walk_of(view, range, options);
  view.range(walk.first, walk.count, walk.backwards, visit);
}

Lookup<SortedSetSnapshot> SortedSets::zsnapshot(std::string_view key) {
  auto body = std::make_unique<SortedSetSnapshot::Body>(keyspace_->environment().hash);
  Status status = keyspace::hold(*keyspace_, key, use_of(looks_, Use::kMark), &body->held);
  if (!status.ok()) return status;
  if (!body->held) return {};
  return SortedSetSnapshot(std::move(body));
}

// --- One member ----------------------------------------------------------------------------------------------------

Result<std::uint64_t> SortedSets::zcard(std::string_view key) {
  std::uint64_t size = 0;
  Status status = keyspace::read<SortedSetType>(*keyspace_, key, use_of(looks_, Use::kMark),
                                                [&](const View& view) { size = view.size(); });
  if (!status.ok()) return status;
  return size;
}

namespace {

template <typename T>
Lookup<T> lookup(Status&& status, const std::optional<T>& found) {
  if (!status.ok()) return std::move(status);
  return found ? Lookup<T>(*found) : Lookup<T>();
}

}  // namespace

Lookup<double> SortedSets::zscore(std::string_view key, std::string_view member) {
  std::optional<double> score;
  Status status = keyspace::read<SortedSetType>(*keyspace_, key, use_of(looks_, Use::kMark), [&](const View& view) {
    score = view.score(keyspace_->environment().hash, member);
  });
  return lookup(std::move(status), score);
}

Result<std::vector<std::optional<double>>> SortedSets::zmscore(std::string_view key, const KeyList& members) {
  std::vector<std::optional<double>> scores(members.size());
  const auto find = [&](const View& view) {
    auto to = scores.begin();
    for (const std::string_view member : members) *to++ = view.score(keyspace_->environment().hash, member);
  };
  Held<SortedSetType> held;  // where that is too much for a hold of the lock
  Status status =
      keyspace_->view_as(SortedSetType::kType, key, use_of(looks_, Use::kMark), [&](const keyspace::Entry* entry) {
        if (entry == nullptr) return;
        if (members.size() > keyspace::kItemsAHold) return held.take(*entry);
        find(keyspace::view_of<SortedSetType>(*entry));
      });
  if (!status.ok()) return status;
  if (held) find(held.view());
  return scores;
}

namespace {

Lookup<std::uint64_t> rank_of(keyspace::Keyspace& keyspace, std::string_view key, Use use, std::string_view member,
                              bool from_highest) {
  std::optional<std::uint64_t> rank;
  Status status = keyspace::read<SortedSetType>(keyspace, key, use, [&](const View& view) {
    rank = rank_in(view, keyspace.environment().hash, member, from_highest);
  });
  return lookup(std::move(status), rank);
}

}  // namespace

Lookup<std::uint64_t> SortedSets::zrank(std::string_view key, std::string_view member) {
  return rank_of(*keyspace_, key, use_of(looks_, Use::kMark), member, false);
}

Lookup<std::uint64_t> SortedSets::zrev_rank(std::string_view key, std::string_view member) {
  return rank_of(*keyspace_, key, use_of(looks_, Use::kMark), member, true);
}

// --- Ranges --------------------------------------------------------------------------------------------------------

Result<std::uint64_t> SortedSets::zcount(std::string_view key, const MemberRange& range) {
  if (Status status = commands::check_range(range); !status.ok()) return status;
  std::uint64_t count = 0;
  Status status = keyspace::read<SortedSetType>(*keyspace_, key, use_of(looks_, Use::kMark), [&](const View& view) {
    count = commands::ranks_of(view, range).count();
  });
  if (!status.ok()) return status;
  return count;
}

Result<ScoredMembers> SortedSets::zrange(std::string_view key, const MemberRange& range, const ZRangeOptions& options) {
  if (Status status = commands::check_range(range); !status.ok()) return status;
  ScoredMembers members;
  const auto copy = [&](const View& view, const commands::Walk& walk, std::uint64_t bytes_max) {
    return view.copy(walk.first, walk.count, walk.backwards, bytes_max, members);
  };
  Held<SortedSetType> held;  // where that is too much for a hold of the lock
  Status status =
      keyspace_->view_as(SortedSetType::kType, key, use_of(looks_, Use::kMark), [&](const keyspace::Entry* entry) {
        if (entry == nullptr) return;
        const View view = keyspace::view_of<SortedSetType>(*entry);
        const commands::Walk walk = commands::walk_of(view, range, options);
        const bool few = walk.count <= keyspace::kItemsAHold;
        if (!few || !copy(view, walk, commands::kItemBytesAHold)) held.take(*entry);
      });
  if (!status.ok()) return status;
  if (held) {
    members.clear();
    copy(held.view(), commands::walk_of(held.view(), range, options), commands::kNoLimit);
  }
  return members;
}

// --- Whatever comes ------------------------------------------------------------------------------------------------

Lookup<std::string> SortedSets::zrand_member(std::string_view key) {
  base::Random random = commands::random_for(*keyspace_, key);
  return commands::copy_item<SortedSetType>(*keyspace_, key, use_of(looks_, Use::kMark), [&](const View& view) {
    std::optional<std::string_view> drawn;
    view.random(random, [&](std::string_view member, double) { drawn = member; });
    return drawn;
  });
}

Status SortedSets::zrand_members(std::string_view key, std::int64_t count,
                                 FunctionRef<bool(std::string_view, double)> visit) {
  commands::UserVisit user("zrand_members", visit);
  return user.status(commands::draw<SortedSetType>(*keyspace_, key, use_of(looks_, Use::kMark), count, user));
}

Result<ScoredMembers> SortedSets::zrand_members(std::string_view key, std::int64_t count) {
  if (count < -kDrawnMax) return commands::too_many_drawn();
  ScoredMembers drawn;
  const auto collect = [&](std::string_view member, double score) {
    drawn.push_back({member, score});
    return true;
  };
  Status status = commands::draw<SortedSetType>(*keyspace_, key, use_of(looks_, Use::kMark), count, collect);
  if (!status.ok()) return status;
  return drawn;
}

Result<ScoredPage> SortedSets::zscan(std::string_view key, std::uint64_t cursor, const ScanOptions& options) {
  ScoredPage page;
  std::uint64_t visited = 0;
  const Result<std::uint64_t> next = commands::scan_items<SortedSetType>(
      *keyspace_, key, use_of(looks_, Use::kMark), cursor, options,
      [&](const View& view, std::uint64_t at) {
        return view.walk(at, [&](std::string_view member, double score) {
          ++visited;
          if (!options.match.empty() && !commands::glob_matches(options.match, member)) return;
          page.members.push_back({member, score});
        });
      },
      [&] { return visited; });
  if (!next.ok()) return next.status();
  page.cursor = *next;
  return page;
}

// --- Of several keys -----------------------------------------------------------------------------------------------

namespace {

ScoredMembers copies_of(const std::vector<MemberScore>& members) {
  ScoredMembers copies;
  copies.reserve(members.size(), 0);
  for (const auto& [member, score] : members) copies.push_back({member, score});
  return copies;
}

// work(sources) is the answer, made with no lock held.
template <typename Answer, typename Work>
Result<Answer> combine(keyspace::Keyspace& keyspace, bool looks, std::span<const std::string_view> keys,
                       const ZCombineOptions& options, Work&& work) {
  if (Status status = commands::check_combination(keys.size(), options); !status.ok()) return status;
  if (keys.size() > keyspace::kKeysAtOnceMax) {
    return Status(ErrorCode::kTooManyKeys, "an atomic command may name at most 1,024 keys");
  }
  std::vector<commands::Source> sources(keys.size());
  if (Status status = commands::read_sources(keyspace, keys, looks, sources); !status.ok()) return status;
  return work(std::span<const commands::Source>(sources));
}

}  // namespace

Result<ScoredMembers> SortedSets::zunion(const KeyList& keys, const ZCombineOptions& options) {
  return combine<ScoredMembers>(*keyspace_, looks_, keys, options, [&](const auto& sources) {
    return copies_of(commands::unite(keyspace_->environment().hash, sources, options));
  });
}

Result<ScoredMembers> SortedSets::zinter(const KeyList& keys, const ZCombineOptions& options) {
  return combine<ScoredMembers>(*keyspace_, looks_, keys, options, [&](const auto& sources) {
    return copies_of(commands::intersect(keyspace_->environment().hash, sources, options));
  });
}

Result<ScoredMembers> SortedSets::zdiff(const KeyList& keys) {
  return combine<ScoredMembers>(*keyspace_, looks_, keys, {}, [&](const auto& sources) {
    return copies_of(commands::subtract(keyspace_->environment().hash, sources));
  });
}

Result<std::uint64_t> SortedSets::zinter_card(const KeyList& keys, std::uint64_t limit) {
  if (limit == 0) limit = std::numeric_limits<std::uint64_t>::max();
  return combine<std::uint64_t>(*keyspace_, looks_, keys, {}, [&](const auto& sources) {
    return commands::count_common(keyspace_->environment().hash, sources, limit);
  });
}

}  // namespace larder
