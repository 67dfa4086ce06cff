// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A value on its way out of a shard: small ones are copied while the lock is held, large ones are held by a reference
// and copied, or shown, after it was released.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/hold_work.h"
#include "keyspace/entry.h"

namespace larder::keyspace {

class ValueCopy {
 public:
  ValueCopy() noexcept {}
  ~ValueCopy() { let_go(); }
  ValueCopy(const ValueCopy&) = delete;
  ValueCopy& operator=(const ValueCopy&) = delete;

  // Under the shard's lock.
  [[gnu::always_inline]] void take(const Entry& entry) noexcept {
    reset();
    if (entry.external()) {
      outside_ = entry.outside();
      outside_.acquire();
    } else {
      const std::string_view value = entry.inline_value();
      size_ = value.size();
      base::count_bytes(size_);
      if (size_ != 0) std::memcpy(small_, value.data(), size_);
    }
    type_ = entry.type();
  }
  void reset() noexcept {
    let_go();
    size_ = 0;
    type_ = EntryType::kAny;
  }

  bool taken() const noexcept { return type_ != EntryType::kAny; }
  EntryType type() const noexcept { return type_; }  // kAny: nothing was taken
  // REQUIRES: no large collection.
  std::string_view view() const noexcept {
    return outside_ ? outside_.blob()->view() : std::string_view(small_, size_);
  }
  std::string str() const { return std::string(view()); }
  // Whether the entry still has this very value.
  bool same_as(const Entry& entry) const noexcept {
    if (entry.type() != type_) return false;
    return entry.external() ? entry.outside() == outside_ : !outside_ && entry.inline_value() == view();
  }
  // Nothing for a small value.
  Outside outside() const noexcept { return outside_; }
  // Hands the reference over; nothing for a small value.
  Outside release_outside() noexcept { return std::exchange(outside_, Outside()); }

 private:
  void let_go() noexcept {
    if (outside_) release_outside().release();
  }

  Outside outside_;
  std::size_t size_ = 0;
  EntryType type_ = EntryType::kAny;
  char small_[kInlineBytesMax];
};

}  // namespace larder::keyspace
