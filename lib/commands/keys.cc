// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands on keys of any type, but for scans (scan.cc).
#include "larder/keys.h"

#include <algorithm>

#include "commands/ends.h"
#include "commands/numbers.h"
#include "keyspace/collection.h"
#include "keyspace/multi_key.h"

namespace larder {

using keyspace::Change;
using keyspace::Entry;
using keyspace::Keyspace;
using keyspace::MultiKey;
using keyspace::Use;
using keyspace::use_of;
using keyspace::Want;

std::string_view to_string(ValueType type) noexcept {
  switch (type) {
    case ValueType::kNone: break;
    case ValueType::kString: return "string";
    case ValueType::kHash: return "hash";
    case ValueType::kList: return "list";
    case ValueType::kSet: return "set";
    case ValueType::kSortedSet: return "zset";
  }
  return "none";
}

std::string_view to_string(RemovalCause cause) noexcept {
  constexpr std::string_view names[kRemovalCauses] = {"deleted", "replaced", "invalidated", "expired",
                                                      "idle",    "evicted",  "cleared"};
  const auto index = static_cast<std::size_t>(cause);
  return index < kRemovalCauses ? names[index] : "unknown";
}

// --- There or not ---------------------------------------------------------------------------------------------------------

Result<bool> Keys::del(std::string_view key) {
  bool removed = false;
  Status status = keyspace_->edit(key, [&](const Entry* entry, Change& change) -> Status {
    removed = entry != nullptr;
    change = Change::remove();
    return {};
  });
  if (!status.ok()) return status;
  return removed;
}

Result<std::uint64_t> Keys::del(const KeyList& keys) {
  if (Status status = Keyspace::check_sizes(keys); !status.ok()) return status;
  std::uint64_t count = 0;
  for (const std::string_view key : keys) {
    const Result<bool> removed = del(key);
    if (!removed.ok()) return removed.status();
    count += *removed;
  }
  return count;
}

namespace {

Result<bool> present(Keyspace& keyspace, std::string_view key, Use use) {
  bool found = false;
  Status status = keyspace.view(key, use, [&](const Entry* entry) { found = entry != nullptr; });
  if (!status.ok()) return status;
  return found;
}

Result<std::uint64_t> count_present(Keyspace& keyspace, std::span<const std::string_view> keys, Use use) {
  if (Status status = Keyspace::check_sizes(keys); !status.ok()) return status;
  std::uint64_t count = 0;
  Status failure;
  keyspace.view_many(keys, use, [&](std::size_t, const Entry* entry, const Status& status) {
    count += entry != nullptr;
    if (!status.ok()) failure = status;
  });
  if (!failure.ok()) return failure;
  return count;
}

}  // namespace

Result<bool> Keys::exists(std::string_view key) { return present(*keyspace_, key, use_of(looks_, Use::kAsk)); }
Result<std::uint64_t> Keys::exists(const KeyList& keys) {
  return count_present(*keyspace_, keys, use_of(looks_, Use::kAsk));
}
Result<bool> Keys::touch(std::string_view key) { return present(*keyspace_, key, use_of(looks_, Use::kMark)); }
Result<std::uint64_t> Keys::touch(const KeyList& keys) {
  return count_present(*keyspace_, keys, use_of(looks_, Use::kMark));
}

Result<ValueType> Keys::type(std::string_view key) {
  ValueType type = ValueType::kNone;
  Status status = keyspace_->view(key, use_of(looks_, Use::kAsk), [&](const Entry* entry) {
    type = entry == nullptr ? ValueType::kNone : keyspace::type_of(entry->type());
  });
  if (!status.ok()) return status;
  return type;
}

namespace {

// As Redis would have it: "int" for what is a number, and what is short in one block with its header.
std::string_view encoding_of(const Entry& entry) {
  if (entry.is_collection()) return keyspace::encoding_of_collection(entry);
  constexpr std::size_t kEmbeddedMax = 44;
  constexpr std::size_t kIntegerMax = 20;
  const std::string_view value = entry.value();
  if (value.size() <= kIntegerMax && commands::parse_integer(value)) return "int";
  return value.size() <= kEmbeddedMax ? "embstr" : "raw";
}

}  // namespace

Result<Version> Keys::version(std::string_view key) {
  if (key.size() > kKeyBytesMax) return Keyspace::key_too_long();
  if (!keyspace_->is_declared(key)) return Keyspace::undeclared();
  const std::uint64_t hash = keyspace_->hash_of(key);
  keyspace_->reap(hash, key);  // so that its expiry is not taken for a change later
  keyspace::Shard& shard = keyspace_->shard_of(hash);
  for (;;) {
    {
      base::MutexLock lock(shard.mutex);
      if (shard.closed) return Keyspace::closed();
      if (const std::uint64_t number = shard.version(keyspace::id_of(hash)); number != 0) return Version{number};
    }
    if (Status status = keyspace_->keep_versions(hash); !status.ok()) return status;
  }
}

Lookup<KeyReport> Keys::inspect(std::string_view key) {
  Lookup<KeyReport> answer;
  Status status = keyspace_->view(key, Use::kPeek, [&](const Entry* entry) {
    if (entry == nullptr) return;
    const keyspace::Shard& shard = keyspace_->shard_of(keyspace_->hash_of(key));
    KeyReport report{.type = keyspace::type_of(entry->type()), .encoding = encoding_of(*entry)};
    report.bytes = shard.footprint_of(*entry).charge;
    if (entry->external()) report.bytes += entry->outside().charge();
    if (entry->has_idle()) {
      const std::uint64_t now = keyspace_->environment().now();
      report.idle = Milliseconds(now - std::min(now, entry->last_use()));
    }
    if (shard.counts_log()) report.frequency = entry->counter();
    answer = report;
  });
  if (!status.ok()) return status;
  return answer;
}

// --- When it ends ------------------------------------------------------------------------------------------------------------

namespace {

// Whether an end may be set, given the present one. No end counts as the latest.
bool may_end(ExpireIf when, std::uint64_t now_ends, std::uint64_t would_end) {
  switch (when) {
    case ExpireIf::kAlways: return true;
    case ExpireIf::kHasNone: return now_ends == Entry::kNoDeadline;
    case ExpireIf::kHasOne: return now_ends != Entry::kNoDeadline;
    case ExpireIf::kGreater: return would_end > now_ends;
    case ExpireIf::kLess: return would_end < now_ends;
    case ExpireIf::kHasOneAndLess: return now_ends != Entry::kNoDeadline && would_end < now_ends;
  }
  return false;
}

Result<bool> end_at(Keyspace& keyspace, std::string_view key, std::uint64_t end, ExpireIf when) {
  bool did = false;
  Status status = keyspace.edit(key, [&](const Entry* entry, Change& change) -> Status {
    did = entry != nullptr && may_end(when, keyspace::Shard::end_of(*entry), end);
    if (did) change = {.kind = Change::Kind::kEnd, .end = Change::End::kSet, .ends_at = end};
    return {};
  });
  if (!status.ok()) return status;
  return did;
}

}  // namespace

Result<bool> Keys::expire(std::string_view key, Milliseconds ttl, ExpireIf when) {
  std::uint64_t end = 0;
  if (ttl.count() > 0) {
    const Result<std::uint64_t> deadline = keyspace_->environment().deadline_in(ttl);
    if (!deadline) return deadline.status();
    end = *deadline;
  } else if (ttl.count() < -static_cast<std::int64_t>(keyspace::Environment::kDeadlineMax)) {
    return Status(ErrorCode::kInvalidExpireTime, "the expire time is beyond what can be kept");
  }
  return end_at(*keyspace_, key, end, when);
}

Result<bool> Keys::expire_at(std::string_view key, UnixTime when_it_ends, ExpireIf when) {
  const Result<std::uint64_t> deadline = keyspace_->environment().deadline_at(when_it_ends.time_since_epoch().count());
  if (!deadline) return deadline.status();
  return end_at(*keyspace_, key, *deadline, when);
}

Result<bool> Keys::persist(std::string_view key) {
  bool did = false;
  Status status = keyspace_->edit(key, [&](const Entry* entry, Change& change) -> Status {
    did = entry != nullptr && keyspace::Shard::end_of(*entry) != Entry::kNoDeadline;
    if (did) change = {.kind = Change::Kind::kEnd, .end = Change::End::kClear};
    return {};
  });
  if (!status.ok()) return status;
  return did;
}

Lookup<TimeToLive> Keys::ttl(std::string_view key) {
  Lookup<TimeToLive> answer;
  Status status = keyspace_->view(key, use_of(looks_, Use::kAsk), [&](const Entry* entry) {
    if (entry == nullptr) return;
    TimeToLive ttl;
    const std::uint64_t end = keyspace::Shard::end_of(*entry);
    if (end != Entry::kNoDeadline) ttl.left = Milliseconds(end - std::min(end, keyspace_->environment().now()));
    answer = ttl;
  });
  if (!status.ok()) return status;
  return answer;
}

Lookup<std::optional<UnixTime>> Keys::expire_time(std::string_view key) {
  bool found = false;
  std::uint64_t end = Entry::kNoDeadline;
  Status status = keyspace_->view(key, use_of(looks_, Use::kAsk), [&](const Entry* entry) {
    if (entry == nullptr) return;
    found = true;
    end = keyspace::Shard::end_of(*entry);
  });
  if (!status.ok()) return status;
  if (!found) return {};
  std::optional<UnixTime> time;
  if (end != Entry::kNoDeadline) time = UnixTime(Milliseconds(keyspace_->environment().unix_of(end)));
  return time;
}

// --- Another name --------------------------------------------------------------------------------------------------------------

namespace {

enum class Carry { kMove, kCopy };
enum class Carried { kNoSource, kOccupied, kDone };

// Gives the value and the end of one key to another.
Status carry(Keyspace& keyspace, std::string_view from, std::string_view to, Carry how, bool replace,
             Carried* outcome) {
  const std::string_view keys[] = {from, to};
  MultiKey multi(keyspace, keys);
  keyspace::ValueCopy value;
  bool unkept = false;
  Status status = multi.run([&](MultiKey& both) {
    *outcome = Carried::kNoSource;
    const Entry* source = both.find(0, how == Carry::kMove ? Want::kChange : Want::kSource);
    if (source == nullptr) return !both.must_wait();
    value.take(*source);  // finding the target may move it
    const std::uint64_t end = keyspace::Shard::end_of(*source);
    const bool occupied = both.find(1, replace ? Want::kOverwrite : Want::kChange) != nullptr;
    if (both.must_wait()) return false;
    *outcome = Carried::kOccupied;
    if (occupied && !replace) return true;
    *outcome = Carried::kDone;
    if (from == to) return true;
    const MultiKey::Value carried = MultiKey::Value::of(value);
    unkept = keyspace.has_store() && both.unkept(0);
    if (unkept) {  // the store has it, and the cache no room
      both.stage_unkept(1, carried, end);
    } else {
      // A move within one shard takes no place that it does not give back.
      both.need(1, carried.type, carried.size(), end != Entry::kNoDeadline,
                how == Carry::kMove && both.same_shard(0, 1));
      if (!both.has_room()) return false;
      // What is outside is shared by both from now on, and copied by whoever changes it first.
      if (!both.stage(1, carried, end)) return true;
    }
    if (how == Carry::kMove) both.stage_removal(0);
    return true;
  });
  if (multi.committed() && !unkept) (void)value.release_outside();  // the cache's now
  return status;
}

Status no_such_key() { return {ErrorCode::kNoSuchKey, "no such key"}; }

}  // namespace

Status Keys::rename(std::string_view from, std::string_view to) {
  Carried outcome = Carried::kNoSource;
  Status status = carry(*keyspace_, from, to, Carry::kMove, true, &outcome);
  if (!status.ok()) return status;
  return outcome == Carried::kNoSource ? no_such_key() : Status();
}

Result<bool> Keys::rename_nx(std::string_view from, std::string_view to) {
  Carried outcome = Carried::kNoSource;
  Status status = carry(*keyspace_, from, to, Carry::kMove, false, &outcome);
  if (!status.ok()) return status;
  if (outcome == Carried::kNoSource) return no_such_key();
  return outcome == Carried::kDone;
}

Result<bool> Keys::copy(std::string_view from, std::string_view to, bool replace) {
  if (from == to) return Status(ErrorCode::kInvalidArgument, "source and destination are the same key");
  Carried outcome = Carried::kNoSource;
  Status status = carry(*keyspace_, from, to, Carry::kCopy, replace, &outcome);
  if (!status.ok()) return status;
  return outcome == Carried::kDone;
}

}  // namespace larder
