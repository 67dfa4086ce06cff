// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands on what is resident: SCAN, KEYS, FLUSHALL, and their kin.
#include <algorithm>
#include <deque>

#include "commands/glob.h"
#include "commands/user_function.h"
#include "keyspace/keyspace.h"
#include "larder/contents.h"

namespace larder {

using keyspace::Discards;
using keyspace::Entry;
using keyspace::Index;
using keyspace::Keyspace;
using keyspace::Shard;

namespace {

// Where a walk over all shards is: the shard in the upper half, the place in its index in the lower.
struct Cursor {
  std::uint32_t shard = 0;
  std::uint64_t place = 0;

  explicit Cursor(std::uint64_t packed)
      : shard(static_cast<std::uint32_t>(packed >> Index::kCursorBits)), place(packed & 0xffffffff) {}
  std::uint64_t packed() const { return std::uint64_t{shard} << Index::kCursorBits | place; }
};

// Shows the living entries of one bucket at the cursor, under the lock, and moves on. Returns how many entries it
// looked at.
template <typename Visit>
Result<std::uint64_t> walk_bucket(Keyspace& keyspace, Cursor* cursor, Visit&& visit) {
  Shard& shard = keyspace.shard(cursor->shard);
  base::SliceLock lock(shard.mutex);
  if (shard.closed) return Keyspace::closed();
  Index& index = shard.index();
  std::uint64_t looked = 0;
  if (index.size() == 0) {
    cursor->place = 0;
  } else {
    looked = 1;
    index.for_bucket(index.bucket_of_cursor(cursor->place), [&](const Index::Place& place) {
      const Entry& entry = *place.entry();
      ++looked;
      const bool passed = Index::position_of(index.hash_of(entry)) < cursor->place;
      if (!passed && !entry.is_ghost() && !shard.expired(entry)) visit(entry);
    });
    cursor->place = index.next_cursor(cursor->place);
  }
  if (cursor->place == 0) ++cursor->shard;
  return looked;
}

void keep_matching(std::string_view pattern, std::vector<std::string>* keys) {
  if (pattern == "*") return;
  std::erase_if(*keys, [&](const std::string& key) { return !commands::glob_matches(pattern, key); });
}

}  // namespace

Result<ScanPage> Contents::scan(std::uint64_t cursor, const ScanOptions& options) {
  if (options.count == 0 || options.count > 100'000) {
    return Status(ErrorCode::kInvalidArgument, "count must be from 1 to 100,000");
  }
  ScanPage page;
  Cursor walk(cursor);
  std::uint64_t looked = 0;
  while (walk.shard < keyspace_->shards() && looked < options.count) {
    const Result<std::uint64_t> step =
        walk_bucket(*keyspace_, &walk, [&](const Entry& entry) { page.keys.emplace_back(entry.key()); });
    if (!step) return step.status();
    looked += *step;
  }
  if (!options.match.empty()) keep_matching(options.match, &page.keys);
  page.cursor = walk.shard < keyspace_->shards() ? walk.packed() : 0;
  return page;
}

Result<std::vector<std::string>> Contents::keys(std::string_view pattern) {
  std::vector<std::string> all;
  std::uint64_t cursor = 0;
  do {
    Result<ScanPage> page = scan(cursor, {.match = {}, .count = 1000});
    if (!page) return page.status();
    keep_matching(pattern, &page->keys);
    std::move(page->keys.begin(), page->keys.end(), std::back_inserter(all));
    cursor = page->cursor;
  } while (cursor != 0);
  return all;
}

namespace {

struct Seen {
  std::string key;
  keyspace::ValueCopy value;
  std::optional<Milliseconds> ttl;
};

}  // namespace

Status Contents::for_each(FunctionRef<bool(const EntryView&)> visit) {
  commands::UserVisit user("for_each", visit);
  Cursor cursor(0);
  while (cursor.shard < keyspace_->shards()) {
    std::deque<Seen> bucket;
    const Result<std::uint64_t> step = walk_bucket(*keyspace_, &cursor, [&](const Entry& entry) {
      Seen& seen = bucket.emplace_back();
      seen.key = entry.key();
      seen.value.take(entry);
      const std::uint64_t end = Shard::end_of(entry);
      if (end != Entry::kNoDeadline) {
        seen.ttl = Milliseconds(end - std::min(end, keyspace_->environment().now()));
      }
    });
    if (!step) return step.status();
    for (const Seen& seen : bucket) {
      const bool is_string = seen.value.type() == keyspace::EntryType::kString;
      const std::string_view value = is_string ? seen.value.view() : std::string_view();
      if (!user(EntryView{seen.key, keyspace::type_of(seen.value.type()), value, seen.ttl})) return user.status({});
    }
  }
  return {};
}

Result<std::uint64_t> Contents::dbsize() {
  keyspace_->expire_all();
  std::uint64_t entries = 0;
  for (std::uint32_t i = 0; i < keyspace_->shards(); ++i) {
    Shard& shard = keyspace_->shard(i);
    base::MutexLock lock(shard.mutex);
    if (shard.closed) return Keyspace::closed();
    entries += shard.entries();
  }
  return entries;
}

Lookup<std::string> Contents::random_key() {
  Result<std::uint64_t> entries = dbsize();
  if (!entries) return entries.status();
  if (*entries == 0) return {};
  // A shard by its share of the entries, then a bucket drawn at random: what it holds is drawn from with a chance of
  // its share of a full bucket, so that no key gains by standing in an empty neighbourhood.
  Shard& first = keyspace_->shard(0);
  std::uint64_t random = 0;
  {
    base::MutexLock lock(first.mutex);
    random = first.random();
  }
  base::Random draw(random);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    Shard& shard = keyspace_->shard(static_cast<std::uint32_t>(draw.below(keyspace_->shards())));
    base::MutexLock lock(shard.mutex);
    if (shard.closed) return Keyspace::closed();
    Index& index = shard.index();
    if (index.buckets() == 0) continue;
    const std::uint64_t chosen = draw.below(16);
    std::uint64_t nth = 0;
    std::optional<std::string> key;
    index.for_bucket(draw.below(index.buckets()), [&](const Index::Place& place) {
      const Entry& entry = *place.entry();
      if (nth++ == chosen && !entry.is_ghost() && !shard.expired(entry)) key = entry.key();
    });
    if (key) return *std::move(key);
  }
  // Nearly empty: whatever a walk finds first.
  std::uint64_t cursor = 0;
  do {
    Result<ScanPage> page = scan(cursor, {.match = {}, .count = 1000});
    if (!page) return page.status();
    if (!page->keys.empty()) return page->keys[draw.below(page->keys.size())];
    cursor = page->cursor;
  } while (cursor != 0);
  return {};
}

Result<bool> Contents::invalidate(std::string_view key) {
  if (key.size() > kKeyBytesMax) return Keyspace::key_too_long();
  const std::uint64_t hash = keyspace_->hash_of(key);
  keyspace::Shard& shard = keyspace_->shard_of(hash);
  for (;;) {
    std::uint32_t epoch = 0;
    {
      keyspace::Discards discards(keyspace_->environment(), shard.memory());
      base::MutexLock lock(shard.mutex);
      if (shard.closed) return Keyspace::closed();
      epoch = shard.latch_epoch();
      const keyspace::Shard::Place place = shard.find_any(hash, key);
      if (!place || !place.entry()->latched()) {
        const bool found = place && !place.entry()->is_ghost() && !shard.expired(*place.entry());
        if (place)
          shard.remove(place, keyspace::id_of(hash), shard.cause_of(*place.entry(), RemovalCause::kInvalidated),
                       discards);
        shard.works.overtake(key);
        if (!place && keyspace_->has_store()) shard.changed(keyspace::id_of(hash), key);  // in the store, perhaps
        return found;
      }
    }
    if (Status status = keyspace_->wait_for_latch(shard, epoch); !status.ok()) return status;
  }
}

Result<std::uint64_t> Contents::invalidate_prefix(std::string_view prefix) {
  for (std::uint32_t i = 0; i < keyspace_->shards(); ++i) {
    Shard& shard = keyspace_->shard(i);
    base::MutexLock lock(shard.mutex);
    shard.works.overtake_prefix(prefix);
    if (keyspace_->has_store()) shard.all_changed();
  }
  return keyspace_->remove_if(RemovalCause::kInvalidated,
                              [&](const Entry& entry) { return entry.key().substr(0, prefix.size()) == prefix; });
}

Status Contents::clear() {
  for (std::uint32_t i = 0; i < keyspace_->shards(); ++i) {
    Shard& shard = keyspace_->shard(i);
    base::MutexLock lock(shard.mutex);
    shard.works.overtake_prefix("");
    if (keyspace_->has_store()) shard.all_changed();
  }
  return keyspace_->remove_if(RemovalCause::kCleared, [](const Entry&) { return true; }).status();
}

}  // namespace larder
