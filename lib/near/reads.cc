// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Reads, in the server's words and with its answers taken apart.
#include <algorithm>
#include <cmath>
#include <utility>

#include "commands/numbers.h"
#include "near/near_state.h"
#include "near/words.h"

namespace larder {

using near::Words;
using Type = RemoteReply::Type;

namespace {

Status unexpected() { return {ErrorCode::kServerError, "Redis gave an answer of another form than this command has"}; }

Result<std::uint64_t> count_of(const Result<RemoteReply>& answer) {
  if (!answer) return answer.status();
  if (answer->type != Type::kInteger || answer->integer < 0) return unexpected();
  return static_cast<std::uint64_t>(answer->integer);
}

Result<bool> flag_of(const Result<RemoteReply>& answer) {
  const Result<std::uint64_t> count = count_of(answer);
  if (!count) return count.status();
  return *count != 0;
}

Lookup<std::string> text_of(Result<RemoteReply> answer) {
  if (!answer) return answer.status();
  if (answer->type == Type::kNothing) return {};
  return std::move(answer->text);
}

Result<ItemList> items_of(const Result<RemoteReply>& answer) {
  if (!answer) return answer.status();
  ItemList items;
  std::size_t bytes = 0;
  for (const RemoteReply& one : answer->list) bytes += one.text.size();
  items.reserve(answer->list.size(), bytes);
  for (const RemoteReply& one : answer->list) items.push_back(one.text);
  return items;
}

}  // namespace

Lookup<std::string> NearCache::get(std::string_view key) { return state_->get(key); }
std::vector<Lookup<std::string>> NearCache::mget(const KeyList& keys) { return state_->mget(keys); }

Lookup<TimeToLive> NearCache::ttl(std::string_view key) {
  Milliseconds age{0};
  const Result<RemoteReply> answer = state_->read(key, Words({"PTTL", key}), &age);
  if (!answer) return answer.status();
  if (answer->integer == -2) return {};
  if (answer->integer == -1) return TimeToLive{};
  return TimeToLive{std::max(Milliseconds(0), Milliseconds(answer->integer) - age)};
}

Result<bool> NearCache::exists(std::string_view key) { return flag_of(state_->read(key, Words({"EXISTS", key}))); }

Result<std::uint64_t> NearCache::strlen(std::string_view key) {
  return count_of(state_->read(key, Words({"STRLEN", key})));
}

Lookup<std::string> NearCache::hget(std::string_view key, std::string_view field) {
  return text_of(state_->read(key, Words({"HGET", key, field})));
}

Result<std::vector<std::optional<std::string>>> NearCache::hmget(std::string_view key, const KeyList& fields) {
  Result<RemoteReply> answer = state_->read(key, Words({"HMGET", key}).add(fields));
  if (!answer) return answer.status();
  std::vector<std::optional<std::string>> values;
  values.reserve(answer->list.size());
  for (RemoteReply& one : answer->list) {
    values.push_back(one.type == Type::kNothing ? std::nullopt : std::optional<std::string>(std::move(one.text)));
  }
  return values;
}

Result<FieldValues> NearCache::hget_all(std::string_view key) {
  const Result<RemoteReply> answer = state_->read(key, Words({"HGETALL", key}));
  if (!answer) return answer.status();
  FieldValues fields;
  for (std::size_t i = 0; i + 1 < answer->list.size(); i += 2) {
    fields.push_back(answer->list[i].text, answer->list[i + 1].text);
  }
  return fields;
}

Result<std::uint64_t> NearCache::hlen(std::string_view key) {
  return count_of(state_->read(key, Words({"HLEN", key})));
}

Result<ItemList> NearCache::lrange(std::string_view key, std::int64_t first, std::int64_t last) {
  return items_of(state_->read(key, Words({"LRANGE", key}).add(first).add(last)));
}

Result<std::uint64_t> NearCache::llen(std::string_view key) {
  return count_of(state_->read(key, Words({"LLEN", key})));
}

Result<ItemList> NearCache::smembers(std::string_view key) {
  return items_of(state_->read(key, Words({"SMEMBERS", key})));
}

Result<bool> NearCache::sis_member(std::string_view key, std::string_view member) {
  return flag_of(state_->read(key, Words({"SISMEMBER", key, member})));
}

Result<std::uint64_t> NearCache::scard(std::string_view key) {
  return count_of(state_->read(key, Words({"SCARD", key})));
}

namespace {

std::string bound(double score, bool is_open) { return (is_open ? "(" : "") + near::text_of_score(score); }

std::string bound(const std::optional<std::string_view>& name, bool is_open, std::string_view none) {
  return name ? (is_open ? "(" : "[") + std::string(*name) : std::string(none);
}

// ZRANGE wants the end that comes first in its order before the other.
Words range_words(std::string_view key, const MemberRange& range, const ZRangeOptions& options) {
  Words words({"ZRANGE", key});
  std::string low, high;
  if (range.by() == MemberRange::By::kRank) {
    words.add(range.ranks().first).add(range.ranks().last);
  } else if (range.by() == MemberRange::By::kScore) {
    low = bound(range.scores().min, range.scores().min_open);
    high = bound(range.scores().max, range.scores().max_open);
  } else {
    low = bound(range.names().min, range.names().min_open, "-");
    high = bound(range.names().max, range.names().max_open, "+");
  }
  if (range.by() != MemberRange::By::kRank) {
    if (options.rev) std::swap(low, high);
    words.add(std::move(low)).add(std::move(high));
    words.add(std::string(range.by() == MemberRange::By::kScore ? "BYSCORE" : "BYLEX"));
  }
  if (options.rev) words.add(std::string("REV"));
  return words;
}

}  // namespace

// By ranks ZRANGE knows no LIMIT, and by names no WITHSCORES: what is left out is left out here, and scores of members
// by name are those of ZMSCORE.
Result<ScoredMembers> NearCache::zrange(std::string_view key, const MemberRange& range, const ZRangeOptions& options) {
  if (range.by() == MemberRange::By::kScore && (std::isnan(range.scores().min) || std::isnan(range.scores().max))) {
    return Status(ErrorCode::kNotAFloat, "an end of a range of scores is no number");
  }
  const bool by_rank = range.by() == MemberRange::By::kRank;
  const bool by_name = range.by() == MemberRange::By::kName;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  Words words = range_words(key, range, options);
  const bool limits = options.offset != 0 || options.limit < kMax;
  if (limits && !by_rank) {
    words.add(std::string("LIMIT"));
    words.add(static_cast<std::int64_t>(std::min(options.offset, kMax)));
    words.add(options.limit < kMax ? static_cast<std::int64_t>(options.limit) : std::int64_t{-1});
  }
  if (!by_name) words.add(std::string("WITHSCORES"));
  const Result<RemoteReply> answer = state_->read(key, words);
  if (!answer) return answer.status();
  const std::size_t step = by_name ? 1 : 2;
  const std::size_t size = answer->list.size() / step;
  const std::size_t begin = by_rank ? static_cast<std::size_t>(std::min<std::uint64_t>(options.offset, size)) : 0;
  const std::size_t end =
      by_rank ? begin + static_cast<std::size_t>(std::min<std::uint64_t>(options.limit, size - begin)) : size;
  Words names({"ZMSCORE", key});
  ScoredMembers members;
  for (std::size_t i = begin; i < end; ++i) {
    const std::string& member = answer->list[i * step].text;
    if (by_name) {
      names.add(member);
    } else {
      members.push_back({member, commands::parse_double(answer->list[i * step + 1].text).value_or(0)});
    }
  }
  if (!by_name || begin == end) return members;
  const Result<RemoteReply> scores = state_->read(key, names);
  if (!scores) return scores.status();
  for (std::size_t i = 0; i < scores->list.size() && i < size; ++i) {
    if (scores->list[i].type == Type::kNothing) continue;  // it has gone meanwhile
    members.push_back({answer->list[i].text, commands::parse_double(scores->list[i].text).value_or(0)});
  }
  return members;
}

Lookup<double> NearCache::zscore(std::string_view key, std::string_view member) {
  const Lookup<std::string> text = text_of(state_->read(key, Words({"ZSCORE", key, member})));
  if (!text) return text.status();
  const std::optional<double> score = commands::parse_double(*text);
  if (!score) return unexpected();
  return *score;
}

Lookup<std::uint64_t> NearCache::zrank(std::string_view key, std::string_view member) {
  const Result<RemoteReply> answer = state_->read(key, Words({"ZRANK", key, member}));
  if (answer && answer->type == Type::kNothing) return {};
  const Result<std::uint64_t> rank = count_of(answer);
  if (!rank) return rank.status();
  return *rank;
}

Result<std::uint64_t> NearCache::zcard(std::string_view key) {
  return count_of(state_->read(key, Words({"ZCARD", key})));
}

}  // namespace larder
