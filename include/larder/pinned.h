// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A value held in place: it stays as it was read, whatever becomes of the key, until this handle goes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace larder {

struct Blob;

// Values of up to 1,024 bytes are copied into the handle, which is cheaper than counting references to them. Larger
// ones are shared with the cache: their bytes stay charged, and are reported as pinned, while a handle holds them. An
// edit of a pinned value works on a copy.
//
// May outlive the cache itself, but not a custom Allocator. Thread safety: like std::string.
class Pinned {
 public:
  Pinned() noexcept = default;
  Pinned(Pinned&& other) noexcept : small_(std::move(other.small_)), blob_(std::exchange(other.blob_, nullptr)) {}
  Pinned& operator=(Pinned&& other) noexcept {
    std::swap(small_, other.small_);
    std::swap(blob_, other.blob_);
    return *this;
  }
  ~Pinned() {
    if (blob_ != nullptr) release();
  }

  std::string_view view() const noexcept { return blob_ == nullptr ? std::string_view(small_) : blob_view(); }
  operator std::string_view() const noexcept { return view(); }
  std::size_t size() const noexcept { return view().size(); }

 private:
  friend class Strings;
  explicit Pinned(std::string small) noexcept : small_(std::move(small)) {}
  explicit Pinned(Blob* blob) noexcept : blob_(blob) {}
  std::string_view blob_view() const noexcept;
  void release() noexcept;

  std::string small_;
  Blob* blob_ = nullptr;
};

}  // namespace larder
