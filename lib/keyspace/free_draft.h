// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A collection that is edited, or made, with no lock held: another version of what was taken under one. Its pages come
// from the account of that, all of them: versions have pages in common. That is the cache's, which gives a few at a
// time, and others are evicted for them; or, for what a store has and the cache does not keep, one without a limit.
//
// Thread safety: none. No lock may be held, but by who calls `taken`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <new>
#include <utility>

#include "base/check.h"
#include "keyspace/collection.h"

namespace larder::keyspace {

template <typename Type>
class FreeDraft {
 public:
  using Draft = typename Type::Draft;

  // The hash says which shard makes room.
  FreeDraft(Keyspace& keyspace, std::uint64_t hash, memory::Account& account)
      : keyspace_(keyspace),
        hash_(hash),
        memory_(account, more_),
        draft_({memory_, keyspace.environment().hash, keyspace.environment().small_limits(Type::kType)}) {}
  ~FreeDraft() {
    if (draft_.large() != nullptr) draft_.large()->release();
    memory_.account().bytes().give_back(memory_.take_left());
  }
  FreeDraft(const FreeDraft&) = delete;
  FreeDraft& operator=(const FreeDraft&) = delete;

  // From what was there; nothing: it is empty. False: no memory.
  bool begin(const ValueCopy& old) {
    if (!old.taken()) return true;
    if (!old.outside()) {
      draft_.begin(old.view());
      return true;
    }
    LARDER_DCHECK(&old.outside().account() == &memory_.account(), "versions of one collection in two accounts");
    auto* version = static_cast<typename Draft::LargeForm*>(old.outside().large())->share(memory_);
    if (version != nullptr) draft_.begin(version);
    return version != nullptr;
  }
  Draft& draft() noexcept { return draft_; }
  // After the last edit.
  void finish() noexcept {
    if (draft_.large() != nullptr) draft_.large()->add_to_charge(memory_.held());
  }
  // In which attempt it was staged, for a commit to take over; 0: in none. It must be said before, as nobody may look
  // at what the cache has taken.
  void set_staged_in(std::uint64_t attempt) noexcept { staged_in_ = attempt; }
  std::uint64_t staged_in() const noexcept { return staged_in_; }
  // The cache has the large form now.
  void taken() noexcept { draft_.begin(static_cast<typename Draft::LargeForm*>(nullptr)); }

 private:
  struct More {
    FreeDraft& draft;
    std::int64_t operator()(std::int64_t lacking) const noexcept { return draft.get(lacking); }
  };
  // 0: there are none.
  std::int64_t get(std::int64_t lacking) noexcept {
    if (&memory_.account() != &keyspace_.environment().account) {
      return memory_.account().bytes().lease(lacking) ? lacking : 0;
    }
    constexpr std::int64_t kAtOnceMax = 256 << 10;
    const std::int64_t at_once = std::exchange(at_once_, std::min(4 * at_once_, kAtOnceMax));
    for (const std::int64_t bytes : {std::max(lacking, at_once), lacking}) {
      try {
        const auto take = [&](Shard& shard) { return shard.memory().spend(bytes); };
        if (keyspace_.with_room(hash_, static_cast<std::size_t>(bytes), take).ok()) return bytes;
      } catch (const std::bad_alloc&) {  // for the message
      }
    }
    return 0;
  }

  Keyspace& keyspace_;
  const std::uint64_t hash_;
  std::int64_t at_once_ = 16 << 10;  // what is small does not evict much
  More more_{*this};
  collections::PageMemory memory_;
  Draft draft_;
  std::uint64_t staged_in_ = 0;
};

}  // namespace larder::keyspace
