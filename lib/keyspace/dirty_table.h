// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a shard has acknowledged and the store has not (write-back): for each key a list of states, the oldest first,
// the whole of each. Most lists have one: a newer state takes the place of the newest one there is, unless that is on
// its way to the store, or belongs to a command on several keys.
//
// Resident entries know nothing of it. They may be evicted, may expire or be cleared as ever; whoever does not find a
// key resident looks here before the store is asked. So nothing can lose a write but the code in this file, a resident
// entry pays no byte for it, and what is on its way cannot change under the store's eyes.
//
// The life of an item: drafted (memory is had, nothing is changed), recorded, waiting for older ones of its key and of
// its group's keys, then scheduled for a time, in flight, and finished, or scheduled for another time.
//
// Thread safety: none; under the shard's lock, but for first_due. The state of an item in flight does not change, and
// may be read with no lock.
#pragma once

#include <tsl/robin_set.h>

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <vector>

#include "keyspace/discards.h"
#include "memory/account.h"
#include "memory/limit.h"

namespace larder::keyspace {

// Of one command.
inline constexpr std::size_t kKeysAtOnceMax = 1024;

struct DirtyItem;

// What one command did to several keys: one batch of the store.
struct DirtyGroup {
  std::uint64_t number = 0;
  std::atomic<std::size_t> waiting{0};  // members with older items of their key before them
  std::atomic<bool> taken{false};       // the one that stands for all is in flight
  std::vector<DirtyItem*> members;
};

struct DirtyItem {
  struct Slot {
    std::uint64_t due_ms;
    std::uint64_t first_sequence;
    DirtyItem* item;
    bool operator<(const Slot& other) const noexcept {
      return std::tie(due_ms, first_sequence, item) < std::tie(other.due_ms, other.first_sequence, other.item);
    }
  };

  std::uint64_t hash = 0;
  Entry* state = nullptr;  // with the key. kAbsent: it is to be erased
  std::uint64_t sequence = 0;
  std::uint64_t first_sequence = 0;               // of the first write that is in this one
  std::uint64_t since_ms = 0;                     // when that was
  std::optional<std::uint64_t> expected_version;  // of the oldest of a key: what the store is to have
  std::shared_ptr<DirtyGroup> group;
  DirtyItem* newer = nullptr;   // of the same key
  DirtyItem* newest = nullptr;  // of the oldest of a key: the last of the list; it may be the same
  DirtyItem* older_written = nullptr;
  DirtyItem* newer_written = nullptr;  // of the shard, by first_sequence
  std::set<Slot>::iterator slot;
  bool in_flight = false;
  bool retried = false;            // it was put back, its time is that of a retry
  bool goes_alone = false;         // it has failed alone, while others went
  std::uint32_t failures = 0;      // one after the other
  std::uint32_t attempts = 0;      // of those, by the item's own fault: see WriteBack
  std::uint32_t round = 0;         // the last one in which it was handed over, and not taken
  std::uint64_t done_by_then = 0;  // how much the store had done at the last failure

  std::string_view key() const noexcept { return state->key(); }
  bool is_put() const noexcept { return state->type() != EntryType::kAbsent; }
};

class DirtyTable {
 public:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  DirtyTable(memory::ShardMemory& memory, memory::Limit& bytes, memory::Limit& items, bool coalesces,
             std::uint64_t delay_ms);
  ~DirtyTable();
  DirtyTable(const DirtyTable&) = delete;
  DirtyTable& operator=(const DirtyTable&) = delete;

  // The newest state, whether or not it has ended; null: none is dirty.
  const Entry* find(std::uint64_t hash, std::string_view key) const {
    const DirtyItem* oldest = oldest_of(hash, key);
    return oldest == nullptr ? nullptr : oldest->newest->state;
  }
  // Null: none is dirty.
  DirtyItem* oldest_of(std::uint64_t hash, std::string_view key) const;
  bool empty() const noexcept { return first_written_ == nullptr; }

  // --- Writing ------------------------------------------------------------------------------------------------------
  // A state on its way in.
  struct Draft {
    DirtyItem* item = nullptr;    // a new one, or the one that it goes into
    DirtyItem* oldest = nullptr;  // of the key, before it
    Entry* state = nullptr;
    bool merges = false;
    std::int64_t leased = 0;
  };
  // What a draft takes of max_memory, as an upper bound: `make_room` for it first.
  std::int64_t charge_for(std::size_t key_bytes, const Entry* value) const noexcept;
  // The state of `value` (an entry, perhaps of no shard; null: erased) that ends at `end`. Null item: the bounds of the
  // buffer do not allow so much (`full`), or there is no memory.
  Draft draft(std::uint64_t hash, std::string_view key, const Entry* value, std::uint64_t end, bool grouped,
              bool* full);
  void discard(const Draft& draft) noexcept;
  // Enters it, under the same hold.
  struct Record {
    std::uint64_t sequence;
    std::uint64_t now_ms;
    std::uint64_t done;                             // by the store, so far
    std::optional<std::uint64_t> expected_version;  // if nothing of the key is dirty
    std::shared_ptr<DirtyGroup> group;              // null: alone
  };
  void record(const Draft& draft, Record record, Discards& discards) noexcept;

  // --- Flushing -----------------------------------------------------------------------------------------------------
  // The earliest time for which something is scheduled, kNever if nothing is. Thread safety: with or without the lock.
  std::uint64_t first_due() const noexcept { return first_due_.load(std::memory_order_relaxed); }
  // Until when something counts as due.
  struct Due {
    std::uint64_t fresh_until_ms;  // no less than the other
    std::uint64_t retries_until_ms;
  };
  // Takes an item that is due. Null: there is none, or none at hand that fits into a batch of so many, which has
  // `taken`. Of a group it is the one that stands for all: `fly` takes the others.
  DirtyItem* take_due(const Due& due, std::size_t taken, std::size_t batch_max) noexcept;
  // Takes the oldest of a key, with the delay waived. Null: there is none that may go now.
  DirtyItem* take(std::uint64_t hash, std::string_view key, std::uint64_t now_ms) noexcept;
  // Takes some that are the oldest of their key and not in flight, scheduled or not, and were not taken in this round
  // or a later one: O(items). Returns how many.
  std::size_t take_for(std::uint32_t round, std::span<DirtyItem*> taken) noexcept;
  void fly(DirtyItem& item) noexcept;
  // Of what was put back and is not due yet, up to so many may go at once. Says how many.
  std::size_t hasten(std::uint64_t now_ms, std::size_t most) noexcept;
  // It is out of the buffer. The store has this version of the key now, if that is checked.
  void finish(DirtyItem& item, std::optional<std::uint64_t> version, Discards& discards) noexcept;
  // It goes again at some time; kNever: with another of its group. A newer state takes its place where it may.
  void retry(DirtyItem& item, std::uint64_t due_ms, Discards& discards) noexcept;

  // --- Looking around -----------------------------------------------------------------------------------------------
  // The first of all writes that are not in the store; null: there are none.
  const DirtyItem* oldest() const noexcept { return first_written_; }
  const char* check() const noexcept;

 private:
  struct Named {
    std::uint64_t hash;
    std::string_view key;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const DirtyItem* item) const noexcept { return item->hash; }
    std::size_t operator()(const Named& named) const noexcept { return named.hash; }
  };
  struct Same {
    using is_transparent = void;
    bool operator()(const DirtyItem* one, const DirtyItem* other) const noexcept { return one->key() == other->key(); }
    bool operator()(const DirtyItem* one, const Named& named) const noexcept { return one->key() == named.key; }
    bool operator()(const Named& named, const DirtyItem* one) const noexcept { return one->key() == named.key; }
  };

  using Schedule = std::set<DirtyItem::Slot>;
  static EntryShape shape_of(const Entry* value, std::uint64_t end) noexcept;
  Footprint footprint_of(const Entry& state) const noexcept;
  std::int64_t bytes_of(const Entry& state) const noexcept;
  std::int64_t item_bytes() const noexcept;
  bool may_take(const DirtyItem& item, bool grouped) const noexcept;
  static void start_anew(DirtyItem& item) noexcept;
  DirtyItem* new_item() noexcept;
  void make_places();
  void free_item(DirtyItem* item) noexcept;
  void free_state(Entry* state) noexcept;
  void link(DirtyItem& item) noexcept;
  void unlink(DirtyItem& item) noexcept;
  void release(DirtyItem& item, Discards& discards) noexcept;
  void enlist(DirtyItem& item) noexcept;
  Schedule& schedule_of(const DirtyItem& item) noexcept { return item.retried ? retries_ : fresh_; }
  void schedule(DirtyItem& item, std::uint64_t due_ms, bool retried) noexcept;
  void note_first_due() noexcept;

  memory::ShardMemory& memory_;
  memory::Limit& bytes_;
  memory::Limit& items_;
  const bool coalesces_;
  const std::uint64_t delay_ms_;
  // The oldest of each key. With the hashes in the table: it grows under the lock, and does not look at the items for
  // it.
  tsl::robin_set<DirtyItem*, Hash, Same, std::allocator<DirtyItem*>, true> keys_;
  std::size_t drafted_ = 0;
  Schedule fresh_;    // all that were not put back; kNever: not scheduled
  Schedule retries_;  // those that were
  std::atomic<std::uint64_t> first_due_{kNever};
  DirtyItem* first_written_ = nullptr;
  DirtyItem* last_written_ = nullptr;
};

}  // namespace larder::keyspace
