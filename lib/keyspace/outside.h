// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What an entry has outside its block, in one word: a Blob (a long string) or a collections::Large. Both are counted.
//
// Thread safety: as those have it.
#pragma once

#include <cstdint>

#include "collections/large.h"
#include "memory/blob.h"

namespace larder::keyspace {

class Outside {
 public:
  Outside() = default;  // nothing
  explicit Outside(Blob* blob) noexcept : word_(reinterpret_cast<std::uintptr_t>(blob)) {}
  explicit Outside(collections::Large* large) noexcept
      : word_(large == nullptr ? 0 : reinterpret_cast<std::uintptr_t>(large) | kLarge) {}

  explicit operator bool() const noexcept { return word_ != 0; }
  bool operator==(const Outside&) const = default;
  // REQUIRES: it is one, or nothing.
  Blob* blob() const noexcept { return reinterpret_cast<Blob*>(word_); }
  // REQUIRES: it is one.
  collections::Large* large() const noexcept { return reinterpret_cast<collections::Large*>(word_ & ~kLarge); }

  // What it is charged with. Of a Large that has pages in common with other versions, about.
  std::size_t charge() const noexcept { return is_large() ? large()->charge() : blob()->charge(); }
  memory::Account& account() const noexcept { return is_large() ? large()->account() : *blob()->account; }
  bool unshared() const noexcept { return is_large() ? large()->unshared() : blob()->unshared(); }
  void acquire() const noexcept { is_large() ? large()->acquire() : blob()->acquire(); }
  // `charged`: see Blob.
  void release(bool charged = true) const noexcept { is_large() ? large()->release() : blob()->release(charged); }
  // See Blob. A Large stays charged until it is freed.
  bool uncharge() const noexcept { return !is_large() && blob()->uncharge(); }

 private:
  static constexpr std::uintptr_t kLarge = 1;  // blocks are aligned to 16
  bool is_large() const noexcept { return word_ & kLarge; }

  std::uintptr_t word_ = 0;
};
static_assert(sizeof(Outside) == sizeof(void*));

}  // namespace larder::keyspace
