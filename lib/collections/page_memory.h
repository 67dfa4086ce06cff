// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What an edit of a collection takes its blocks from, and gives them to: so many bytes, as they are charged, which were
// had before it began. What is left goes back to where that came from. Declare it before the lock under which it is
// used, so that it goes last.
//
// Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/hold_work.h"
#include "memory/account.h"
#include "memory/blob.h"

namespace larder::collections {

class PageMemory {
 public:
  PageMemory(memory::Account& account, std::int64_t bytes) noexcept : account_(account), left_(bytes) {}
  ~PageMemory() {
    while (dropped_ != nullptr) {
      Blob* blob = dropped_;
      std::memcpy(&dropped_, blob->bytes(), sizeof dropped_);
      blob->release();
    }
  }
  PageMemory(const PageMemory&) = delete;
  PageMemory& operator=(const PageMemory&) = delete;

  // Null if so much was not had, or the allocator has none.
  void* allocate(std::size_t bytes) noexcept {
    const auto charge = static_cast<std::int64_t>(account_.charge(bytes));
    if (charge > left_) {
      lacking_ = true;
      return nullptr;
    }
    base::count_allocation();
    void* block = account_.allocator().allocate(bytes, 16);
    if (block != nullptr) left_ -= charge;
    return block;
  }
  void free(void* block, std::size_t bytes) noexcept {
    base::count_allocation();
    account_.allocator().deallocate(block, bytes, 16);
    left_ += static_cast<std::int64_t>(account_.charge(bytes));
  }

  // Null as above. Its charge is its own from then on: it goes back to the account's limit.
  Blob* new_blob(std::size_t bytes) noexcept {
    const auto charge = static_cast<std::int64_t>(account_.charge(Blob::block_bytes(bytes)));
    if (charge > left_) {
      lacking_ = true;
      return nullptr;
    }
    base::count_allocation();
    Blob* blob = Blob::create(account_, bytes, bytes);
    if (blob != nullptr) left_ -= charge;
    return blob;
  }
  // A blob that an item was. Freed when this goes, as that may take its time.
  void drop(Blob* blob) noexcept {
    if (!blob->unshared()) return blob->release();
    std::memcpy(blob->bytes(), &dropped_, sizeof dropped_);
    dropped_ = blob;
  }

  memory::Account& account() const noexcept { return account_; }
  std::int64_t left() const noexcept { return left_; }
  // Whether more than was had was asked for.
  bool lacking() const noexcept { return lacking_; }

 private:
  memory::Account& account_;
  std::int64_t left_;
  bool lacking_ = false;
  Blob* dropped_ = nullptr;  // the last of a list, linked by its first bytes
};

}  // namespace larder::collections
