// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands on lists.
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "commands/numbers.h"
#include "endpoint/arguments.h"

namespace larder::endpoint {
namespace {

constexpr KeyPositions kOneKey{1, 1, 1};

void lpush(Call& call) { reply_integer(call, call.keys.lpush(call[1], call.from(2))); }
void rpush(Call& call) { reply_integer(call, call.keys.rpush(call[1], call.from(2))); }
void lpushx(Call& call) { reply_integer(call, call.keys.lpush_x(call[1], call.from(2))); }
void rpushx(Call& call) { reply_integer(call, call.keys.rpush_x(call[1], call.from(2))); }

void reply_items(Call& call, const ItemList& items) {
  call.reply.array(items.size());
  for (const std::string_view item : items) call.reply.bulk(item);
}

void pop(Call& call, Lookup<std::string> (Lists::*one)(std::string_view),
         Lookup<ItemList> (Lists::*many)(std::string_view, std::uint64_t)) {
  if (call.size() > 3) return reply_arity_error(call);
  if (call.size() == 2) return reply_lookup(call, (call.keys.*one)(call[1]));
  const std::optional<std::int64_t> count = commands::parse_integer(call[2]);
  if (!count || *count < 0) return call.reply.error("ERR value is out of range, must be positive");
  const Lookup<ItemList> popped = (call.keys.*many)(call[1], static_cast<std::uint64_t>(*count));
  if (!popped.status().ok()) return reply_error(call, popped.status());
  popped ? reply_items(call, *popped) : call.reply.null_array();
}

void lpop(Call& call) { pop(call, &Lists::lpop, &Lists::lpop); }
void rpop(Call& call) { pop(call, &Lists::rpop, &Lists::rpop); }

void llen(Call& call) { reply_integer(call, call.view.llen(call[1])); }

// An index that is none matters where there is a list.
bool read_index(Call& call, std::int64_t* index, void (*no_list)(Call&)) {
  if (const std::optional<std::int64_t> number = commands::parse_integer(call[2])) {
    *index = *number;
    return true;
  }
  const Result<std::uint64_t> size = call.view.llen(call[1]);
  if (!size) {
    reply_error(call, size.status());
  } else {
    *size == 0 ? no_list(call) : call.reply.error(kNotAnIntegerText);
  }
  return false;
}

void lindex(Call& call) {
  std::int64_t index = 0;
  if (!read_index(call, &index, [](Call& its) { its.reply.null(); })) return;
  reply_lookup(call, call.view.lindex(call[1], index));
}

void lset(Call& call) {
  std::int64_t index = 0;
  if (!read_index(call, &index, [](Call& its) { its.reply.error("ERR no such key"); })) return;
  const Status status = call.keys.lset(call[1], index, call[3]);
  status.ok() ? call.reply.ok() : reply_error(call, status);
}

void lrange(Call& call) {
  std::int64_t first = 0;
  std::int64_t last = 0;
  if (!read_integer(call, call[2], &first) || !read_integer(call, call[3], &last)) return;
  const Lookup<ListSnapshot> list = call.view.lsnapshot(call[1]);
  if (!list.status().ok()) return reply_error(call, list.status());
  call.reply.array(list ? list->count(first, last) : 0);
  if (!list) return;
  list->for_each(first, last, [&](std::string_view element) {
    call.reply.bulk(element);
    return true;
  });
}

void ltrim(Call& call) {
  std::int64_t first = 0;
  std::int64_t last = 0;
  if (!read_integer(call, call[2], &first) || !read_integer(call, call[3], &last)) return;
  const Status status = call.keys.ltrim(call[1], first, last);
  status.ok() ? call.reply.ok() : reply_error(call, status);
}

void linsert(Call& call) {
  const bool before = is_word(call[2], "before");
  if (!before && !is_word(call[2], "after")) return reply_syntax_error(call);
  const ListPlace place = before ? ListPlace::kBefore : ListPlace::kAfter;
  reply_integer(call, call.keys.linsert(call[1], place, call[3], call[4]));
}

void lrem(Call& call) {
  std::int64_t count = 0;
  if (read_integer(call, call[2], &count)) reply_integer(call, call.keys.lrem(call[1], count, call[3]));
}

// False: it makes no sense, and the client has been told.
bool read_rank(Call& call, std::string_view word, std::int64_t* rank) {
  if (!read_integer(call, word, rank)) return false;
  if (*rank == 0) {
    call.reply.error(
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
        "or use negative to start from the end of the list");
  } else if (*rank == std::numeric_limits<std::int64_t>::min()) {
    call.reply.error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
  } else {
    return true;
  }
  return false;
}
bool read_limit(Call& call, std::string_view word, std::string_view otherwise, std::uint64_t* limit) {
  const std::optional<std::int64_t> number = commands::parse_integer(word);
  if (!number || *number < 0) {
    call.reply.error(otherwise);
    return false;
  }
  *limit = static_cast<std::uint64_t>(*number);
  return true;
}

void lpos(Call& call) {
  LposOptions options;
  std::optional<std::uint64_t> count;
  for (std::size_t i = 3; i < call.size(); i += 2) {
    if (i + 1 == call.size()) return reply_syntax_error(call);
    const std::string_view value = call[i + 1];
    if (is_word(call[i], "rank")) {
      if (!read_rank(call, value, &options.rank)) return;
    } else if (is_word(call[i], "count")) {
      if (!read_limit(call, value, "ERR COUNT can't be negative", &count.emplace())) return;
    } else if (is_word(call[i], "maxlen")) {
      if (!read_limit(call, value, "ERR MAXLEN can't be negative", &options.compared_max)) return;
    } else {
      return reply_syntax_error(call);
    }
  }
  if (!count) {
    const Lookup<std::uint64_t> found = call.view.lpos(call[1], call[2], options);
    if (!found.status().ok()) return reply_error(call, found.status());
    return found ? call.reply.integer(*found) : call.reply.null();
  }
  const Result<std::vector<std::uint64_t>> found = call.view.lpos_all(call[1], call[2], *count, options);
  if (!found) return reply_error(call, found.status());
  call.reply.array(found->size());
  for (const std::uint64_t index : *found) call.reply.integer(index);
}

// --- From one to another --------------------------------------------------------------------------------------------

void lmove(Call& call) {
  ListEnd from = ListEnd::kLeft;
  ListEnd to = ListEnd::kLeft;
  if (!read_end(call[3], &from) || !read_end(call[4], &to)) return reply_syntax_error(call);
  reply_lookup(call, call.keys.lmove(call[1], call[2], from, to));
}
void rpoplpush(Call& call) { reply_lookup(call, call.keys.lmove(call[1], call[2], ListEnd::kRight, ListEnd::kLeft)); }

void lmpop(Call& call) {
  PopArguments pop;
  ListEnd end = ListEnd::kLeft;
  if (!read_pop(
          call, 1, [&](std::string_view word) { return read_end(word, &end); }, &pop))
    return;
  const Lookup<PoppedElements> popped = call.keys.lmpop(pop.keys, end, pop.count);
  if (!popped.status().ok()) return reply_error(call, popped.status());
  popped ? reply_popped(call, *popped) : call.reply.null_array();
}

constexpr KeyPositions kTwoKeys{1, 2, 1};
constexpr KeyPositions kCountedKeys{.count_at = 1};
constexpr Group kList = Group::kList;
constexpr std::uint32_t kWrites = kWrite | kDenyOom;
constexpr Command kCommands[] = {
    {"lindex", 3, kReadOnly, kOneKey, kList, "1.0.0", "key index", "Reads an element", lindex},
    {"linsert", 5, kWrites, kOneKey, kList, "2.2.0", "key BEFORE|AFTER pivot element",
     "Puts an element beside another one", linsert},
    {"llen", 2, kReadOnly | kFast, kOneKey, kList, "1.0.0", "key", "Answers how many elements there are", llen},
    {"lmove", 5, kWrites, kTwoKeys, kList, "6.2.0", "source destination LEFT|RIGHT LEFT|RIGHT",
     "Moves an element to another list", lmove},
    {"lmpop", -4, kWrite, kCountedKeys, kList, "7.0.0", "numkeys key [key ...] LEFT|RIGHT [COUNT count]",
     "Removes elements from the first list that is there; at most 1,024 keys", lmpop},
    {"lpop", -2, kWrite | kFast, kOneKey, kList, "1.0.0", "key [count]", "Removes elements from the beginning", lpop},
    {"lpos", -3, kReadOnly, kOneKey, kList, "6.0.6", "key element [RANK rank] [COUNT matches] [MAXLEN compared]",
     "Finds elements by what they are", lpos},
    {"lpush", -3, kWrites | kFast, kOneKey, kList, "1.0.0", "key element [element ...]",
     "Adds elements to the beginning", lpush},
    {"lpushx", -3, kWrites | kFast, kOneKey, kList, "2.2.0", "key element [element ...]",
     "Adds elements to the beginning if there is a list", lpushx},
    {"lrange", 4, kReadOnly, kOneKey, kList, "1.0.0", "key start stop", "Reads elements that follow each other",
     lrange},
    {"lrem", 4, kWrite, kOneKey, kList, "1.0.0", "key count element", "Removes elements by what they are", lrem},
    {"lset", 4, kWrites, kOneKey, kList, "1.0.0", "key index element", "Puts an element in the place of another one",
     lset},
    {"ltrim", 4, kWrite, kOneKey, kList, "1.0.0", "key start stop", "Removes all elements but those of a range", ltrim},
    {"rpop", -2, kWrite | kFast, kOneKey, kList, "1.0.0", "key [count]", "Removes elements from the end", rpop},
    {"rpoplpush", 3, kWrites, kTwoKeys, kList, "1.2.0", "source destination", "An old spelling of LMOVE RIGHT LEFT",
     rpoplpush},
    {"rpush", -3, kWrites | kFast, kOneKey, kList, "1.0.0", "key element [element ...]", "Adds elements to the end",
     rpush},
    {"rpushx", -3, kWrites | kFast, kOneKey, kList, "2.2.0", "key element [element ...]",
     "Adds elements to the end if there is a list", rpushx},
};

}  // namespace

std::span<const Command> list_commands() { return kCommands; }

}  // namespace larder::endpoint
