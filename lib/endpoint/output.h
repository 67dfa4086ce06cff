// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Bytes on their way to a client: small ones are gathered, large ones stay where they are. What is held of the cache's
// own values (Pinned) is charged there and copied nowhere.
//
// Thread safety: none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "larder/pinned.h"

namespace larder::endpoint {

class Output {
 public:
  // From so many bytes on, a piece is not copied but kept.
  static constexpr std::size_t kKeptFrom = std::size_t{16} << 10;

  class Chunk {
   public:
    explicit Chunk(std::string bytes) : bytes_(std::move(bytes)) {}
    explicit Chunk(Pinned pinned) : pinned_(std::move(pinned)), is_pinned_(true) {}
    std::string_view view() const noexcept { return is_pinned_ ? pinned_.view() : std::string_view(bytes_); }

   private:
    friend class Output;
    std::string bytes_;
    Pinned pinned_;
    bool is_pinned_ = false;
  };

  void append(std::string_view bytes) {
    size_ += bytes.size();
    copied_ += bytes.size();
    open_chunk(bytes.size()).append(bytes);
  }
  void append(const char* text) { append(std::string_view(text)); }
  void append(char byte) { append(std::string_view(&byte, 1)); }
  void append(std::string&& bytes) {
    if (bytes.size() < kKeptFrom) return append(std::string_view(bytes));
    size_ += bytes.size();
    copied_ += bytes.size();
    chunks_.emplace_back(std::move(bytes));
  }
  void append(Pinned&& pinned) {
    if (pinned.size() < kKeptFrom) return append(pinned.view());
    size_ += pinned.size();
    chunks_.emplace_back(std::move(pinned));
  }
  // All that `other` has, behind what is here.
  void append(Output&& other) {
    if (empty()) {
      std::swap(*this, other);
    } else {
      for (Chunk& chunk : other.chunks_) {
        chunk.is_pinned_ ? append(std::move(chunk.pinned_)) : append(std::move(chunk.bytes_));
      }
    }
    other.clear();
  }

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  // Of those, what takes memory beyond the cache's.
  std::size_t copied() const noexcept { return copied_; }
  std::size_t chunks() const noexcept { return chunks_.size(); }
  const std::vector<Chunk>& view() const noexcept { return chunks_; }
  std::string str() const {
    std::string all;
    for (const Chunk& chunk : chunks_) all += chunk.view();
    return all;
  }
  void clear() noexcept {
    chunks_.clear();
    size_ = copied_ = 0;
  }

 private:
  // The string that the next so many bytes go to.
  std::string& open_chunk(std::size_t bytes) {
    if (chunks_.empty() || chunks_.back().is_pinned_ || chunks_.back().bytes_.size() + bytes > 4 * kKeptFrom)
      chunks_.emplace_back(std::string());
    return chunks_.back().bytes_;
  }

  std::vector<Chunk> chunks_;
  std::size_t size_ = 0;
  std::size_t copied_ = 0;
};

}  // namespace larder::endpoint
