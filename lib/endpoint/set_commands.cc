// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands on sets.
#include <string>
#include <utility>
#include <vector>

#include "endpoint/arguments.h"
#include "endpoint/gathered_reply.h"

namespace larder::endpoint {
namespace {

void sadd(Call& call) { reply_integer(call, call.keys.sadd(call[1], KeyList(call.from(2)))); }
void srem(Call& call) { reply_integer(call, call.keys.srem(call[1], KeyList(call.from(2)))); }
void scard(Call& call) { reply_integer(call, call.view.scard(call[1])); }
void sismember(Call& call) { reply_integer(call, call.view.sis_member(call[1], call[2])); }

void smismember(Call& call) {
  const Result<std::vector<bool>> found = call.view.smis_member(call[1], call.from(2));
  if (!found) return reply_error(call, found.status());
  call.reply.array(found->size());
  for (const bool one : *found) call.reply.integer(one);
}

void smembers(Call& call) {
  const Lookup<SetSnapshot> set = call.view.ssnapshot(call[1]);
  if (!set.status().ok()) return reply_error(call, set.status());
  call.reply.set(set ? set->size() : 0);
  if (!set) return;
  set->for_each([&](std::string_view member) {
    call.reply.bulk(member);
    return true;
  });
}

void spop(Call& call) {
  if (call.size() == 2) return reply_lookup(call, call.keys.spop(call[1]));
  if (call.size() > 3) return reply_syntax_error(call);
  constexpr std::string_view kNotACount = "ERR value is out of range, must be positive";
  std::int64_t count = 0;
  if (!read_integer(call, call[2], &count, kNotACount)) return;
  if (count < 0) return call.reply.error(kNotACount);
  Result<ItemList> popped = call.keys.spop(call[1], static_cast<std::uint64_t>(count));
  if (!popped) return reply_error(call, popped.status());
  call.reply.set(popped->size());
  for (const std::string_view member : *popped) call.reply.bulk(member);
}

void srandmember(Call& call) {
  if (call.size() == 2) return reply_lookup(call, call.view.srand_member(call[1]));
  if (call.size() > 3) return reply_syntax_error(call);
  std::int64_t count = 0;
  if (!read_count(call, call[2], &count)) return;
  GatheredReply reply(call);
  reply.expect(count);
  Status status = call.view.srand_members(call[1], count, [&](std::string_view member) { return reply.bulk(member); });
  if (!status.ok()) return reply_error(call, status);
  reply.send_array();
}

void sscan(Call& call) {
  ScanArguments arguments;
  if (!read_item_scan(call, ValueType::kSet, &arguments)) return;
  Result<MemberPage> page =
      call.view.sscan(call[1], arguments.cursor, {.match = arguments.match, .count = arguments.count});
  if (!page) return reply_error(call, page.status());
  reply_page(
      call, arguments, page->cursor, page->members, 1, [](std::string_view member) { return member; },
      [&](std::string_view member) { call.reply.bulk(member); });
}

// combine(keys, visit), for one of the three.
template <typename Combine>
void reply_combined(Call& call, Combine&& combine) {
  GatheredReply reply(call);
  Status status = combine(KeyList(call.from(1)), [&](std::string_view member) { return reply.bulk(member); });
  if (!status.ok()) return reply_error(call, status);
  reply.send_set();
}
void sinter(Call& call) {
  reply_combined(call, [&](const KeyList& keys, auto&& visit) { return call.view.sinter(keys, visit); });
}
void sunion(Call& call) {
  reply_combined(call, [&](const KeyList& keys, auto&& visit) { return call.view.sunion(keys, visit); });
}
void sdiff(Call& call) {
  reply_combined(call, [&](const KeyList& keys, auto&& visit) { return call.view.sdiff(keys, visit); });
}

void sintercard(Call& call) {
  std::int64_t keys = 0;
  constexpr std::string_view kNoKeys = "ERR numkeys should be greater than 0";
  if (!read_integer(call, call[1], &keys, kNoKeys)) return;
  if (keys < 1) return call.reply.error(kNoKeys);
  const auto count = static_cast<std::uint64_t>(keys);
  if (count > call.size() - 2) return call.reply.error("ERR Number of keys can't be greater than number of args");
  constexpr std::string_view kNoLimit = "ERR LIMIT can't be negative";
  std::int64_t limit = 0;
  for (std::size_t i = 2 + count; i < call.size(); i += 2) {
    if (!is_word(call[i], "limit") || i + 1 == call.size()) return reply_syntax_error(call);
    if (!read_integer(call, call[i + 1], &limit, kNoLimit)) return;
    if (limit < 0) return call.reply.error(kNoLimit);
  }
  reply_integer(call, call.view.sinter_card(call.from(2).first(count), static_cast<std::uint64_t>(limit)));
}

void smove(Call& call) { reply_integer(call, call.keys.smove(call[1], call[2], call[3])); }
void sinterstore(Call& call) { reply_integer(call, call.keys.sinter_store(call[1], call.from(2))); }
void sunionstore(Call& call) { reply_integer(call, call.keys.sunion_store(call[1], call.from(2))); }
void sdiffstore(Call& call) { reply_integer(call, call.keys.sdiff_store(call[1], call.from(2))); }

constexpr KeyPositions kOneKey{1, 1, 1};
constexpr KeyPositions kTwoKeys{1, 2, 1};
constexpr KeyPositions kCountedKeys{.count_at = 1};
constexpr KeyPositions kAllKeys{1, -1, 1};
constexpr Group kSet = Group::kSet;
constexpr Command kCommands[] = {
    {"sadd", -3, kWrite | kDenyOom | kFast, kOneKey, kSet, "1.0.0", "key member [member ...]", "Adds members", sadd},
    {"scard", 2, kReadOnly | kFast, kOneKey, kSet, "1.0.0", "key", "Answers how many members there are", scard},
    {"sdiff", -2, kReadOnly | kOffLoop, kAllKeys, kSet, "1.0.0", "key [key ...]",
     "Lists the members that are in none of the other sets; at most 1,024 keys", sdiff},
    {"sdiffstore", -3, kWrite | kDenyOom | kOffLoop, kAllKeys, kSet, "1.0.0", "destination key [key ...]",
     "Stores what SDIFF answers; at most 1,023 keys", sdiffstore},
    {"sinter", -2, kReadOnly | kOffLoop, kAllKeys, kSet, "1.0.0", "key [key ...]",
     "Lists the members that are in all sets; at most 1,024 keys", sinter},
    {"sintercard", -3, kReadOnly | kOffLoop, kCountedKeys, kSet, "7.0.0", "numkeys key [key ...] [LIMIT limit]",
     "Answers how many members are in all sets; at most 1,024 keys", sintercard},
    {"sinterstore", -3, kWrite | kDenyOom | kOffLoop, kAllKeys, kSet, "1.0.0", "destination key [key ...]",
     "Stores what SINTER answers; at most 1,023 keys", sinterstore},
    {"sismember", 3, kReadOnly | kFast, kOneKey, kSet, "1.0.0", "key member", "Answers whether it is a member",
     sismember},
    {"smembers", 2, kReadOnly, kOneKey, kSet, "1.0.0", "key", "Lists the members", smembers},
    {"smismember", -3, kReadOnly | kFast, kOneKey, kSet, "6.2.0", "key member [member ...]",
     "Answers which of these are members", smismember},
    {"smove", 4, kWrite | kFast, kTwoKeys, kSet, "1.0.0", "source destination member", "Moves a member to another set",
     smove},
    {"spop", -2, kWrite | kFast, kOneKey, kSet, "1.0.0", "key [count]", "Reads members at random and removes them",
     spop},
    {"srandmember", -2, kReadOnly, kOneKey, kSet, "1.0.0", "key [count]", "Reads members at random", srandmember},
    {"srem", -3, kWrite | kFast, kOneKey, kSet, "1.0.0", "key member [member ...]", "Removes members", srem},
    {"sscan", -3, kReadOnly, kOneKey, kSet, "2.8.0", "key cursor [MATCH pattern] [COUNT count]",
     "Walks over the members", sscan},
    {"sunion", -2, kReadOnly | kOffLoop, kAllKeys, kSet, "1.0.0", "key [key ...]",
     "Lists the members that are in any set; at most 1,024 keys", sunion},
    {"sunionstore", -3, kWrite | kDenyOom | kOffLoop, kAllKeys, kSet, "1.0.0", "destination key [key ...]",
     "Stores what SUNION answers; at most 1,023 keys", sunionstore},
};

}  // namespace

std::span<const Command> set_commands() { return kCommands; }

}  // namespace larder::endpoint
