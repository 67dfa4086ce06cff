// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The parser of each format, and what they share. Each fills the trace and returns what is wrong, or an empty string.
// O(bytes).
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/prefetch.h"
#include "base/random.h"
#include "simulator/trace_source.h"

namespace larder::simulator {

std::string parse_ltrc(TraceSource& source, const TraceOptions& options, Trace& trace);
std::string parse_keys(TraceSource& source, const TraceOptions& options, Trace& trace);
std::string parse_csv(TraceSource& source, const TraceOptions& options, Trace& trace);
std::string parse_lis(TraceSource& source, const TraceOptions& options, Trace& trace);
std::string parse_oracle_general(TraceSource& source, const TraceOptions& options, Trace& trace);

// What the first line of a text shows.
bool looks_like_ltrc(std::string_view start);
bool looks_like_csv(std::string_view line);
bool looks_like_lis(std::string_view line);

// Objects in order of first appearance: their numbers.
class TextKeys {
 public:
  std::uint32_t number_of(std::string_view key) {
    const auto found = numbers_.find(key);
    if (found != numbers_.end()) return found->second;
    return numbers_.emplace(key, static_cast<std::uint32_t>(numbers_.size())).first->second;
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(numbers_.size()); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> numbers_;
};

// Open addressing over numbers alone, so that most of what a look-up reads is small: 8 bytes an object, and 8 to 16 of
// slots. The salt keeps a file from choosing keys that collide.
class NumberedKeys {
 public:
  std::uint32_t number_of(std::uint64_t key) {
    if (keys_.size() * 2 >= slots_.size()) grow();
    std::size_t slot = slot_of(key);
    for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
      if (keys_[slots_[slot] - 1] == key) return slots_[slot] - 1;
    }
    keys_.push_back(key);
    slots_[slot] = static_cast<std::uint32_t>(keys_.size());
    return slots_[slot] - 1;
  }
  // Starts fetching what number_of(key) will read.
  void prepare(std::uint64_t key) const { base::prefetch(&slots_[slot_of(key)]); }
  std::uint32_t size() const { return static_cast<std::uint32_t>(keys_.size()); }

 private:
  std::size_t slot_of(std::uint64_t key) const { return base::mix64(key + salt_) & (slots_.size() - 1); }
  void grow() {
    slots_.assign(slots_.size() * 2, 0);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      std::size_t slot = slot_of(keys_[i]);
      while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = static_cast<std::uint32_t>(i + 1);
    }
  }

  const std::uint64_t salt_ = base::unpredictable_seed();
  std::vector<std::uint64_t> keys_;                                         // by number
  std::vector<std::uint32_t> slots_ = std::vector<std::uint32_t>(1 << 10);  // numbers + 1; 0: none. A power of two
};

// For messages: a piece of a file, cut to 40 bytes, without what is not printable.
std::string shown(std::string_view text);
std::string too_many_requests(const TraceOptions& options);
std::uint32_t little_endian_32(const unsigned char* bytes);
std::uint64_t little_endian_64(const unsigned char* bytes);

}  // namespace larder::simulator
