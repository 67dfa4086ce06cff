// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "commands/sorted_set_ranges.h"

#include <algorithm>
#include <cmath>

namespace larder::commands {

using View = collections::SortedSetView;

Status check_range(const MemberRange& range) {
  if (!std::isnan(range.scores().min) && !std::isnan(range.scores().max)) return {};
  return {ErrorCode::kNotAFloat, "min or max is not a float"};
}

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Ranks clip(std::uint64_t from, std::uint64_t to) { return {from, std::max(from, to)}; }

Ranks ranks_in(const View& view, const RankRange& range, bool rev) {
  const auto size = static_cast<std::int64_t>(view.size());
  std::int64_t first = range.first < 0 ? range.first + size : range.first;
  std::int64_t last = range.last < 0 ? range.last + size : range.last;
  first = std::max<std::int64_t>(first, 0);
  last = std::min(last, size - 1);
  if (first > last) return {};
  if (rev) return {static_cast<std::uint64_t>(size - 1 - last), static_cast<std::uint64_t>(size - first)};
  return {static_cast<std::uint64_t>(first), static_cast<std::uint64_t>(last + 1)};
}

// How many have less than this score, and no more than it: an empty name is the smallest, so all with a score stand
// behind the place that it would have with that score, and before the one with the next.
std::uint64_t below(const View& view, double score) { return view.before(score, {}); }
std::uint64_t up_to(const View& view, double score) {
  return score == kInfinity ? view.size() : below(view, std::nextafter(score, kInfinity));
}

Ranks ranks_in(const View& view, const ScoreRange& range, bool) {
  return clip(range.min_open ? up_to(view, range.min) : below(view, range.min),
              range.max_open ? below(view, range.max) : up_to(view, range.max));
}

// What stands at a rank, if it is this member.
bool is_at(const View& view, std::uint64_t rank, std::string_view member) {
  bool found = false;
  view.range(rank, 1, false, [&](std::string_view there, double) {
    found = there == member;
    return false;
  });
  return found;
}

Ranks ranks_in(const View& view, const NameRange& range, bool) {
  double score = 0;  // that all have
  view.range(0, 1, false, [&](std::string_view, double first) {
    score = first;
    return false;
  });
  const auto place = [&](std::string_view name, bool behind_it) {
    const std::uint64_t rank = view.before(score, name);
    return behind_it && is_at(view, rank, name) ? rank + 1 : rank;
  };
  return clip(range.min ? place(*range.min, range.min_open) : 0,
              range.max ? place(*range.max, !range.max_open) : view.size());
}

}  // namespace

Ranks ranks_of(const View& view, const MemberRange& range, bool rev) noexcept {
  switch (range.by()) {
    case MemberRange::By::kRank: return ranks_in(view, range.ranks(), rev);
    case MemberRange::By::kScore: return ranks_in(view, range.scores(), rev);
    case MemberRange::By::kName: return ranks_in(view, range.names(), rev);
  }
  return {};
}

Walk walk_of(const View& view, const MemberRange& range, const ZRangeOptions& options) noexcept {
  const Ranks ranks = ranks_of(view, range, options.rev);
  if (options.offset >= ranks.count()) return {};
  const std::uint64_t first = options.rev ? view.size() - ranks.to : ranks.from;
  return {first + options.offset, std::min(ranks.count() - options.offset, options.limit), options.rev};
}

}  // namespace larder::commands
