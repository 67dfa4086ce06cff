// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/multi_key.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace larder::keyspace {

// The one place where several shards are locked (docs/concurrency.md): in ascending order, each once.
ShardLocks::ShardLocks(Keyspace& keyspace, std::span<const KeyRef> keys) NO_THREAD_SAFETY_ANALYSIS {
  std::vector<std::uint32_t> numbers;
  numbers.reserve(keys.size());
  for (const KeyRef& key : keys) numbers.push_back(key.shard);
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  held_.reserve(numbers.size());
  for (const std::uint32_t number : numbers) {
    Shard& shard = keyspace.shard(number);
    held_.push_back({number, &shard, std::make_unique<Discards>(keyspace.environment(), shard.memory())});
  }
  for (Held& held : held_) held.shard->mutex.lock();
}

ShardLocks::~ShardLocks() NO_THREAD_SAFETY_ANALYSIS {
  for (auto held = held_.rbegin(); held != held_.rend(); ++held) held->shard->mutex.unlock();
  // Then the discards go, with the members.
}

Discards& ShardLocks::discards(std::uint32_t shard) {
  const auto held = std::lower_bound(held_.begin(), held_.end(), shard,
                                     [](const Held& one, std::uint32_t number) { return one.number < number; });
  return *held->discards;
}

MultiKey::MultiKey(Keyspace& keyspace, const std::vector<std::string_view>& keys) : keyspace_(keyspace) {
  keys_.reserve(keys.size());
  for (const std::string_view key : keys) {
    const std::uint64_t hash = keyspace.hash_of(key);
    keys_.push_back({key, hash, keyspace.shard_number(hash)});
  }
}

Status MultiKey::run(FunctionRef<bool(MultiKey&)> step) {
  if (keys_.size() > kKeysAtOnceMax) return {ErrorCode::kTooManyKeys, "an atomic command may name at most 1,024 keys"};
  for (const KeyRef& key : keys_) {
    if (key.key.size() > kKeyBytesMax) return Keyspace::key_too_long();
  }
  int idle = 0;
  for (;;) {
    waiting_ = no_room_ = false;
    needs_.clear();
    {
      ShardLocks locks(keyspace_, keys_);
      locks_ = &locks;
      for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (shard(i).closed) return Keyspace::closed();
      }
      const bool is_done = step(*this);
      unstage();  // what was not committed
      if (is_done) {
        for (std::size_t i = 0; i < keys_.size(); ++i) shard(i).housekeep(discards(i));
        return {};
      }
      locks_ = nullptr;
    }
    if (waiting_) keyspace_.shard(wait_shard_).wait_for_latch(wait_epoch_);
    if (no_room_ && !keyspace_.reclaim(lacking_.shard, lacking_.bytes, lacking_.entries, &idle)) {
      return keyspace_.out_of_memory();
    }
  }
}

Shard::Place MultiKey::find(std::size_t i, bool to_change) {
  Shard& its_shard = shard(i);
  Shard::Place place = its_shard.find_any(keys_[i].hash, keys_[i].key);
  if (!place) return {};
  if (to_change && place.entry()->latched()) {
    waiting_ = true;
    wait_shard_ = keys_[i].shard;
    wait_epoch_ = its_shard.latch_epoch();
    return {};
  }
  if (its_shard.expired(*place.entry())) return its_shard.find(keys_[i].hash, keys_[i].key, discards(i));
  if (!to_change) its_shard.mark_use(place, keys_[i].hash);  // a change is a use itself
  return place;
}

std::int64_t MultiKey::bytes_to_store(std::size_t i, std::size_t value_bytes, bool with_end) const noexcept {
  Shard& its_shard = keyspace_.shard(keys_[i].shard);
  const bool external = value_bytes > kInlineBytesMax;
  const EntryShape shape = its_shard.shape_for(EntryType::kString, external, with_end);
  return its_shard.footprint_for(shape, keys_[i].key.size(), external ? 0 : value_bytes).charge;
}

void MultiKey::need(std::size_t i, std::int64_t bytes, bool insert, bool one_more) {
  for (Need& one : needs_) {
    if (one.shard != keys_[i].shard) continue;
    one.bytes += bytes + keyspace_.environment().slack.another_key;
    one.entries += one_more;
    one.inserts += insert;
    return;
  }
  needs_.push_back({keys_[i].shard, bytes, one_more, insert});
}

bool MultiKey::has_room() {
  // What one shard lacks is not to be taken from another that needs it: all of them together, then.
  lacking_ = {};
  for (const Need& one : needs_) {
    lacking_.bytes += one.bytes + (&one == needs_.data() ? 0 : keyspace_.environment().slack.write);
    lacking_.entries += one.entries;
  }
  no_room_ = !keyspace_.environment().may_make_room_for(lacking_.bytes, lacking_.entries);
  if (no_room_) return false;
  for (const Need& one : needs_) {
    Shard& its_shard = keyspace_.shard(one.shard);
    lacking_.shard = one.shard;
    if (its_shard.has_room(one.bytes, one.entries)) {
      if (one.inserts == 0 || its_shard.reserve(one.inserts, one.bytes)) continue;
      no_room_ = true;
      return false;
    }
    const Room room = its_shard.make_room(one.bytes, one.entries, locks_->discards(one.shard));
    no_room_ = room == Room::kNone;
    return false;
  }
  return true;
}

bool MultiKey::stage(std::size_t i, std::string_view value, Blob* blob, std::uint64_t end) {
  Shard& its_shard = shard(i);
  const EntryShape shape = its_shard.shape_for(EntryType::kString, blob != nullptr, end != Entry::kNoDeadline);
  const std::size_t value_bytes = blob != nullptr ? 0 : value.size();
  const Footprint footprint = its_shard.footprint_for(shape, keys_[i].key.size(), value_bytes);
  Entry* entry = its_shard.new_entry(shape, footprint, keys_[i].key, value_bytes);
  if (entry == nullptr) return false;
  if (blob != nullptr) {
    entry->set_blob(blob);
  } else if (!value.empty()) {
    std::memcpy(entry->inline_bytes(), value.data(), value.size());
  }
  staged_.push_back({i, entry, footprint, end});
  return true;
}

void MultiKey::commit() {
  for (const auto& [i, entry, footprint, end] : staged_) {
    const Shard::Place place = shard(i).find_any(keys_[i].hash, keys_[i].key);
    if (place) {
      shard(i).replace(place, keys_[i].hash, entry, end, true, discards(i));
    } else {
      shard(i).add(keys_[i].hash, entry, footprint, end);
    }
  }
  staged_.clear();
}

void MultiKey::unstage() {
  for (const Staged& one : staged_) shard(one.key).free_entry(one.entry);
  staged_.clear();
}

}  // namespace larder::keyspace
