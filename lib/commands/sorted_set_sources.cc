// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "commands/sorted_set_sources.h"

#include <tsl/robin_map.h>

#include <algorithm>
#include <cmath>

namespace larder::commands {

using keyspace::Entry;

bool take_sources(keyspace::MultiKey& keys, std::size_t first, keyspace::Want want, std::span<Source> sources,
                  bool* wrong_type) {
  *wrong_type = false;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    sources[i].reset();
    const Entry* entry = keys.find(first + i, want);
    if (entry == nullptr) continue;
    *wrong_type |= !Source::takes(entry->type());
    if (!*wrong_type) sources[i].take(*entry);
  }
  return !keys.must_wait() && !*wrong_type;
}

Status read_sources(keyspace::Keyspace& keyspace, std::span<const std::string_view> keys, bool looks,
                    std::span<Source> sources) {
  bool wrong_type = false;
  Status status;
  if (looks) {
    keyspace.view_many(keys, keyspace::Use::kPeek, [&](std::size_t i, const Entry* entry, const Status& one) {
      if (!one.ok()) status = one;
      if (entry == nullptr) return;
      if (Source::takes(entry->type())) return sources[i].take(*entry);
      wrong_type = true;
    });
  } else {
    keyspace::MultiKey multi(keyspace, keys);
    status = multi.run([&](keyspace::MultiKey& all) {
      return take_sources(all, 0, keyspace::Want::kRead, sources, &wrong_type) || wrong_type;
    });
  }
  return status.ok() && wrong_type ? keyspace::Keyspace::wrong_type() : status;
}

Status check_combination(std::size_t sources, const ZCombineOptions& options) {
  if (sources == 0) return {ErrorCode::kInvalidArgument, "no keys were given"};
  if (options.weights.empty()) return {};
  if (options.weights.size() != sources) return {ErrorCode::kInvalidArgument, "not as many weights as keys"};
  const bool any_nan =
      std::any_of(options.weights.begin(), options.weights.end(), [](double w) { return std::isnan(w); });
  return any_nan ? Status(ErrorCode::kNotAFloat, "weight value is not a float") : Status();
}

namespace {

// A source with its weight.
struct Weighed {
  const Source* source;
  double weight;
};

// The smallest first, as Redis has it: what is added to what first shows where infinities meet.
std::vector<Weighed> in_order(std::span<const Source> sources, const ZCombineOptions& options) {
  std::vector<Weighed> order;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    order.push_back({&sources[i], options.weights.empty() ? 1.0 : options.weights[i]});
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const Weighed& a, const Weighed& b) { return a.source->size() < b.source->size(); });
  return order;
}

double number_or_zero(double score) { return std::isnan(score) ? 0 : score; }

// A NaN (infinity times 0) is passed by where the least or the greatest is looked for.
double aggregate(Aggregate how, double score, double other) {
  switch (how) {
    case Aggregate::kSum: return number_or_zero(score + other);
    case Aggregate::kMin: return other < score ? other : score;
    case Aggregate::kMax: return other > score ? other : score;
  }
  return score;
}

void sort(std::vector<MemberScore>& members) {
  std::sort(members.begin(), members.end(), [](const MemberScore& a, const MemberScore& b) {
    return a.score < b.score || (a.score == b.score && a.member < b.member);
  });
}

// Walks over a source's members until visit(member, score) answers false.
template <typename Visit>
void each_until(const Source& source, Visit&& visit) {
  std::uint64_t cursor = 0;
  bool more = true;
  do {
    cursor = source.walk(cursor, [&](std::string_view member, double score) { more = more && visit(member, score); });
  } while (more && cursor != 0);
}

}  // namespace

std::vector<MemberScore> unite(const base::KeyHash& hash, std::span<const Source> sources,
                               const ZCombineOptions& options) {
  const std::vector<Weighed> order = in_order(sources, options);
  tsl::robin_map<std::string_view, double, base::KeyHash> scores(order.back().source->size(), hash);
  for (const auto& [source, weight] : order) {
    source->each([&, its_weight = weight](std::string_view member, double its_score) {
      const double score = number_or_zero(its_weight * its_score);
      const auto [there, is_new] = scores.try_emplace(member, score);
      if (!is_new) there.value() = aggregate(options.aggregate, there->second, score);
    });
  }
  std::vector<MemberScore> members;
  members.reserve(scores.size());
  for (const auto& [member, score] : scores) members.push_back({member, score});
  sort(members);
  return members;
}

std::vector<MemberScore> intersect(const base::KeyHash& hash, std::span<const Source> sources,
                                   const ZCombineOptions& options) {
  const std::vector<Weighed> order = in_order(sources, options);
  const std::span<const Weighed> others = std::span(order).subspan(1);
  std::vector<MemberScore> members;
  order.front().source->each([&](std::string_view member, double its_score) {
    double score = number_or_zero(order.front().weight * its_score);
    for (const auto& [source, weight] : others) {
      const std::optional<double> other = source->score(hash, member);
      if (!other) return;
      score = aggregate(options.aggregate, score, weight * *other);
    }
    members.push_back({member, score});
  });
  sort(members);
  return members;
}

std::vector<MemberScore> subtract(const base::KeyHash& hash, std::span<const Source> sources) {
  std::vector<MemberScore> members;
  sources.front().each([&](std::string_view member, double score) {
    for (const Source& other : sources.subspan(1)) {
      if (other.score(hash, member)) return;
    }
    members.push_back({member, score});
  });
  sort(members);
  return members;
}

std::uint64_t count_common(const base::KeyHash& hash, std::span<const Source> sources, std::uint64_t limit) {
  const std::vector<Weighed> order = in_order(sources, {});
  std::uint64_t count = 0;
  each_until(*order.front().source, [&](std::string_view member, double) {
    const bool everywhere = std::all_of(order.begin() + 1, order.end(), [&](const Weighed& other) {
      return other.source->score(hash, member).has_value();
    });
    count += everywhere;
    return count < limit;
  });
  return count;
}

}  // namespace larder::commands
