// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A value too large to live in its entry: a block of its own, counted, so that readers hold it with no lock.
//
// Who may write: only the holder of the shard's lock, and only while nobody else holds a reference (unshared()); new
// references are taken under that lock alone, so the answer cannot change to false meanwhile. Otherwise an edit works
// on a copy. Bytes [size, capacity) are spare.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "memory/account.h"

namespace larder {

struct Blob {
  // The upper half counts user's handles, the lower half all references.
  std::atomic<std::uint64_t> references{1};
  memory::Account* account;
  std::size_t size;
  std::size_t capacity;

  char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
  std::string_view view() const noexcept { return {reinterpret_cast<const char*>(this + 1), size}; }

  static std::size_t block_bytes(std::size_t capacity) noexcept { return sizeof(Blob) + capacity; }
  std::size_t charge() const noexcept { return account->allocator().charge(block_bytes(capacity), 16); }

  // With bytes not initialised. The charge was taken from the account's limit. Null if the allocator has none.
  static Blob* create(memory::Account& account, std::size_t size, std::size_t capacity) noexcept {
    void* block = account.allocator().allocate(block_bytes(capacity), 16);
    if (block == nullptr) return nullptr;
    account.acquire();
    auto* blob = new (block) Blob;
    blob->account = &account;
    blob->size = size;
    blob->capacity = capacity;
    return blob;
  }

  // acquire: what readers did before they let go comes before what the writer does next.
  bool unshared() const noexcept { return references.load(std::memory_order_acquire) == 1; }
  bool pinned() const noexcept { return references.load(std::memory_order_relaxed) >> 32 != 0; }

  void acquire() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
  // Frees it and gives the charge back to the account's limit if this was the last reference.
  void release(bool charged = true) noexcept {
    if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(charged);
  }
  // Gives the charge back before it is freed. False if others hold it, who may keep it for longer. REQUIRES: it is in
  // no entry that a reader can find; afterwards, release(false).
  bool uncharge() noexcept {
    if (!unshared()) return false;
    account->bytes().give_back(signed_charge());
    return true;
  }

  void pin() noexcept {
    if (references.fetch_add(kPin + 1, std::memory_order_relaxed) < kPin) account->pinned() += signed_charge();
  }
  void unpin() noexcept {
    const std::int64_t bytes = signed_charge();
    memory::Account& its_account = *account;
    its_account.acquire();
    const std::uint64_t before = references.fetch_sub(kPin + 1, std::memory_order_acq_rel);
    if (before >> 32 == 1) its_account.pinned() -= bytes;
    if ((before & 0xffffffff) == 1) destroy();
    its_account.release();
  }

 private:
  static constexpr std::uint64_t kPin = std::uint64_t{1} << 32;
  std::int64_t signed_charge() const noexcept { return static_cast<std::int64_t>(charge()); }
  void destroy(bool charged = true) noexcept {
    memory::Account& its_account = *account;
    const std::int64_t bytes = signed_charge();
    const std::size_t block = block_bytes(capacity);
    this->~Blob();
    its_account.allocator().deallocate(this, block, 16);
    if (charged) its_account.bytes().give_back(bytes);
    its_account.release();
  }
};

}  // namespace larder
