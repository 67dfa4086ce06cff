// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A collection that does not fit into its entry: an object of its own, counted, as a Blob is. Entries, readers, and
// writes that a store does not have yet hold references.
//
// Who may edit it: only the holder of the shard's lock, and only while nobody else holds a reference (unshared()); new
// references are taken under that lock alone, so the answer cannot change to false meanwhile. Otherwise an edit makes
// another version (share), which takes O(1) and has pages in common.
#pragma once

#include <atomic>
#include <cstdint>
#include <new>

#include "collections/page_memory.h"

namespace larder::collections {

class Large {
 public:
  Large(const Large&) = delete;
  Large& operator=(const Large&) = delete;

  bool unshared() const noexcept { return references_.load(std::memory_order_acquire) == 1; }
  void acquire() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  // Of its pages and blobs, those that other versions have, too, and itself: about, as an edit that another version
  // ends under counts a page twice at worst.
  std::size_t charge() const noexcept { return static_cast<std::size_t>(charge_ > 0 ? charge_ : 0); }
  // What edits of it, and of all that has pages in common with it, take their pages from.
  memory::Account& account() const noexcept { return account_; }
  // After an edit: see PageMemory::held.
  void add_to_charge(std::int64_t bytes) noexcept { charge_ += bytes; }

  // Frees what no other version has, if this was the last reference: O(pages), so with no lock held. What that gives
  // back goes to the account's limit.
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    memory::Account& account = account_;
    PageMemory memory(account, 0);
    destroy(memory);
    account.bytes().give_back(memory.left());
    account.release();
  }
  // The same for a version that nobody else has seen: what it gives back goes to `memory`.
  void discard(PageMemory& memory) noexcept {
    memory::Account& account = account_;
    destroy(memory);
    account.release();
  }

 protected:
  explicit Large(memory::Account& account) noexcept : account_(account) { account.acquire(); }
  virtual ~Large() = default;

 private:
  virtual void destroy(PageMemory& memory) noexcept = 0;

  std::atomic<std::uint64_t> references_{1};
  memory::Account& account_;

 protected:
  std::int64_t charge_ = 0;
};

// `Contents` has share() and release(memory).
template <typename Contents>
class LargeOf final : public Large {
 public:
  Contents contents = {};
  bool outgrown = false;  // see Packed

  // Null: no memory.
  static LargeOf* create(PageMemory& memory) noexcept {
    void* block = memory.allocate(sizeof(LargeOf));
    return block == nullptr ? nullptr : new (block) LargeOf(memory.account());
  }
  LargeOf* share(PageMemory& memory) const noexcept {
    LargeOf* other = create(memory);
    if (other == nullptr) return nullptr;
    other->contents = contents.share();
    other->outgrown = outgrown;
    // Its own block counts as what the edit has allocated.
    other->add_to_charge(charge_ - static_cast<std::int64_t>(memory.account().charge(sizeof(LargeOf))));
    return other;
  }

 private:
  explicit LargeOf(memory::Account& account) noexcept : Large(account) {}
  void destroy(PageMemory& memory) noexcept override {
    contents.release(memory);
    this->~LargeOf();
    memory.free(this, sizeof(LargeOf));
  }
};

}  // namespace larder::collections
