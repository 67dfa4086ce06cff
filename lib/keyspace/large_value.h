// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A large value on its way in: made before any lock is taken.
#pragma once

#include <string_view>
#include <utility>

#include "keyspace/keyspace.h"

namespace larder::keyspace {

class LargeValue {
 public:
  LargeValue() = default;
  LargeValue(LargeValue&& other) noexcept : blob_(std::exchange(other.blob_, nullptr)) {}
  LargeValue& operator=(LargeValue&&) = delete;
  ~LargeValue() {
    if (blob_ != nullptr) blob_->release();
  }

  // Does nothing for a value that will be inline.
  Status make(Keyspace& keyspace, std::string_view key, std::string_view value) {
    if (value.size() <= kInlineBytesMax) return {};
    if (key.size() > kKeyBytesMax) return Keyspace::key_too_long();
    Result<Blob*> blob = keyspace.make_blob(keyspace.hash_of(key), value);
    if (!blob) return blob.status();
    blob_ = *blob;
    return {};
  }
  // For Change::blob: null for a small value.
  Blob** slot() noexcept { return blob_ == nullptr ? nullptr : &blob_; }
  Blob* get() const noexcept { return blob_; }
  Blob* take() noexcept { return std::exchange(blob_, nullptr); }

 private:
  Blob* blob_ = nullptr;
};

}  // namespace larder::keyspace
