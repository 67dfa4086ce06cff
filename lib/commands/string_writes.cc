// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands that write strings.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <tsl/robin_map.h>

#include "commands/ends.h"
#include "commands/numbers.h"
#include "keyspace/large_value.h"
#include "keyspace/multi_key.h"
#include "larder/strings.h"

namespace larder {

using commands::format_integer;
using commands::parse_integer;
using keyspace::Before;
using keyspace::Change;
using keyspace::Entry;
using keyspace::EntryType;
using keyspace::Keyspace;
using keyspace::LargeValue;
using keyspace::MultiKey;
using keyspace::Patch;
using keyspace::ValueCopy;
using keyspace::Want;

namespace {

Status out_of_range() { return {ErrorCode::kValueTooLarge, "a string may have at most 512 MiB"}; }
Status overflow() { return {ErrorCode::kOverflow, "increment or decrement would overflow"}; }

bool holds(SetOptions::If condition, bool present) {
  return condition == SetOptions::If::kAlways || (condition == SetOptions::If::kPresent) == present;
}

// SET, with what its forms want to know of the value before. `guard` may refuse.
Status set_value(Keyspace& keyspace, std::string_view key, std::string_view value, const SetOptions& options,
                 ValueCopy* previous, bool* stored, FunctionRef<Status()> guard, std::uint64_t* version = nullptr) {
  if (!keyspace.environment().value_fits(value.size())) return keyspace.environment().value_too_large(value.size());
  Change wanted{.kind = Change::Kind::kReplace, .value = value};
  if (Status status = commands::read_end(keyspace.environment(), options.ttl, options.expires_at, options.keep_ttl,
                                         Change::End::kClear, &wanted);
      !status.ok()) {
    return status;
  }
  LargeValue large;
  if (Status status = large.make(keyspace, key, value); !status.ok()) return status;
  wanted.outside = large.slot();
  const bool blind = previous == nullptr && options.condition == SetOptions::If::kAlways && !options.keep_ttl;
  const auto decide = [&](const Entry* entry, Change& change) -> Status {
    *stored = false;
    if (previous != nullptr) {
      previous->reset();
      if (entry != nullptr) previous->take(*entry);
    }
    if (Status status = guard(); !status.ok()) return status;
    if (!holds(options.condition, entry != nullptr)) return {};
    change = wanted;
    change.version = version;
    *stored = true;
    return {};
  };
  const Before before = blind ? Before::kDoesNotMatter : Before::kMatters;
  if (previous == nullptr) return keyspace.edit(key, decide, before);
  return keyspace.edit_as(EntryType::kString, key, decide);
}

Status no_guard() { return {}; }

}  // namespace

// --- SET and its kin -------------------------------------------------------------------------------------------------------

Result<bool> Strings::set(std::string_view key, std::string_view value, const SetOptions& options) {
  keyspace::Environment& environment = keyspace_->environment();
  const bool common = options.condition == SetOptions::If::kAlways && !options.keep_ttl && !options.expires_at;
  if (common && value.size() <= keyspace::kInlineBytesMax && environment.value_fits(value.size())) {
    std::uint64_t end = Entry::kNoDeadline;
    if (options.ttl) end = environment.deadline_in(environment.jittered(*options.ttl)).value_or(0);
    if (end != 0 && keyspace_->put(key, value, end)) return true;
  }
  bool stored = false;
  Status status = set_value(*keyspace_, key, value, options, nullptr, &stored, no_guard);
  if (!status.ok()) return status;
  return stored;
}

Result<SetAndGet> Strings::set_and_get(std::string_view key, std::string_view value, const SetOptions& options) {
  ValueCopy previous;
  SetAndGet answer;
  Status status = set_value(*keyspace_, key, value, options, &previous, &answer.stored, no_guard);
  if (!status.ok()) return status;
  if (previous.taken()) answer.previous = previous.str();
  return answer;
}

Lookup<std::string> Strings::get_set(std::string_view key, std::string_view value) {
  ValueCopy previous;
  bool stored = false;
  Status status = set_value(*keyspace_, key, value, {}, &previous, &stored, no_guard);
  if (!status.ok()) return status;
  if (!previous.taken()) return {};
  return previous.str();
}

Lookup<std::string> Strings::get_del(std::string_view key) {
  ValueCopy value;
  Status status = keyspace_->edit_as(EntryType::kString, key, [&](const Entry* entry, Change& change) -> Status {
    value.reset();
    if (entry != nullptr) value.take(*entry);
    change = Change::remove();
    return {};
  });
  if (!status.ok()) return status;
  if (!value.taken()) return {};
  return value.str();
}

Lookup<std::string> Strings::get_ex(std::string_view key, const GetExOptions& options) {
  if (!options.ttl && !options.expires_at && !options.persist) return get(key);
  Change wanted{.kind = Change::Kind::kEnd};
  if (options.persist && (options.ttl || options.expires_at)) {
    return Status(ErrorCode::kInvalidArgument, "at most one of ttl, expires_at and persist");
  }
  if (Status status = commands::read_end(keyspace_->environment(), options.ttl, options.expires_at, false,
                                         Change::End::kClear, &wanted);
      !status.ok()) {
    return status;
  }
  ValueCopy value;
  Status status = keyspace_->edit_as(EntryType::kString, key, [&](const Entry* entry, Change& change) -> Status {
    value.reset();
    if (entry == nullptr) return {};
    value.take(*entry);
    change = wanted;
    return {};
  });
  if (!status.ok()) return status;
  if (!value.taken()) return {};
  return value.str();
}

// --- Several at once ----------------------------------------------------------------------------------------------------------

namespace {

// In the order of the first mention.
std::vector<KeyValue> last_of_each(std::span<const KeyValue> pairs) {
  std::vector<KeyValue> last;
  tsl::robin_map<std::string_view, std::size_t> places(2 * pairs.size());
  last.reserve(pairs.size());
  for (const KeyValue& pair : pairs) {
    const auto [found, is_new] = places.emplace(pair.key, last.size());
    if (is_new) {
      last.push_back(pair);
    } else {
      last[found->second].value = pair.value;
    }
  }
  return last;
}

Result<bool> set_all(Keyspace& keyspace, std::span<const KeyValue> given, bool if_none_is_there) {
  if (given.empty()) return Status(ErrorCode::kInvalidArgument, "no pairs were given");
  if (given.size() > keyspace::kKeysAtOnceMax) {
    return Status(ErrorCode::kTooManyKeys, "an atomic command may name at most 1,024 keys");
  }
  std::uint64_t bytes = 0;
  for (const KeyValue& pair : given) {
    bytes += pair.key.size() + pair.value.size();
    if (!keyspace.environment().value_fits(pair.value.size())) {
      return keyspace.environment().value_too_large(pair.value.size());
    }
  }
  if (!keyspace.environment().all_fit(bytes)) {
    return Status(ErrorCode::kValueTooLarge,
                  "the pairs of one atomic command may take a quarter of max_memory at most");
  }
  const std::vector<KeyValue> pairs = last_of_each(given);
  std::vector<std::string_view> keys;
  keys.reserve(pairs.size());
  for (const KeyValue& pair : pairs) keys.push_back(pair.key);
  std::vector<LargeValue> large(pairs.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (Status status = large[i].make(keyspace, pairs[i].key, pairs[i].value); !status.ok()) return status;
  }
  MultiKey multi(keyspace, keys);
  Status status = multi.run([&](MultiKey& all) {
    bool present = false;
    bool waits = false;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      present = (all.find(i, if_none_is_there ? Want::kChange : Want::kOverwrite) != nullptr) || present;
      waits = all.must_wait() || waits;
      all.need(i, EntryType::kString, pairs[i].value.size(), false);
    }
    if (waits) return false;
    if (if_none_is_there && present) return true;
    if (!all.has_room()) return false;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const MultiKey::Value value{.bytes = pairs[i].value, .outside = large[i].get()};
      if (!all.stage(i, value, Entry::kNoDeadline)) break;
    }
    return true;
  });
  if (!multi.committed()) {
    if (!status.ok()) return status;
    return false;
  }
  for (LargeValue& value : large) value.take();
  return true;
}

}  // namespace

Status Strings::mset(const PairList& pairs) { return set_all(*keyspace_, pairs, false).status(); }

Result<bool> Strings::mset_nx(const PairList& pairs) { return set_all(*keyspace_, pairs, true); }

// --- Parts ------------------------------------------------------------------------------------------------------------------

Result<std::uint64_t> Strings::append(std::string_view key, std::string_view suffix) {
  std::uint64_t length = 0;
  Patch patch{0, suffix};
  Status status = keyspace_->edit_as(EntryType::kString, key, [&](const Entry* entry, Change& change) -> Status {
    const std::uint64_t size = entry == nullptr ? 0 : entry->value().size();
    if (size + suffix.size() > kValueBytesMax) return out_of_range();
    length = size + suffix.size();
    patch.offset = size;
    change.kind = Change::Kind::kPatch;
    change.patches = {&patch, 1};
    return {};
  });
  if (!status.ok()) return status;
  return length;
}

Result<std::uint64_t> Strings::set_range(std::string_view key, std::uint64_t offset, std::string_view bytes) {
  std::uint64_t length = 0;
  const Patch patch{offset, bytes};
  Status status = keyspace_->edit_as(EntryType::kString, key, [&](const Entry* entry, Change& change) -> Status {
    length = entry == nullptr ? 0 : entry->value().size();
    if (bytes.empty()) return {};
    if (offset > kValueBytesMax || offset + bytes.size() > kValueBytesMax) return out_of_range();
    length = std::max<std::uint64_t>(length, offset + bytes.size());
    change.kind = Change::Kind::kPatch;
    change.patches = {&patch, 1};
    return {};
  });
  if (!status.ok()) return status;
  return length;
}

// --- Counting ---------------------------------------------------------------------------------------------------------------

Result<std::int64_t> Strings::incr_by(std::string_view key, std::int64_t by) {
  std::int64_t number = 0;
  commands::IntegerText text;
  Status status = keyspace_->edit_as(EntryType::kString, key, [&](const Entry* entry, Change& change) -> Status {
    number = 0;
    if (entry != nullptr) {
      const std::optional<std::int64_t> before = parse_integer(entry->value());
      if (!before) return {ErrorCode::kNotAnInteger, "value is not an integer or out of range"};
      number = *before;
    }
    if (__builtin_add_overflow(number, by, &number)) return overflow();
    text = format_integer(number);
    change = {.kind = Change::Kind::kReplace, .value = text.view(), .end = Change::End::kKeep};
    return {};
  });
  if (!status.ok()) return status;
  return number;
}

Result<std::int64_t> Strings::decr_by(std::string_view key, std::int64_t by) {
  if (by == std::numeric_limits<std::int64_t>::min()) return Status(ErrorCode::kOverflow, "decrement would overflow");
  return incr_by(key, -by);
}

Result<std::string> Strings::incr_by_float(std::string_view key, long double by) {
  if (std::isnan(by)) return Status(ErrorCode::kNotAFloat, "value is not a valid float");
  std::string text;
  Status status = keyspace_->edit_as(EntryType::kString, key, [&](const Entry* entry, Change& change) -> Status {
    long double number = 0;
    if (entry != nullptr) {
      const std::optional<long double> before = commands::parse_float(entry->value());
      if (!before) return {ErrorCode::kNotAFloat, "value is not a valid float"};
      number = *before;
    }
    number += by;
    if (std::isnan(number) || std::isinf(number)) {
      return {ErrorCode::kOverflow, "increment would produce NaN or Infinity"};
    }
    text = commands::format_float(number);
    change = {.kind = Change::Kind::kReplace, .value = text, .end = Change::End::kKeep};
    return {};
  });
  if (!status.ok()) return status;
  return text;
}

// --- Optimistic concurrency -----------------------------------------------------------------------------------------------------

Result<Versioned> Strings::get_versioned(std::string_view key) {
  if (key.size() > kKeyBytesMax) return Keyspace::key_too_long();
  const std::uint64_t hash = keyspace_->hash_of(key);
  keyspace::Shard& shard = keyspace_->shard_of(hash);
  ValueCopy value;
  Versioned answer;
  keyspace_->reap(hash, key);  // so that its expiry is not taken for a change later
  const auto version = [&] { return shard.version(keyspace::id_of(hash)); };
  // A stripe's first time takes a second look, which counts for nothing. So does a value that came from a store: it is
  // of this version only if that has not changed since before it was asked for.
  bool settled = false;
  for (keyspace::Use use = keyspace::Use::kMark; !settled; use = keyspace::Use::kAsk) {
    std::uint64_t before = 0;
    if (keyspace_->has_store()) {
      base::MutexLock lock(shard.mutex);
      before = version();
    }
    Status status = keyspace_->view_as(EntryType::kString, hash, key, use, [&](const Entry* entry) {
      value.reset();
      if (entry != nullptr) value.take(*entry);
      answer.version.number = version();
    });
    if (status.ok() && answer.version.number == 0) status = keyspace_->keep_versions(hash);
    if (!status.ok()) return status;
    settled = answer.version.number != 0 && (!keyspace_->has_store() || answer.version.number == before);
  }
  if (value.taken()) answer.value = value.str();
  return answer;
}

Result<Version> Strings::compare_and_set(std::string_view key, Version expected, std::string_view value,
                                         const SetOptions& options) {
  if (key.size() > kKeyBytesMax) return Keyspace::key_too_long();
  const std::uint64_t hash = keyspace_->hash_of(key);
  if (options.condition != SetOptions::If::kAlways) {
    return Status(ErrorCode::kInvalidArgument, "compare_and_set has a condition of its own: the version");
  }
  keyspace::Shard& shard = keyspace_->shard_of(hash);
  Version version;
  bool stored = false;
  const auto guard = [&]() -> Status {
    const std::uint64_t number = shard.version(keyspace::id_of(hash));
    if (number == 0 || number != expected.number) {
      return {ErrorCode::kConflict, "the key changed since this version was read"};
    }
    return {};
  };
  Status status = set_value(*keyspace_, key, value, options, nullptr, &stored, guard, &version.number);
  if (!status.ok()) return status;
  return version;
}

}  // namespace larder
