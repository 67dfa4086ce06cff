// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One or several keys at one instant: all their shards are locked, in ascending order. For bounded work on a bounded
// number of keys. And the one way in which a command writes to a store behind the cache (CONTRACTS T1-T3):
//
//   step      under the locks, says what is to become of the keys, and stages it: memory is had, nothing is changed
//   claim     under the same hold: from now on other writers of the keys that change wait, and so do readers that do
//             not find them. Without a store: commit, at once
//   write     the store, with no lock held: all changes as one batch
//   commit    under the locks, if the store has written it; what finds no room now is dropped from the cache instead,
//             and so is what was invalidated meanwhile. If the store has certainly not written it: nothing is changed.
//             If that is not known: the keys are dropped
//   release   under the same hold
//
// A step that needs a key which is not resident claims all its keys first, all at one instant or none, and has them
// loaded; what cannot be kept in the cache is there for the step all the same.
//
// While keys are claimed, no listener runs in this thread: it might write them, and wait for itself.
//
// Thread safety: an object belongs to one thread; while it holds locks the thread must not call the cache otherwise.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "keyspace/keyspace.h"

namespace larder::keyspace {

// A key with where it belongs.
struct KeyRef {
  std::string_view key;
  std::uint64_t hash;
  std::uint32_t shard;
};

// Memory for what a call of a few keys needs, with no call of operator new; for more keys it does.
template <std::size_t Bytes>
class SmallRoom {
 public:
  std::pmr::memory_resource* get() noexcept { return &memory_; }

 private:
  alignas(std::max_align_t) std::byte bytes_[Bytes];
  std::pmr::monotonic_buffer_resource memory_{bytes_, Bytes};
};

// Locks, and the discards of each shard, which are released after all locks.
class ShardLocks {
 public:
  ShardLocks(Keyspace& keyspace, std::span<const KeyRef> keys);
  ~ShardLocks();
  ShardLocks(const ShardLocks&) = delete;
  ShardLocks& operator=(const ShardLocks&) = delete;

  Discards& discards(std::uint32_t shard);

 private:
  struct Held {
    std::uint32_t number;
    Shard* shard;
    Discards* discards;
  };
  SmallRoom<1024> room_;
  std::pmr::vector<Held> held_{room_.get()};
};

// What a step does with a key that it looks for.
enum class Want : std::uint8_t {
  kRead,
  kSource,     // read, and another key is going to be written by what it is
  kChange,     // what it is to become depends on what it is
  kOverwrite,  // it does not
};

class MultiKey {
 public:
  MultiKey(Keyspace& keyspace, std::span<const std::string_view> keys);
  ~MultiKey();
  MultiKey(const MultiKey&) = delete;
  MultiKey& operator=(const MultiKey&) = delete;

  // Runs the step with all shards of these keys locked, until it answers true. It answers false if `must_wait` says so,
  // or if has_room does not say that there is room, or after `compute`; then locks are released, what was in the way is
  // seen to, and it runs again.
  Status run(FunctionRef<bool(MultiKey&)> step);

  // --- For the step ---
  // How often the step has run, this time included.
  std::uint64_t attempts() const noexcept { return attempts_; }
  const KeyRef& key(std::size_t i) const noexcept { return keys_[i]; }
  // The entry, alive and no negative one, or null. A read counts as a use. Valid until has_room.
  const Entry* find(std::size_t i, Want want);
  // The same; if it is of another type, kWrongType is the call's answer.
  const Entry* find_as(EntryType type, std::size_t i, Want want);
  // Whether what was found is in the store alone: too large to be kept, or it found no room; or, in a transaction, of
  // a collection like that. Edits of it are made with no lock held, in the account that it belongs to.
  bool unkept(std::size_t i) const noexcept { return seen_[i].unkept; }
  bool same_shard(std::size_t i, std::size_t j) const noexcept { return keys_[i].shard == keys_[j].shard; }
  bool must_wait() const noexcept { return waiting_; }
  // With a store: whether all keys are ours, before anything was loaded for the step or since.
  bool claims_all() const noexcept { return !claims_.empty(); }
  // Whether they were given up in between, to wait for write-back: since then others may have written them.
  bool was_let_go() const noexcept { return was_let_go_; }
  // Says that something of a type is to be stored for this key, which takes so many bytes (kOutside: it is made); then
  // ask has_room. `moves`: the entry of another key of the same shard goes for it. REQUIRES: find, before.
  static constexpr std::size_t kOutside = kInlineBytesMax + 1;
  void need(std::size_t i, EntryType type, std::size_t value_bytes, bool with_end, bool moves = false);
  // So many bytes more, which the step may spend then; what it does not need it gives back. REQUIRES: need, before.
  void need_pages(std::size_t i, std::int64_t bytes);
  bool spend(std::size_t i, std::int64_t bytes) noexcept { return shard(i).memory().spend(bytes); }
  void take_back(std::size_t i, std::int64_t bytes) noexcept { shard(i).memory().take_back(bytes); }
  bool has_room();
  bool refused() const noexcept { return !status_.ok(); }
  // The call fails. False, for the step to answer.
  bool refuse(Status status) {
    status_ = std::move(status);
    return false;
  }
  // `work` is to be done with no lock held, before the step runs again.
  bool compute(std::function<Status()> work);
  // From now on until the end other writers of all these keys wait, so that what was found stays as it is while
  // something is computed; readers do not. A key that is not there gets an entry that says so. REQUIRES: every key was
  // looked for in this step, with a want that changes it, and none twice.
  bool latch();

  // What a key is to become. True, unless there is no memory (which fails the call). At most one of these for a key.
  // A small value, or what is outside, whose reference is taken over at the commit. REQUIRES: has_room answered true
  // for it. `whole`: it counts as another value in place of the one before, which a listener is told of.
  // What is outside and belongs to no account of the cache goes to a store alone.
  struct Value {
    EntryType type = EntryType::kString;
    std::string_view bytes = {};
    Outside outside = {};

    // For `need`.
    std::size_t size() const noexcept { return outside ? kOutside : bytes.size(); }
    // REQUIRES: something was taken.
    static Value of(const ValueCopy& copy) noexcept {
      return {copy.type(), copy.outside() ? std::string_view() : copy.view(), copy.outside()};
    }
  };
  bool stage(std::size_t i, const Value& value, std::uint64_t end, bool whole = true);
  // Whether it goes to the store alone, and so needs no room: what becomes of something that is not kept.
  bool is_for_store_alone(std::size_t i, const Value& value) const noexcept {
    return keyspace_.has_store() && (value.outside ? is_foreign(value.outside) : unkept(i));
  }
  // A value for the store alone, which stays the caller's, and as it is until `run` returns.
  void stage_unkept(std::size_t i, const Value& value, std::uint64_t end);
  void stage_removal(std::size_t i);

  // --- After it ---
  // What was staged has been done; the references to what is outside are the cache's. Not if nothing was staged.
  bool committed() const noexcept { return committed_; }
  // Whether what was staged in this attempt was done, and not what another has staged. See attempts().
  bool committed(std::uint64_t attempt) const noexcept { return committed_ && attempt == attempts_; }
  // Of the first key, as it was left.
  std::uint64_t version() const noexcept { return version_; }

 private:
  enum class Next { kDone, kAgain, kLatch, kOther, kLoad, kReclaim, kCompute, kFull, kDrain, kWrite };
  struct Need {
    std::uint32_t shard;
    std::int64_t bytes;
    std::int64_t entries;
    std::uint64_t inserts;
  };
  struct Staged {
    std::size_t key;
    Mutation::Kind kind;
    Entry* entry;  // null: not kept
    Footprint footprint;
    std::uint64_t end;
    Value value;
    bool whole;
    bool hands_over;  // not kept, and yet the reference to what is outside is ours to release
  };
  // What the store had of a key, while it is claimed.
  struct Loaded {
    bool wanted = false;
    bool kept = false;  // in the cache, once
    bool known = false;
    std::uint64_t version = 0;
    std::unique_ptr<DetachedEntry> entry;  // known, and null: the store has none
  };

  bool is_foreign(Outside outside) const noexcept { return &outside.account() != &keyspace_.environment().account; }
  bool is_foreign(const Entry& entry) const noexcept { return entry.external() && is_foreign(entry.outside()); }
  Shard& shard(std::size_t i) noexcept { return keyspace_.shard(keys_[i].shard); }
  Discards& discards(std::size_t i) { return locks_->discards(keys_[i].shard); }
  Next attempt(FunctionRef<bool(MultiKey&)> step);
  Next see_to(Next next);
  Status see_to_full();
  void let_go() noexcept;
  std::uint64_t give_up_us();
  void claim(std::size_t i);
  bool claim_all();
  void release() noexcept;
  Status load();
  Status take_loaded(std::size_t i, const Lookup<StoredValue>& found);
  void write();
  Next buffer();
  Next draft();
  std::optional<std::uint64_t> expected_version(std::size_t i) const noexcept {
    return checks_versions_ ? std::optional(seen_[i].version) : std::nullopt;
  }
  void record(const std::shared_ptr<DirtyGroup>& group);
  // With what the store has answered, if it was asked.
  void commit(std::span<const WriteResult> results = {});
  void commit_one(const Staged& one);
  void drop(std::size_t i, Discards& discards) { shard(i).drop(keys_[i].hash, keys_[i].key, discards); }
  void unstage() noexcept;
  bool latch_one(std::size_t i);
  void unlatch() noexcept;

  Keyspace& keyspace_;
  SmallRoom<512> room_;  // of what is reserved once
  std::pmr::vector<KeyRef> keys_{room_.get()};
  std::pmr::vector<Staged> staged_{room_.get()};
  ShardLocks* locks_ = nullptr;
  Status status_;
  bool committed_ = false;
  std::uint64_t attempts_ = 0;
  std::uint64_t version_ = 0;

  // Of one attempt.
  struct Seen {
    bool place = false;         // there is an entry, or a negative one
    bool unkept = false;        // see `unkept`
    std::uint64_t version = 0;  // of the store's, with check_versions. 0: there is none
  };
  std::pmr::vector<Seen> seen_{room_.get()};  // of each key that was looked for
  std::pmr::vector<Need> needs_{room_.get()};
  bool waiting_ = false;  // for a latch, for another's work, or for a load
  Next waits_for_ = Next::kAgain;
  std::uint32_t wait_shard_ = 0;
  std::uint32_t wait_epoch_ = 0;
  std::shared_ptr<KeyWork> other_;
  std::function<Status()> work_;
  bool no_room_ = false;  // in shard lacking_, even after evicting there
  // So it was once: since then shards lease what they need, or the first would take with its slice what was freed for
  // the others.
  bool was_short_ = false;
  Need lacking_{};
  int idle_ = 0;  // see Keyspace::reclaim

  enum class Latched : std::uint8_t { kNot, kEntry, kPlaceholder };
  std::vector<Latched> latched_;  // of each key; empty: none is

  // With a store.
  bool claims_all_ = false;  // before the step runs
  bool was_let_go_ = false;
  bool store_is_asked_ = false;  // to write what is staged, and what it has done is not yet applied
  std::uint64_t give_up_us_ = 0;
  std::vector<std::shared_ptr<KeyWork>> claims_;  // of each key; null: none
  std::vector<Loaded> loaded_;
  const bool checks_versions_;
  bool through_ = false;                   // to the store at once, although there is write-back
  std::vector<DirtyTable::Draft> drafts_;  // of what is staged
  std::int64_t full_bytes_ = 0;            // what the buffer has no room for
  std::size_t full_items_ = 0;
  std::pmr::vector<Outside> dropped_{room_.get()};  // to be released after the locks
  std::optional<ListenerPause> pause_;
};

}  // namespace larder::keyspace
