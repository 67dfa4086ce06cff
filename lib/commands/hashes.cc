// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands on hashes.
#include "larder/hashes.h"

#include <algorithm>
#include <cmath>

#include "collections/copies.h"
#include "commands/collections.h"
#include "commands/glob.h"
#include "commands/numbers.h"
#include "commands/sampling.h"
#include "commands/user_function.h"

namespace larder {

using collections::Edited;
using keyspace::HashType;
using keyspace::Held;
using keyspace::Use;
using keyspace::use_of;
using Draft = HashType::Draft;
using View = HashType::View;

// --- Snapshots --------------------------------------------------------------------------------------------------------------

struct HashSnapshot::Body {
  explicit Body(const base::KeyHash& its_hash) : hash(its_hash) {}
  Held<HashType> held;
  const base::KeyHash hash;
};

HashSnapshot::HashSnapshot(std::unique_ptr<Body> body) noexcept : body_(std::move(body)) {}
HashSnapshot::HashSnapshot(HashSnapshot&&) noexcept = default;
HashSnapshot& HashSnapshot::operator=(HashSnapshot&&) noexcept = default;
HashSnapshot::~HashSnapshot() = default;

std::uint64_t HashSnapshot::size() const noexcept { return body_->held.view().size(); }

std::optional<std::string_view> HashSnapshot::get(std::string_view field) const noexcept {
  return body_->held.view().find(body_->hash, field);
}

void HashSnapshot::for_each(FunctionRef<bool(std::string_view, std::string_view)> visit) const {
  std::uint64_t cursor = 0;
  bool more = true;
  do {
    cursor = body_->held.view().walk(
        cursor, [&](std::string_view field, std::string_view value) { more = more && visit(field, value); });
  } while (more && cursor != 0);
}

Lookup<HashSnapshot> Hashes::hsnapshot(std::string_view key) {
  auto body = std::make_unique<HashSnapshot::Body>(keyspace_->environment().hash);
  Status status = keyspace::hold(*keyspace_, key, use_of(looks_, Use::kMark), &body->held);
  if (!status.ok()) return status;
  if (!body->held) return {};
  return HashSnapshot(std::move(body));
}

// --- Reading ----------------------------------------------------------------------------------------------------------------

namespace {

Status field_too_large(keyspace::Keyspace& keyspace, std::string_view field, std::string_view value) {
  const std::size_t bytes = std::max(field.size(), value.size());
  return keyspace.environment().value_fits(bytes) ? Status() : keyspace.environment().value_too_large(bytes);
}

}  // namespace

Lookup<std::string> Hashes::hget(std::string_view key, std::string_view field) {
  const base::KeyHash& hash = keyspace_->environment().hash;
  return commands::copy_item<HashType>(*keyspace_, key, use_of(looks_, Use::kMark),
                                       [&](const View& view) { return view.find(hash, field); });
}

Result<std::vector<std::optional<std::string>>> Hashes::hmget(std::string_view key, const KeyList& fields) {
  std::vector<std::optional<std::string>> values(fields.size());
  const auto copy = [&](const View& view, std::uint64_t bytes_max) {
    std::uint64_t bytes = 0;
    auto to = values.begin();
    for (const std::string_view field : fields) {
      if (const auto value = view.find(keyspace_->environment().hash, field)) {
        bytes += value->size();
        if (bytes > bytes_max) return false;
        base::count_bytes(value->size());
        *to = *value;
      }
      ++to;
    }
    return true;
  };
  Held<HashType> held;  // where that is too much for a hold of the lock
  Status status =
      keyspace_->view_as(HashType::kType, key, use_of(looks_, Use::kMark), [&](const keyspace::Entry* entry) {
        if (entry == nullptr) return;
        const bool few = fields.size() <= keyspace::kItemsAHold;
        if (!few || !copy(keyspace::view_of<HashType>(*entry), commands::kItemBytesAHold)) held.take(*entry);
      });
  if (!status.ok()) return status;
  if (held) copy(held.view(), ~std::uint64_t{0});
  return values;
}

Result<bool> Hashes::hexists(std::string_view key, std::string_view field) {
  bool found = false;
  Status status = keyspace::read<HashType>(*keyspace_, key, use_of(looks_, Use::kMark), [&](const View& view) {
    found = view.find(keyspace_->environment().hash, field).has_value();
  });
  if (!status.ok()) return status;
  return found;
}

Result<std::uint64_t> Hashes::hlen(std::string_view key) {
  std::uint64_t size = 0;
  Status status = keyspace::read<HashType>(*keyspace_, key, use_of(looks_, Use::kMark),
                                           [&](const View& view) { size = view.size(); });
  if (!status.ok()) return status;
  return size;
}

Result<std::uint64_t> Hashes::hstrlen(std::string_view key, std::string_view field) {
  std::uint64_t length = 0;
  Status status = keyspace::read<HashType>(*keyspace_, key, use_of(looks_, Use::kMark), [&](const View& view) {
    if (const auto value = view.find(keyspace_->environment().hash, field)) length = value->size();
  });
  if (!status.ok()) return status;
  return length;
}

namespace {

// Every field, of one instant: push(all, field, value). Room for all is had at once, up to so many bytes.
template <typename List, typename Push>
Result<List> all_of(keyspace::Keyspace& keyspace, std::string_view key, Use use, std::uint64_t reserved_max,
                    Push&& push) {
  Held<HashType> held;
  Status status = keyspace::hold(keyspace, key, use, &held);
  if (!status.ok()) return status;
  List all;
  all.reserve(held.view().size(), std::min(held.view().bytes(), reserved_max));
  held.view().each([&](std::string_view field, std::string_view value) { push(all, field, value); });
  return all;
}

}  // namespace

Result<FieldValues> Hashes::hget_all(std::string_view key) {
  return all_of<FieldValues>(
      *keyspace_, key, use_of(looks_, Use::kMark), commands::kNoLimit,
      [](FieldValues& all, std::string_view field, std::string_view value) { all.push_back(field, value); });
}

Result<ItemList> Hashes::hkeys(std::string_view key) {
  return all_of<ItemList>(*keyspace_, key, use_of(looks_, Use::kMark), collections::kReservedMax,
                          [](ItemList& all, std::string_view field, std::string_view) { all.push_back(field); });
}

Result<ItemList> Hashes::hvals(std::string_view key) {
  return all_of<ItemList>(*keyspace_, key, use_of(looks_, Use::kMark), collections::kReservedMax,
                          [](ItemList& all, std::string_view, std::string_view value) { all.push_back(value); });
}

Lookup<std::string> Hashes::hrand_field(std::string_view key) {
  const base::Random start = commands::random_for(*keyspace_, key);
  return commands::copy_item<HashType>(*keyspace_, key, use_of(looks_, Use::kMark), [&](const View& view) {
    base::Random random = start;  // it may be drawn twice, and is the same field then
    std::optional<std::string_view> field;
    view.random(random, [&](std::string_view name, std::string_view) { field = name; });
    return field;
  });
}

Status Hashes::hrand_fields(std::string_view key, std::int64_t count,
                            FunctionRef<bool(std::string_view, std::string_view)> visit) {
  commands::UserVisit user("hrand_fields", visit);
  return user.status(commands::draw<HashType>(*keyspace_, key, use_of(looks_, Use::kMark), count, user));
}

Result<FieldValues> Hashes::hrand_fields(std::string_view key, std::int64_t count) {
  if (count < -kDrawnMax) return commands::too_many_drawn();
  FieldValues drawn;
  const auto collect = [&](std::string_view field, std::string_view value) {
    drawn.push_back(field, value);
    return true;
  };
  Status status = commands::draw<HashType>(*keyspace_, key, use_of(looks_, Use::kMark), count, collect);
  if (!status.ok()) return status;
  return drawn;
}

Result<FieldPage> Hashes::hscan(std::string_view key, std::uint64_t cursor, const ScanOptions& options) {
  FieldPage page;
  std::uint64_t visited = 0;
  const Result<std::uint64_t> next = commands::scan_items<HashType>(
      *keyspace_, key, use_of(looks_, Use::kMark), cursor, options,
      [&](const View& view, std::uint64_t at) {
        return view.walk(at, [&](std::string_view field, std::string_view value) {
          ++visited;
          if (options.match.empty() || commands::glob_matches(options.match, field))
            page.fields.push_back(field, value);
        });
      },
      [&] { return visited; });
  if (!next.ok()) return next.status();
  page.cursor = *next;
  return page;
}

// --- Writing ----------------------------------------------------------------------------------------------------------------

Result<bool> Hashes::hset(std::string_view key, std::string_view field, std::string_view value) {
  const KeyValue one{field, value};
  const Result<std::uint64_t> added = hset(key, PairList(std::span<const KeyValue>(&one, 1)));
  if (!added.ok()) return added.status();
  return *added != 0;
}

Result<std::uint64_t> Hashes::hset(std::string_view key, const PairList& fields) {
  const std::span<const KeyValue> pairs = fields;
  if (pairs.empty()) return Status(ErrorCode::kInvalidArgument, "no fields were given");
  std::uint64_t bytes = 0;
  for (const KeyValue& pair : pairs) {
    if (Status status = field_too_large(*keyspace_, pair.key, pair.value); !status.ok()) return status;
    bytes += pair.key.size() + pair.value.size();
  }
  std::uint64_t added = 0;
  Status status =
      keyspace::change<HashType>(*keyspace_, key, commands::edits_of(pairs.size(), bytes), [&](Draft& draft) -> Status {
        added = 0;
        for (const KeyValue& pair : pairs) {
          const Edited edited = draft.set(pair.key, pair.value);
          if (edited == Edited::kNoMemory) break;
          added += edited == Edited::kDone;
        }
        return {};
      });
  if (!status.ok()) return status;
  return added;
}

Result<bool> Hashes::hset_nx(std::string_view key, std::string_view field, std::string_view value) {
  if (Status status = field_too_large(*keyspace_, field, value); !status.ok()) return status;
  bool set = false;
  const std::uint64_t edits = commands::edits_of(1, field.size() + value.size());
  Status status = keyspace::change<HashType>(*keyspace_, key, edits, [&](Draft& draft) -> Status {
    set = !draft.view().find(keyspace_->environment().hash, field);
    if (set) draft.set(field, value);
    return {};
  });
  if (!status.ok()) return status;
  return set;
}

Result<bool> Hashes::hdel(std::string_view key, std::string_view field) {
  const Result<std::uint64_t> removed = hdel(key, KeyList({field}));
  if (!removed.ok()) return removed.status();
  return *removed != 0;
}

Result<std::uint64_t> Hashes::hdel(std::string_view key, const KeyList& fields) {
  std::uint64_t removed = 0;
  Status status = keyspace::change<HashType>(*keyspace_, key, fields.size(), [&](Draft& draft) -> Status {
    removed = 0;
    for (const std::string_view field : fields) {
      const Edited edited = draft.erase(field);
      if (edited == Edited::kNoMemory) break;
      removed += edited == Edited::kDone;
    }
    return {};
  });
  if (!status.ok()) return status;
  return removed;
}

Result<std::int64_t> Hashes::hincr_by(std::string_view key, std::string_view field, std::int64_t by) {
  if (Status status = field_too_large(*keyspace_, field, {}); !status.ok()) return status;
  std::int64_t number = 0;
  const std::uint64_t edits = commands::edits_of(1, field.size());
  Status status = keyspace::change<HashType>(*keyspace_, key, edits, [&](Draft& draft) -> Status {
    number = 0;
    if (const auto value = draft.view().find(keyspace_->environment().hash, field)) {
      const std::optional<std::int64_t> before = commands::parse_integer(*value);
      if (!before) return {ErrorCode::kNotAnInteger, "hash value is not an integer"};
      number = *before;
    }
    if (__builtin_add_overflow(number, by, &number)) {
      return {ErrorCode::kOverflow, "increment or decrement would overflow"};
    }
    draft.set(field, commands::format_integer(number).view());
    return {};
  });
  if (!status.ok()) return status;
  return number;
}

Result<std::string> Hashes::hincr_by_float(std::string_view key, std::string_view field, long double by) {
  if (std::isnan(by)) return Status(ErrorCode::kNotAFloat, "value is not a valid float");
  if (Status status = field_too_large(*keyspace_, field, {}); !status.ok()) return status;
  std::string text;
  const std::uint64_t edits = commands::edits_of(1, field.size());
  Status status = keyspace::change<HashType>(*keyspace_, key, edits, [&](Draft& draft) -> Status {
    long double number = 0;
    if (const auto value = draft.view().find(keyspace_->environment().hash, field)) {
      const std::optional<long double> before = commands::parse_float(*value);
      if (!before) return {ErrorCode::kNotAFloat, "hash value is not a float"};
      number = *before;
    }
    number += by;
    if (std::isnan(number) || std::isinf(number)) {
      return {ErrorCode::kOverflow, "increment would produce NaN or Infinity"};
    }
    text = commands::format_float(number);
    draft.set(field, text);
    return {};
  });
  if (!status.ok()) return status;
  return text;
}

}  // namespace larder
