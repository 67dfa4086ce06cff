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
  LargeValue(LargeValue&& other) noexcept : outside_(other.take()) {}
  LargeValue& operator=(LargeValue&&) = delete;
  ~LargeValue() {
    if (outside_) outside_.release();
  }

  // Does nothing for a value that will be inline.
  Status make(Keyspace& keyspace, std::string_view key, std::string_view value) {
    if (value.size() <= kInlineBytesMax) return {};
    if (key.size() > kKeyBytesMax) return Keyspace::key_too_long();
    Result<Blob*> blob = keyspace.make_blob(keyspace.hash_of(key), value);
    if (!blob) return blob.status();
    outside_ = Outside(*blob);
    return {};
  }
  // For Change::outside: null for a small value.
  Outside* slot() noexcept { return outside_ ? &outside_ : nullptr; }
  Outside get() const noexcept { return outside_; }
  Outside take() noexcept { return std::exchange(outside_, Outside()); }

 private:
  Outside outside_;
};

}  // namespace larder::keyspace
