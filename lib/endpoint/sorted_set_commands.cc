// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands on sorted sets.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "commands/numbers.h"
#include "endpoint/arguments.h"
#include "endpoint/gathered_reply.h"

namespace larder::endpoint {
namespace {

constexpr KeyPositions kOneKey{1, 1, 1};
constexpr KeyPositions kCountedKeys{.count_at = 1};
constexpr KeyPositions kTargetAndCounted{1, 1, 1, 2};
constexpr std::string_view kNoFloatText = "ERR value is not a valid float";

// --- Replies -------------------------------------------------------------------------------------------------------

// In RESP3, members with their scores are pairs.
void reply_member(Call& call, bool with_scores, std::string_view member, double score) {
  if (with_scores && call.reply.resp3()) call.reply.array(2);
  call.reply.bulk(member);
  if (with_scores) call.reply.real(score);
}

void open_members(Call& call, bool with_scores, std::uint64_t count) {
  call.reply.array(with_scores && !call.reply.resp3() ? 2 * count : count);
}

void reply_members(Call& call, bool with_scores, const Result<ScoredMembers>& members) {
  if (!members.ok()) return reply_error(call, members.status());
  open_members(call, with_scores, members->size());
  for (const auto& [member, score] : *members) reply_member(call, with_scores, member, score);
}

// --- Adding --------------------------------------------------------------------------------------------------------

// What stands before the scores.
struct AddArguments {
  ZAddOptions options;
  bool absent = false;
  bool present = false;
  bool greater = false;
  bool less = false;
  bool changed = false;
  bool increments = false;
  std::size_t end = 2;  // where the scores begin
};

AddArguments read_add_options(const Call& call) {
  AddArguments add;
  for (; add.end < call.size(); ++add.end) {
    const std::string_view word = call[add.end];
    if (is_word(word, "nx")) {
      add.absent = true;
    } else if (is_word(word, "xx")) {
      add.present = true;
    } else if (is_word(word, "gt")) {
      add.greater = true;
    } else if (is_word(word, "lt")) {
      add.less = true;
    } else if (is_word(word, "ch")) {
      add.changed = true;
    } else if (is_word(word, "incr")) {
      add.increments = true;
    } else {
      break;
    }
  }
  using If = ZAddOptions::If;
  using Than = ZAddOptions::Than;
  add.options.condition = add.absent ? If::kAbsent : add.present ? If::kPresent : If::kAlways;
  add.options.only = add.greater ? Than::kGreater : add.less ? Than::kLess : Than::kAny;
  return add;
}

// False: it makes no sense, and the client has been told.
bool read_add(Call& call, AddArguments* add, std::vector<MemberScore>* members) {
  const std::size_t words = call.size() - add->end;
  std::string_view wrong;
  if (words == 0 || words % 2 != 0) {
    wrong = kSyntaxErrorText;
  } else if (add->absent && add->present) {
    wrong = "ERR XX and NX options at the same time are not compatible";
  } else if ((add->absent && (add->greater || add->less)) || (add->greater && add->less)) {
    wrong = "ERR GT, LT, and/or NX options at the same time are not compatible";
  } else if (add->increments && words > 2) {
    wrong = "ERR INCR option supports a single increment-element pair";
  }
  for (std::size_t i = add->end; wrong.empty() && i < call.size(); i += 2) {
    const std::optional<double> score = commands::parse_double(call[i]);
    if (!score) wrong = kNoFloatText;
    members->push_back({call[i + 1], score.value_or(0)});
  }
  if (!wrong.empty()) call.reply.error(wrong);
  return wrong.empty();
}

void increment(Call& call, const MemberScore& by, const ZAddOptions& options) {
  const Result<std::optional<double>> score = call.keys.zincr_by(call[1], by.member, by.score, options);
  if (!score.ok()) return reply_error(call, score.status());
  *score ? call.reply.real(**score) : call.reply.null();
}

void zadd(Call& call) {
  AddArguments add = read_add_options(call);
  std::vector<MemberScore> members;
  if (!read_add(call, &add, &members)) return;
  if (add.increments) return increment(call, members.front(), add.options);
  const Result<ZAdded> counts = call.keys.zadd(call[1], members, add.options);
  if (!counts.ok()) return reply_error(call, counts.status());
  call.reply.integer(counts->added + (add.changed ? counts->updated : 0));
}

// To Redis it is ZADD INCR, whose options it does not take.
void zincrby(Call& call) {
  if (read_add_options(call).end != 2) return reply_syntax_error(call);
  const std::optional<double> by = commands::parse_double(call[2]);
  if (!by) return call.reply.error(kNoFloatText);
  increment(call, {call[3], *by}, {});
}

// --- One member ----------------------------------------------------------------------------------------------------

void zrem(Call& call) { reply_integer(call, call.keys.zrem(call[1], call.from(2))); }
void zcard(Call& call) { reply_integer(call, call.view.zcard(call[1])); }

void zscore(Call& call) {
  const Lookup<double> score = call.view.zscore(call[1], call[2]);
  if (score) return call.reply.real(*score);
  score.status().ok() ? call.reply.null() : reply_error(call, score.status());
}

void zmscore(Call& call) {
  const auto scores = call.view.zmscore(call[1], call.from(2));
  if (!scores) return reply_error(call, scores.status());
  call.reply.array(scores->size());
  for (const std::optional<double>& score : *scores) score ? call.reply.real(*score) : call.reply.null();
}

void reply_rank(Call& call, const Lookup<std::uint64_t>& rank) {
  if (rank) return call.reply.integer(*rank);
  rank.status().ok() ? call.reply.null() : reply_error(call, rank.status());
}
void zrank(Call& call) { reply_rank(call, call.view.zrank(call[1], call[2])); }
void zrevrank(Call& call) { reply_rank(call, call.view.zrev_rank(call[1], call[2])); }

// --- Bounds --------------------------------------------------------------------------------------------------------
// Each reads two arguments. False: they are none, and the client has been told.

enum class By { kRank, kScore, kName };

bool read_ranks(Call& call, std::string_view first, std::string_view last, MemberRange* range) {
  RankRange ranks;
  if (!read_integer(call, first, &ranks.first) || !read_integer(call, last, &ranks.last)) return false;
  *range = ranks;
  return true;
}

bool read_scores(Call& call, std::string_view min, std::string_view max, MemberRange* range) {
  ScoreRange scores;
  const auto read = [](std::string_view word, double* score, bool* open) {
    *open = word.starts_with('(');
    if (*open) word.remove_prefix(1);
    const std::optional<double> number = commands::parse_bound(word);
    *score = number.value_or(0);
    return number.has_value();
  };
  if (read(min, &scores.min, &scores.min_open) && read(max, &scores.max, &scores.max_open)) {
    *range = scores;
    return true;
  }
  call.reply.error("ERR min or max is not a float");
  return false;
}

bool read_names(Call& call, std::string_view min, std::string_view max, MemberRange* range) {
  NameRange names;
  bool empty = false;  // nothing is above "+" or below "-"
  const auto read = [&](std::string_view word, char none, std::optional<std::string_view>* name, bool* open) {
    if (word.empty()) return false;
    *open = word[0] == '(';
    if (*open || word[0] == '[') {
      *name = word.substr(1);
      return true;
    }
    empty |= word[0] != none;
    return (word[0] == '-' || word[0] == '+') && (word.size() == 1 || word[1] == '\0');
  };
  if (!read(min, '-', &names.min, &names.min_open) || !read(max, '+', &names.max, &names.max_open)) {
    call.reply.error("ERR min or max not valid string range item");
    return false;
  }
  if (empty) names = {.min = "", .max = "", .min_open = true, .max_open = true};
  *range = names;
  return true;
}

bool read_range(Call& call, By by, std::string_view min, std::string_view max, MemberRange* range) {
  switch (by) {
    case By::kRank: return read_ranks(call, min, max, range);
    case By::kScore: return read_scores(call, min, max, range);
    case By::kName: return read_names(call, min, max, range);
  }
  return false;
}

void count_range(Call& call, By by) {
  MemberRange range;
  if (read_range(call, by, call[2], call[3], &range)) reply_integer(call, call.view.zcount(call[1], range));
}
void zcount(Call& call) { count_range(call, By::kScore); }
void zlexcount(Call& call) { count_range(call, By::kName); }

void remove_range(Call& call, By by) {
  MemberRange range;
  if (read_range(call, by, call[2], call[3], &range)) reply_integer(call, call.keys.zrem_range(call[1], range));
}
void zremrangebyrank(Call& call) { remove_range(call, By::kRank); }
void zremrangebyscore(Call& call) { remove_range(call, By::kScore); }
void zremrangebylex(Call& call) { remove_range(call, By::kName); }

// --- Ranges --------------------------------------------------------------------------------------------------------

// What an old spelling has fixed is no option of it.
struct RangeArguments {
  std::optional<By> by = {};
  std::optional<bool> rev = {};
  bool with_scores = false;
  std::int64_t offset = 0;
  std::int64_t limit = -1;
};

// False: it makes no sense, and the client has been told.
bool read_range_options(Call& call, std::size_t first, RangeArguments* range) {
  const bool stores = first == 5;
  for (std::size_t i = first; i < call.size(); ++i) {
    if (!stores && is_word(call[i], "withscores")) {
      range->with_scores = true;
    } else if (is_word(call[i], "limit") && i + 2 < call.size()) {
      if (!read_integer(call, call[i + 1], &range->offset) || !read_integer(call, call[i + 2], &range->limit)) {
        return false;
      }
      i += 2;
    } else if (!range->rev && is_word(call[i], "rev")) {
      range->rev = true;
    } else if (!range->by && is_word(call[i], "bylex")) {
      range->by = By::kName;
    } else if (!range->by && is_word(call[i], "byscore")) {
      range->by = By::kScore;
    } else {
      reply_syntax_error(call);
      return false;
    }
  }
  const By by = range->by.value_or(By::kRank);
  std::string_view wrong;
  if (range->limit != -1 && by == By::kRank) {
    wrong = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
  } else if (range->with_scores && by == By::kName) {
    wrong = "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
  }
  if (!wrong.empty()) call.reply.error(wrong);
  return wrong.empty();
}

// Whether few members come, whatever there is: they are copied at once, where more are shown from a snapshot.
bool is_short(const MemberRange& range, const ZRangeOptions& options) {
  constexpr std::int64_t kFew = 64;
  if (options.limit <= kFew) return true;
  const RankRange* ranks = range.by() == MemberRange::By::kRank ? &range.ranks() : nullptr;
  return ranks != nullptr && (ranks->first < 0) == (ranks->last < 0) && ranks->last - ranks->first < kFew;
}

// What is asked from the argument `first` on, the end at which it begins. False: it makes no sense, and the client has
// been told.
bool read_whole_range(Call& call, std::size_t first, RangeArguments* arguments, MemberRange* range,
                      ZRangeOptions* options) {
  if (!read_range_options(call, first + 2, arguments)) return false;
  const By by = arguments->by.value_or(By::kRank);
  options->rev = arguments->rev.value_or(false);
  const bool max_first = options->rev && by != By::kRank;
  if (!read_range(call, by, call[max_first ? first + 1 : first], call[max_first ? first : first + 1], range)) {
    return false;
  }
  if (by != By::kRank) {
    if (arguments->limit >= 0) options->limit = static_cast<std::uint64_t>(arguments->limit);
    if (arguments->offset < 0) options->limit = 0;
    options->offset = static_cast<std::uint64_t>(arguments->offset);
  }
  return true;
}

void reply_range(Call& call, RangeArguments arguments) {
  MemberRange range;
  ZRangeOptions options;
  if (!read_whole_range(call, 2, &arguments, &range, &options)) return;
  if (is_short(range, options)) {
    return reply_members(call, arguments.with_scores, call.view.zrange(call[1], range, options));
  }
  const Lookup<SortedSetSnapshot> set = call.view.zsnapshot(call[1]);
  if (!set.status().ok()) return reply_error(call, set.status());
  open_members(call, arguments.with_scores, set ? set->count(range, options) : 0);
  if (!set) return;
  set->for_each(range, options, [&](std::string_view member, double score) {
    reply_member(call, arguments.with_scores, member, score);
    return true;
  });
}

void zrange(Call& call) { reply_range(call, {}); }
void zrevrange(Call& call) { reply_range(call, {.by = By::kRank, .rev = true}); }
void zrangebyscore(Call& call) { reply_range(call, {.by = By::kScore, .rev = false}); }
void zrevrangebyscore(Call& call) { reply_range(call, {.by = By::kScore, .rev = true}); }
void zrangebylex(Call& call) { reply_range(call, {.by = By::kName, .rev = false}); }
void zrevrangebylex(Call& call) { reply_range(call, {.by = By::kName, .rev = true}); }

// --- Popped, at random, all in parts -------------------------------------------------------------------------------

using PopOne = Lookup<ScoredMember> (SortedSets::*)(std::string_view);
using PopMany = Result<ScoredMembers> (SortedSets::*)(std::string_view, std::uint64_t);

void pop(Call& call, PopOne pop_one, PopMany pop_many) {
  if (call.size() > 3) return reply_syntax_error(call);
  if (call.size() == 3) {
    const std::optional<std::int64_t> count = commands::parse_integer(call[2]);
    if (!count || *count < 0) return call.reply.error("ERR value is out of range, must be positive");
    return reply_members(call, true, (call.keys.*pop_many)(call[1], static_cast<std::uint64_t>(*count)));
  }
  const Lookup<ScoredMember> popped = (call.keys.*pop_one)(call[1]);
  if (!popped.status().ok()) return reply_error(call, popped.status());
  call.reply.array(popped ? 2 : 0);
  if (!popped) return;
  call.reply.bulk(popped->member);
  call.reply.real(popped->score);
}
void zpopmin(Call& call) { pop(call, &SortedSets::zpop_min, &SortedSets::zpop_min); }
void zpopmax(Call& call) { pop(call, &SortedSets::zpop_max, &SortedSets::zpop_max); }

void zrandmember(Call& call) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (call.size() == 2) return reply_lookup(call, call.view.zrand_member(call[1]));
  std::int64_t count = 0;
  if (!read_integer(call, call[2], &count)) return;
  if (count < -kMost) {
    return call.reply.error(
        "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
  }
  const bool with_scores = call.size() == 4 && is_word(call[3], "withscores");
  if (call.size() > 3 && !with_scores) return reply_syntax_error(call);
  if (with_scores && (count < -kMost / 2 || count > kMost / 2)) return call.reply.error("ERR value is out of range");
  GatheredReply reply(call);
  reply.expect(count);
  Status status = call.view.zrand_members(call[1], count, [&](std::string_view member, double score) {
    return with_scores ? reply.scored(member, score) : reply.bulk(member);
  });
  if (!status.ok()) return reply_error(call, status);
  reply.send_array();
}

void zscan(Call& call) {
  ScanArguments arguments;
  if (!read_item_scan(call, ValueType::kSortedSet, &arguments)) return;
  Result<ScoredPage> page =
      call.view.zscan(call[1], arguments.cursor, {.match = arguments.match, .count = arguments.count});
  if (!page) return reply_error(call, page.status());
  reply_page(
      call, arguments, page->cursor, page->members, 2, [](const MemberScore& one) { return one.member; },
      [&](const MemberScore& one) {
        call.reply.bulk(one.member);
        call.reply.bulk(format_real(one.score));
      });
}

// --- Of several keys -----------------------------------------------------------------------------------------------

enum class Combination { kUnion, kIntersection, kDifference, kCount };

struct CombineArguments {
  std::span<const std::string_view> keys = {};
  std::vector<double> weights = {};
  Aggregate aggregate = Aggregate::kSum;
  bool with_scores = false;
  std::uint64_t limit = 0;
};

// Each reads what stands behind its word, from `at` on. False: it is wrong, and the client has been told.
bool read_weights(Call& call, std::size_t at, CombineArguments* combine) {
  combine->weights.clear();
  for (std::size_t i = 0; i < combine->keys.size(); ++i) {
    const std::optional<double> weight = commands::parse_double(call[at + i]);
    if (!weight) {
      call.reply.error("ERR weight value is not a float");
      return false;
    }
    combine->weights.push_back(*weight);
  }
  return true;
}

bool read_aggregate(Call& call, std::size_t at, CombineArguments* combine) {
  if (is_word(call[at], "sum")) {
    combine->aggregate = Aggregate::kSum;
  } else if (is_word(call[at], "min")) {
    combine->aggregate = Aggregate::kMin;
  } else if (is_word(call[at], "max")) {
    combine->aggregate = Aggregate::kMax;
  } else {
    reply_syntax_error(call);
    return false;
  }
  return true;
}

bool read_limit(Call& call, std::size_t at, CombineArguments* combine) {
  const std::optional<std::int64_t> limit = commands::parse_integer(call[at]);
  if (!limit || *limit < 0) {
    call.reply.error("ERR LIMIT can't be negative");
    return false;
  }
  combine->limit = static_cast<std::uint64_t>(*limit);
  return true;
}

// The same for all of the arguments, from the `first` on: how many keys, the keys, options.
bool read_combination(Call& call, std::size_t first, Combination what, CombineArguments* combine) {
  const bool stores = first == 2;
  std::int64_t count = 0;
  if (!read_integer(call, call[first], &count)) return false;
  if (count < 1) {
    call.reply.error("ERR at least 1 input key is needed for '" + std::string(call.command.name) + "' command");
    return false;
  }
  const auto keys = static_cast<std::uint64_t>(count);
  if (keys > call.size() - first - 1) {
    reply_syntax_error(call);
    return false;
  }
  combine->keys = call.from(first + 1).first(keys);
  for (const std::string_view key : combine->keys) {  // before the options, as in Redis
    const Result<ValueType> type = call.view.type(key);
    if (type && (*type == ValueType::kString || *type == ValueType::kHash || *type == ValueType::kList)) {
      call.reply.error(kWrongTypeText);
      return false;
    }
  }
  const bool weighs = what == Combination::kUnion || what == Combination::kIntersection;
  for (std::size_t i = first + 1 + keys; i < call.size();) {
    const std::size_t behind = call.size() - i - 1;
    if (weighs && behind >= keys && is_word(call[i], "weights")) {
      if (!read_weights(call, i + 1, combine)) return false;
      i += 1 + keys;
    } else if (weighs && behind >= 1 && is_word(call[i], "aggregate")) {
      if (!read_aggregate(call, i + 1, combine)) return false;
      i += 2;
    } else if (!stores && what != Combination::kCount && is_word(call[i], "withscores")) {
      combine->with_scores = true;
      i += 1;
    } else if (what == Combination::kCount && behind >= 1 && is_word(call[i], "limit")) {
      if (!read_limit(call, i + 1, combine)) return false;
      i += 2;
    } else {
      reply_syntax_error(call);
      return false;
    }
  }
  return true;
}

void combine(Call& call, Combination what) {
  CombineArguments arguments;
  if (!read_combination(call, 1, what, &arguments)) return;
  const ZCombineOptions options{.weights = arguments.weights, .aggregate = arguments.aggregate};
  switch (what) {
    case Combination::kUnion:
      return reply_members(call, arguments.with_scores, call.view.zunion(arguments.keys, options));
    case Combination::kIntersection:
      return reply_members(call, arguments.with_scores, call.view.zinter(arguments.keys, options));
    case Combination::kDifference: return reply_members(call, arguments.with_scores, call.view.zdiff(arguments.keys));
    case Combination::kCount: return reply_integer(call, call.view.zinter_card(arguments.keys, arguments.limit));
  }
}
void zunion(Call& call) { combine(call, Combination::kUnion); }
void zinter(Call& call) { combine(call, Combination::kIntersection); }
void zdiff(Call& call) { combine(call, Combination::kDifference); }
void zintercard(Call& call) { combine(call, Combination::kCount); }

void store_combined(Call& call, Combination what) {
  CombineArguments arguments;
  if (!read_combination(call, 2, what, &arguments)) return;
  const ZCombineOptions options{.weights = arguments.weights, .aggregate = arguments.aggregate};
  switch (what) {
    case Combination::kUnion: return reply_integer(call, call.keys.zunion_store(call[1], arguments.keys, options));
    case Combination::kIntersection:
      return reply_integer(call, call.keys.zinter_store(call[1], arguments.keys, options));
    default: return reply_integer(call, call.keys.zdiff_store(call[1], arguments.keys));
  }
}
void zunionstore(Call& call) { store_combined(call, Combination::kUnion); }
void zinterstore(Call& call) { store_combined(call, Combination::kIntersection); }
void zdiffstore(Call& call) { store_combined(call, Combination::kDifference); }

void zrangestore(Call& call) {
  RangeArguments arguments;
  MemberRange range;
  ZRangeOptions options;
  if (!read_whole_range(call, 3, &arguments, &range, &options)) return;
  reply_integer(call, call.keys.zrange_store(call[1], call[2], range, options));
}

void zmpop(Call& call) {
  PopArguments pop;
  bool lowest = false;
  if (!read_pop(
          call, 1, [&](std::string_view word) { return read_min_or_max(word, &lowest); }, &pop))
    return;
  const Lookup<PoppedMembers> popped =
      lowest ? call.keys.zmpop_min(pop.keys, pop.count) : call.keys.zmpop_max(pop.keys, pop.count);
  if (!popped.status().ok()) return reply_error(call, popped.status());
  popped ? reply_popped(call, *popped) : call.reply.null_array();
}

// --- The rows ---------------------------------------------------------------------------------------------------------

constexpr Group kSorted = Group::kSortedSet;
constexpr std::uint32_t kWrites = kWrite | kDenyOom;
constexpr std::uint32_t kCombines = kReadOnly | kOffLoop;
constexpr std::uint32_t kStores = kWrites | kOffLoop;
constexpr KeyPositions kTwoKeys{1, 2, 1};
constexpr Command kCommands[] = {
    {"zadd", -4, kWrites | kFast, kOneKey, kSorted, "1.2.0",
     "key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]", "Adds members, or gives them other scores",
     zadd},
    {"zcard", 2, kReadOnly | kFast, kOneKey, kSorted, "1.2.0", "key", "Answers how many members there are", zcard},
    {"zcount", 4, kReadOnly | kFast, kOneKey, kSorted, "2.0.0", "key min max",
     "Answers how many members have scores in a range", zcount},
    {"zdiff", -3, kCombines, kCountedKeys, kSorted, "6.2.0", "numkeys key [key ...] [WITHSCORES]",
     "Lists the members that only the first has", zdiff},
    {"zdiffstore", -4, kStores, kTargetAndCounted, kSorted, "6.2.0", "destination numkeys key [key ...]",
     "Stores what ZDIFF answers; at most 1,023 keys", zdiffstore},
    {"zincrby", 4, kWrites | kFast, kOneKey, kSorted, "1.2.0", "key increment member", "Adds to a score", zincrby},
    {"zinter", -3, kCombines, kCountedKeys, kSorted, "6.2.0",
     "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
     "Lists the members that all have", zinter},
    {"zintercard", -3, kCombines, kCountedKeys, kSorted, "7.0.0", "numkeys key [key ...] [LIMIT limit]",
     "Answers how many members all have", zintercard},
    {"zinterstore", -4, kStores, kTargetAndCounted, kSorted, "2.0.0",
     "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]",
     "Stores what ZINTER answers; at most 1,023 keys", zinterstore},
    {"zlexcount", 4, kReadOnly | kFast, kOneKey, kSorted, "2.8.9", "key min max",
     "Answers how many members are in a range, where all scores are the same", zlexcount},
    {"zmpop", -4, kWrite, kCountedKeys, kSorted, "7.0.0", "numkeys key [key ...] MIN|MAX [COUNT count]",
     "Takes members away from the first sorted set that is there; at most 1,024 keys", zmpop},
    {"zmscore", -3, kReadOnly | kFast, kOneKey, kSorted, "6.2.0", "key member [member ...]", "Reads several scores",
     zmscore},
    {"zpopmax", -2, kWrite | kFast, kOneKey, kSorted, "5.0.0", "key [count]",
     "Takes the members with the highest scores away", zpopmax},
    {"zpopmin", -2, kWrite | kFast, kOneKey, kSorted, "5.0.0", "key [count]",
     "Takes the members with the lowest scores away", zpopmin},
    {"zrandmember", -2, kReadOnly, kOneKey, kSorted, "6.2.0", "key [count [WITHSCORES]]", "Reads members at random",
     zrandmember},
    {"zrange", -4, kReadOnly, kOneKey, kSorted, "1.2.0",
     "key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]", "Lists the members in a range",
     zrange},
    {"zrangebylex", -4, kReadOnly, kOneKey, kSorted, "2.8.9", "key min max [LIMIT offset count]",
     "An old spelling of ZRANGE BYLEX", zrangebylex},
    {"zrangebyscore", -4, kReadOnly, kOneKey, kSorted, "1.0.5", "key min max [WITHSCORES] [LIMIT offset count]",
     "An old spelling of ZRANGE BYSCORE", zrangebyscore},
    {"zrangestore", -5, kWrites | kOffLoop, kTwoKeys, kSorted, "6.2.0",
     "dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]", "Stores what ZRANGE answers", zrangestore},
    {"zrank", 3, kReadOnly | kFast, kOneKey, kSorted, "2.0.0", "key member", "Answers how many members are before one",
     zrank},
    {"zrem", -3, kWrite | kFast, kOneKey, kSorted, "1.2.0", "key member [member ...]", "Removes members", zrem},
    {"zremrangebylex", 4, kWrite, kOneKey, kSorted, "2.8.9", "key min max",
     "Removes the members in a range, where all scores are the same", zremrangebylex},
    {"zremrangebyrank", 4, kWrite, kOneKey, kSorted, "2.0.0", "key start stop", "Removes the members of these places",
     zremrangebyrank},
    {"zremrangebyscore", 4, kWrite, kOneKey, kSorted, "1.2.0", "key min max",
     "Removes the members with scores in a range", zremrangebyscore},
    {"zrevrange", -4, kReadOnly, kOneKey, kSorted, "1.2.0", "key start stop [WITHSCORES]",
     "An old spelling of ZRANGE REV", zrevrange},
    {"zrevrangebylex", -4, kReadOnly, kOneKey, kSorted, "2.8.9", "key max min [LIMIT offset count]",
     "An old spelling of ZRANGE BYLEX REV", zrevrangebylex},
    {"zrevrangebyscore", -4, kReadOnly, kOneKey, kSorted, "2.2.0", "key max min [WITHSCORES] [LIMIT offset count]",
     "An old spelling of ZRANGE BYSCORE REV", zrevrangebyscore},
    {"zrevrank", 3, kReadOnly | kFast, kOneKey, kSorted, "2.0.0", "key member",
     "Answers how many members are behind one", zrevrank},
    {"zscan", -3, kReadOnly, kOneKey, kSorted, "2.8.0", "key cursor [MATCH pattern] [COUNT count]",
     "Walks over the members", zscan},
    {"zscore", 3, kReadOnly | kFast, kOneKey, kSorted, "1.2.0", "key member", "Reads a score", zscore},
    {"zunion", -3, kCombines, kCountedKeys, kSorted, "6.2.0",
     "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
     "Lists the members that any has", zunion},
    {"zunionstore", -4, kStores, kTargetAndCounted, kSorted, "2.0.0",
     "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]",
     "Stores what ZUNION answers; at most 1,023 keys", zunionstore},
};

}  // namespace

std::span<const Command> sorted_set_commands() { return kCommands; }

}  // namespace larder::endpoint
