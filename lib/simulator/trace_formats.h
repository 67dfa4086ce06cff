// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The parser of each format, and what they share. Each fills the trace and returns what is wrong, or an empty string.
// O(bytes).
//
// Thread safety: none.
#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

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

class NumberedKeys {
 public:
  std::uint32_t number_of(std::uint64_t key) {
    return numbers_.try_emplace(key, static_cast<std::uint32_t>(numbers_.size())).first->second;
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(numbers_.size()); }

 private:
  struct Hash {
    std::size_t operator()(std::uint64_t key) const noexcept { return base::mix64(key); }
  };
  tsl::robin_map<std::uint64_t, std::uint32_t, Hash> numbers_;
};

// For messages: a piece of a file, cut to 40 bytes, without what is not printable.
std::string shown(std::string_view text);
std::string too_many_requests(const TraceOptions& options);
std::uint32_t little_endian_32(const unsigned char* bytes);
std::uint64_t little_endian_64(const unsigned char* bytes);

}  // namespace larder::simulator
