// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands on hashes.
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "commands/numbers.h"
#include "endpoint/arguments.h"
#include "endpoint/gathered_reply.h"

namespace larder::endpoint {
namespace {

constexpr KeyPositions kOneKey{1, 1, 1};

void hset_pairs(Call& call, bool answers_ok) {
  if (call.size() % 2 != 0) return reply_arity_error(call);
  std::vector<KeyValue> fields;
  for (std::size_t i = 2; i < call.size(); i += 2) fields.push_back({call[i], call[i + 1]});
  const Result<std::uint64_t> added = call.keys.hset(call[1], fields);
  if (!added.ok()) return reply_error(call, added.status());
  answers_ok ? call.reply.ok() : call.reply.integer(*added);
}

void hset(Call& call) { hset_pairs(call, false); }
void hmset(Call& call) { hset_pairs(call, true); }
void hsetnx(Call& call) { reply_integer(call, call.keys.hset_nx(call[1], call[2], call[3])); }
void hdel(Call& call) { reply_integer(call, call.keys.hdel(call[1], call.from(2))); }

void hincrby(Call& call) {
  std::int64_t by = 0;
  if (read_integer(call, call[3], &by)) reply_integer(call, call.keys.hincr_by(call[1], call[2], by));
}

void hincrbyfloat(Call& call) {
  const std::optional<long double> by = commands::parse_float(call[3]);
  if (!by) return call.reply.error("ERR value is not a valid float");
  if (std::isinf(*by)) return call.reply.error("ERR value is NaN or Infinity");
  Result<std::string> sum = call.keys.hincr_by_float(call[1], call[2], *by);
  if (!sum) return reply_error(call, sum.status());
  call.reply.bulk(std::move(*sum));
}

void hget(Call& call) { reply_lookup(call, call.view.hget(call[1], call[2])); }
void hexists(Call& call) { reply_integer(call, call.view.hexists(call[1], call[2])); }
void hlen(Call& call) { reply_integer(call, call.view.hlen(call[1])); }
void hstrlen(Call& call) { reply_integer(call, call.view.hstrlen(call[1], call[2])); }

void hmget(Call& call) {
  Result<std::vector<std::optional<std::string>>> values = call.view.hmget(call[1], call.from(2));
  if (!values) return reply_error(call, values.status());
  call.reply.array(values->size());
  for (auto& value : *values) value ? call.reply.bulk(std::move(*value)) : call.reply.null();
}

void hgetall(Call& call) {
  const Lookup<HashSnapshot> hash = call.view.hsnapshot(call[1]);
  if (!hash.status().ok()) return reply_error(call, hash.status());
  call.reply.map(hash ? hash->size() : 0);
  if (!hash) return;
  hash->for_each([&](std::string_view field, std::string_view value) {
    call.reply.bulk(field);
    call.reply.bulk(value);
    return true;
  });
}

void reply_all(Call& call, bool values) {
  const Lookup<HashSnapshot> hash = call.view.hsnapshot(call[1]);
  if (!hash.status().ok()) return reply_error(call, hash.status());
  call.reply.array(hash ? hash->size() : 0);
  if (!hash) return;
  hash->for_each([&](std::string_view field, std::string_view value) {
    call.reply.bulk(values ? value : field);
    return true;
  });
}
void hkeys(Call& call) { reply_all(call, false); }
void hvals(Call& call) { reply_all(call, true); }

void hrandfield(Call& call) {
  if (call.size() == 2) return reply_lookup(call, call.view.hrand_field(call[1]));
  std::int64_t count = 0;
  if (!read_count(call, call[2], &count)) return;
  const bool with_values = call.size() == 4 && is_word(call[3], "withvalues");
  if (call.size() > 3 && !with_values) return reply_syntax_error(call);
  if (with_values && !check_pairs(call, count)) return;
  const bool nested = with_values && call.reply.resp3();
  GatheredReply reply(call);
  reply.expect(count);
  Status status = call.view.hrand_fields(call[1], count, [&](std::string_view field, std::string_view value) {
    if (nested) return reply.pair(field, value);
    return reply.bulk(field) && (!with_values || reply.bulk(value));
  });
  if (!status.ok()) return reply_error(call, status);
  reply.send_array();
}

void hscan(Call& call) {
  ScanArguments arguments;
  if (!read_item_scan(call, ValueType::kHash, &arguments)) return;
  Result<FieldPage> page =
      call.view.hscan(call[1], arguments.cursor, {.match = arguments.match, .count = arguments.count});
  if (!page) return reply_error(call, page.status());
  reply_page(
      call, arguments, page->cursor, page->fields, 2, [](const auto& pair) { return pair.first; },
      [&](const auto& pair) {
        call.reply.bulk(pair.first);
        call.reply.bulk(pair.second);
      });
}

constexpr Group kHash = Group::kHash;
constexpr std::uint32_t kWrites = kWrite | kDenyOom;
constexpr Command kCommands[] = {
    {"hdel", -3, kWrite | kFast, kOneKey, kHash, "2.0.0", "key field [field ...]", "Deletes fields", hdel},
    {"hexists", 3, kReadOnly | kFast, kOneKey, kHash, "2.0.0", "key field", "Answers whether there is such a field",
     hexists},
    {"hget", 3, kReadOnly | kFast, kOneKey, kHash, "2.0.0", "key field", "Reads a field", hget},
    {"hgetall", 2, kReadOnly, kOneKey, kHash, "2.0.0", "key", "Reads all fields with their values", hgetall},
    {"hincrby", 4, kWrites | kFast, kOneKey, kHash, "2.0.0", "key field increment", "Adds to a number", hincrby},
    {"hincrbyfloat", 4, kWrites | kFast, kOneKey, kHash, "2.6.0", "key field increment",
     "Adds to a floating-point number", hincrbyfloat},
    {"hkeys", 2, kReadOnly, kOneKey, kHash, "2.0.0", "key", "Lists the fields", hkeys},
    {"hlen", 2, kReadOnly | kFast, kOneKey, kHash, "2.0.0", "key", "Answers how many fields there are", hlen},
    {"hmget", -3, kReadOnly | kFast, kOneKey, kHash, "2.0.0", "key field [field ...]", "Reads several fields", hmget},
    {"hmset", -4, kWrites | kFast, kOneKey, kHash, "2.0.0", "key field value [field value ...]",
     "An old spelling of HSET", hmset},
    {"hrandfield", -2, kReadOnly, kOneKey, kHash, "6.2.0", "key [count [WITHVALUES]]", "Reads fields at random",
     hrandfield},
    {"hscan", -3, kReadOnly, kOneKey, kHash, "2.8.0", "key cursor [MATCH pattern] [COUNT count]",
     "Walks over the fields", hscan},
    {"hset", -4, kWrites | kFast, kOneKey, kHash, "2.0.0", "key field value [field value ...]", "Writes fields", hset},
    {"hsetnx", 4, kWrites | kFast, kOneKey, kHash, "2.0.0", "key field value", "Writes a field if there is none",
     hsetnx},
    {"hstrlen", 3, kReadOnly | kFast, kOneKey, kHash, "3.2.0", "key field", "Answers the length of a value", hstrlen},
    {"hvals", 2, kReadOnly, kOneKey, kHash, "2.0.0", "key", "Lists the values", hvals},
};

}  // namespace

std::span<const Command> hash_commands() { return kCommands; }

}  // namespace larder::endpoint
