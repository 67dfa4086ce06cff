// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A value on its way out of a shard: small ones are copied while the lock is held, large ones are held by a reference
// and copied, or shown, after it was released.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "base/hold_work.h"
#include "keyspace/entry.h"

namespace larder::keyspace {

class ValueCopy {
 public:
  ValueCopy() noexcept {}
  ~ValueCopy() {
    if (blob_ != nullptr) blob_->release();
  }
  ValueCopy(const ValueCopy&) = delete;
  ValueCopy& operator=(const ValueCopy&) = delete;

  // Under the shard's lock.
  [[gnu::always_inline]] void take(const Entry& entry) noexcept {
    reset();
    if (entry.external()) {
      blob_ = entry.blob();
      blob_->acquire();
    } else {
      const std::string_view value = entry.inline_value();
      size_ = value.size();
      base::count_bytes(size_);
      if (size_ != 0) std::memcpy(small_, value.data(), size_);
    }
    taken_ = true;
  }
  void reset() noexcept {
    if (blob_ != nullptr) blob_->release();
    blob_ = nullptr;
    size_ = 0;
    taken_ = false;
  }

  bool taken() const noexcept { return taken_; }
  std::string_view view() const noexcept { return blob_ != nullptr ? blob_->view() : std::string_view(small_, size_); }
  std::string str() const { return std::string(view()); }
  // Whether the entry still has this very value.
  bool same_as(const Entry& entry) const noexcept {
    return entry.external() ? entry.blob() == blob_ : blob_ == nullptr && entry.inline_value() == view();
  }
  // Null for a small value.
  Blob* blob() const noexcept { return blob_; }
  // Hands the reference over; null for a small value.
  Blob* release_blob() noexcept {
    Blob* blob = blob_;
    blob_ = nullptr;
    return blob;
  }

 private:
  Blob* blob_ = nullptr;
  std::size_t size_ = 0;
  bool taken_ = false;
  char small_[kInlineBytesMax];
};

}  // namespace larder::keyspace
