// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The parser of each format, and what they share. Each fills the trace and returns what is wrong, or an empty string.
// O(bytes).
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/key_hash.h"
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

// Numbers objects in order of first appearance, by hashes of their keys. Open addressing over numbers alone, so that
// most of what a look-up reads is small: 8 bytes an object, and 8 to 16 of slots. Hashes are salted, so that a file
// cannot choose keys that collide.
class Numbers {
 public:
  // `same(number)` says whether that object, whose hash is the same, is the one that is looked for. If none is, the
  // number is a new one: size() grows.
  template <typename Same>
  std::uint32_t number_of(std::uint64_t hash, Same&& same) {
    if (hashes_.size() * 2 >= slots_.size()) grow();
    std::size_t slot = hash & (slots_.size() - 1);
    for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
      const std::uint32_t number = slots_[slot] - 1;
      if (hashes_[number] == hash && same(number)) return number;
    }
    hashes_.push_back(hash);
    slots_[slot] = size();
    return size() - 1;
  }
  // Such a look-up will come: starts fetching what it will read, `prepare` first, some look-ups later the rest.
  void prepare(std::uint64_t hash) const { base::prefetch(&slots_[hash & (slots_.size() - 1)]); }
  void prepare_more(std::uint64_t hash) const {
    if (const std::uint32_t one = slots_[hash & (slots_.size() - 1)]; one != 0) base::prefetch(&hashes_[one - 1]);
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(hashes_.size()); }

 private:
  void grow() {
    slots_.assign(slots_.size() * 2, 0);
    for (std::size_t i = 0; i < hashes_.size(); ++i) {
      std::size_t slot = hashes_[i] & (slots_.size() - 1);
      while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = static_cast<std::uint32_t>(i + 1);
    }
  }

  std::vector<std::uint64_t> hashes_;                                       // by number
  std::vector<std::uint32_t> slots_ = std::vector<std::uint32_t>(1 << 10);  // numbers + 1; 0: none. A power of two
};

class TextKeys {
 public:
  std::uint32_t number_of(std::string_view key) {
    const std::uint32_t before = numbers_.size();
    const std::uint32_t number = numbers_.number_of(hash_(key), [&](std::uint32_t one) { return text_of(one) == key; });
    if (number == before) {
      texts_ += key;
      ends_.push_back(texts_.size());
    }
    return number;
  }
  std::uint32_t size() const { return numbers_.size(); }

 private:
  std::string_view text_of(std::uint32_t number) const {
    const std::uint64_t begin = number == 0 ? 0 : ends_[number - 1];
    return std::string_view(texts_).substr(begin, ends_[number] - begin);
  }

  const base::KeyHash hash_ = base::KeyHash::unpredictable();
  Numbers numbers_;
  std::string texts_;                // of all keys, one behind the other
  std::vector<std::uint64_t> ends_;  // of each, by number
};

// The hash of a number says which number it is.
class NumberedKeys {
 public:
  std::uint32_t number_of(std::uint64_t key) {
    return numbers_.number_of(base::mix64(key + salt_), [](std::uint32_t) { return true; });
  }
  // As those of Numbers.
  void prepare(std::uint64_t key) const { numbers_.prepare(base::mix64(key + salt_)); }
  void prepare_more(std::uint64_t key) const { numbers_.prepare_more(base::mix64(key + salt_)); }
  std::uint32_t size() const { return numbers_.size(); }

 private:
  const std::uint64_t salt_ = base::unpredictable_seed();
  Numbers numbers_;
};

// For messages: a piece of a file, cut to 40 bytes, without what is not printable.
std::string shown(std::string_view text);
std::string too_many_requests(const TraceOptions& options);
inline std::uint32_t little_endian_32(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
         std::uint32_t{bytes[3]} << 24;
}
inline std::uint64_t little_endian_64(const unsigned char* bytes) {
  return std::uint64_t{little_endian_32(bytes)} | std::uint64_t{little_endian_32(bytes + 4)} << 32;
}

}  // namespace larder::simulator
