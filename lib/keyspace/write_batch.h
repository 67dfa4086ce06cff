// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One batch of write-back, from the shards' buffers (dirty_table.h) to the store:
//
//   cut     takes what is due from the shards, one after the other; from now on it is in flight
//   send    the store, with no lock held
//   settle  each item by its own answer: out of the buffer, back for another time, or to the dead letters
//
// A failed item waits for its time in its shard, and holds up nobody but its own key. After a call that failed with no
// word for each, batches are half as large, down to one, so that a poisoned item is found (store/pace.h). Whose fault a
// failure was: the item's if the store wrote others in that batch, or between the item's last two failures. Only such
// failures are attempts, so an outage makes no dead letters, however long.
//
// Thread safety: an object belongs to one thread. Any number of threads have one at a time; one of them at most has a
// key.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "keyspace/dirty_table.h"
#include "larder/backing_store.h"
#include "store/pace.h"

namespace larder::keyspace {

class Shard;
class WriteBack;

class WriteBatch {
 public:
  // Takes locks under the gate, if there is one.
  explicit WriteBatch(WriteBack& back, base::LeafMutex* gate = nullptr);
  // False: the store is not to be called now.
  bool may_go() const noexcept { return turn_.granted() != 0; }
  // What is due, from this shard on. REQUIRES: may_go().
  void cut(const DirtyTable::Due& due, std::uint32_t first_shard);
  // The oldest write of a key. `grouped`: it may not be taken now, for a group that waits, or that another key stands
  // for. REQUIRES: may_go().
  void cut_key(std::uint64_t hash, std::string_view key, bool* grouped);
  // How many were sent. Throws std::bad_alloc, with nothing sent, and all of it back in the buffer.
  std::size_t send();

 private:
  bool cut_some(Shard& shard, const DirtyTable::Due& due, std::size_t most, DirtyItem** group);
  bool take_group(DirtyItem& item) noexcept;
  void add_group(DirtyItem& item);
  void settle() noexcept;
  void settle_failed(std::uint64_t decided, std::uint64_t done_before) noexcept;
  void settle_done() noexcept;
  void learn(std::uint64_t decided) noexcept;
  bool one_group() const noexcept;
  std::optional<DeadLetter::Reason> verdict(const DirtyItem& item, WriteResult::Outcome outcome) const noexcept;
  void come_back(std::vector<DirtyItem*>& items) noexcept;

  WriteBack& back_;
  base::LeafMutex* const gate_;
  const std::uint64_t now_ms_;
  store::Pace::Turn turn_;
  std::vector<DirtyItem*> items_;
  std::vector<std::string> forms_;  // what mutations_ name of collections
  std::vector<Mutation> mutations_;
  std::vector<WriteResult> results_;
  std::vector<std::size_t> failed_;  // places in items_
  std::vector<DirtyItem*> again_;    // of those: to be tried again
};

}  // namespace larder::keyspace
