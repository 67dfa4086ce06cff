// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What an edit of a collection takes its blocks from, and gives them to: so many bytes, as they are charged, which were
// had before it began, or are asked for on the way. What is left goes back to where that came from. Declare it before
// the lock under which it is used, so that it goes last.
//
// Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "base/hold_work.h"
#include "larder/function_ref.h"
#include "memory/account.h"
#include "memory/blob.h"

namespace larder::collections {

class PageMemory {
 public:
  PageMemory(memory::Account& account, std::int64_t bytes) noexcept : account_(account), left_(bytes) {}
  // `more` is asked for what is lacking: it gives that or more, or 0. It lives as long as this.
  using More = FunctionRef<std::int64_t(std::int64_t lacking)>;
  PageMemory(memory::Account& account, More more) noexcept : account_(account), left_(0), more_(more) {}
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
    if (!has(charge)) return nullptr;
    base::count_allocation();
    void* block = account_.allocator().allocate(bytes, 16);
    if (block != nullptr) spend(charge);
    return block;
  }
  void free(void* block, std::size_t bytes) noexcept {
    base::count_allocation();
    account_.allocator().deallocate(block, bytes, 16);
    spend(-static_cast<std::int64_t>(account_.charge(bytes)));
  }
  // The version that is being edited has this block no more; others have it.
  void leave(std::size_t bytes) noexcept { leave_charged(static_cast<std::int64_t>(account_.charge(bytes))); }
  void leave_charged(std::int64_t charge) noexcept { held_ -= charge; }

  // Null as above. Its charge is its own from then on: it goes back to the account's limit.
  Blob* new_blob(std::size_t bytes) noexcept {
    const auto charge = static_cast<std::int64_t>(account_.charge(Blob::block_bytes(bytes)));
    if (!has(charge)) return nullptr;
    base::count_allocation();
    Blob* blob = Blob::create(account_, bytes, bytes);
    if (blob != nullptr) spend(charge);
    return blob;
  }
  // A blob that an item was. Freed when this goes, as that may take its time.
  void drop(Blob* blob) noexcept {
    held_ -= static_cast<std::int64_t>(blob->charge());
    if (!blob->unshared()) return blob->release();
    std::memcpy(blob->bytes(), &dropped_, sizeof dropped_);
    dropped_ = blob;
  }

  memory::Account& account() const noexcept { return account_; }
  std::int64_t left() const noexcept { return left_; }
  void give(std::int64_t bytes) noexcept { left_ += bytes; }
  // What is left, to be given back by the caller.
  std::int64_t take_left() noexcept { return std::exchange(left_, 0); }
  // How much more the edited version has than before, or less; of whole pages that went, about.
  std::int64_t held() const noexcept { return held_; }
  // Whether more than was had was asked for.
  bool lacking() const noexcept { return lacking_; }

 private:
  bool has(std::int64_t charge) noexcept {
    if (charge > left_ && more_) left_ += (*more_)(charge - left_);
    lacking_ |= charge > left_;
    return charge <= left_;
  }
  void spend(std::int64_t charge) noexcept {
    left_ -= charge;
    held_ += charge;
  }

  memory::Account& account_;
  std::int64_t left_;
  std::int64_t held_ = 0;
  std::optional<More> more_;
  bool lacking_ = false;
  Blob* dropped_ = nullptr;  // the last of a list, linked by its first bytes
};

}  // namespace larder::collections
