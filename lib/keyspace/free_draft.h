// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A collection that is edited, or made, with no lock held: another version of what was taken under one. Its pages come
// from the cache's limit, a few at a time, and others are evicted for them.
//
// Thread safety: none. No lock may be held, but by who calls `taken`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <new>

#include "keyspace/collection.h"

namespace larder::keyspace {

template <typename Type>
class FreeDraft {
 public:
  using Draft = typename Type::Draft;

  // The hash says which shard makes room.
  FreeDraft(Keyspace& keyspace, std::uint64_t hash)
      : keyspace_(keyspace),
        hash_(hash),
        memory_(keyspace.environment().account, more_),
        draft_({memory_, keyspace.environment().hash, keyspace.environment().small_limits(Type::kType)}) {}
  ~FreeDraft() {
    if (draft_.large() != nullptr) draft_.large()->release();
    keyspace_.environment().account.bytes().give_back(memory_.take_left());
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
    auto* version = static_cast<typename Draft::LargeForm*>(old.outside().large())->share(memory_);
    if (version != nullptr) draft_.begin(version);
    return version != nullptr;
  }
  Draft& draft() noexcept { return draft_; }
  // After the last edit.
  void finish() noexcept {
    if (draft_.large() != nullptr) draft_.large()->add_to_charge(memory_.held());
  }
  // The cache has the large form now.
  void taken() noexcept { draft_.begin(static_cast<typename Draft::LargeForm*>(nullptr)); }

 private:
  struct More {
    FreeDraft& draft;
    std::int64_t operator()(std::int64_t lacking) const noexcept { return draft.get(lacking); }
  };
  // 0: there are none.
  std::int64_t get(std::int64_t lacking) noexcept {
    constexpr std::int64_t kAtOnce = 256 << 10;
    for (const std::int64_t bytes : {std::max(lacking, kAtOnce), lacking}) {
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
  More more_{*this};
  collections::PageMemory memory_;
  Draft draft_;
};

}  // namespace larder::keyspace
