// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What items look like, and what they are found by. An item has a name, which is found in its bytes; items of a tree
// may have a key, too, by which they are ordered before their names. Names compare as unsigned bytes.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace larder::collections {

// --- Of a table: found by the name's hash -------------------------------------------------------------------------------

// A member of a set.
struct Member {
  static std::string_view name(std::string_view item) noexcept { return item; }
};

// A field of a hash, and its value: how long the field is, in one byte, or in four behind 255; the field; the value.
struct Field {
  static constexpr std::size_t kLong = 255;

  static std::string_view name(std::string_view item) noexcept {
    const auto first = static_cast<unsigned char>(item[0]);
    return first < kLong ? item.substr(1, first) : item.substr(5, long_size(item));
  }
  static std::string_view value(std::string_view item) noexcept {
    const auto first = static_cast<unsigned char>(item[0]);
    return item.substr(first < kLong ? 1u + first : 5u + long_size(item));
  }
  static std::size_t bytes_for(std::size_t name_bytes, std::size_t value_bytes) noexcept {
    return (name_bytes < kLong ? 1 : 5) + name_bytes + value_bytes;
  }
  // Returns where the value begins.
  static char* write_name(char* to, std::string_view name) noexcept {
    if (name.size() < kLong) {
      *to++ = static_cast<char>(name.size());
    } else {
      const auto size = static_cast<std::uint32_t>(name.size());
      *to++ = static_cast<char>(kLong);
      std::memcpy(to, &size, sizeof size);
      to += sizeof size;
    }
    if (!name.empty()) std::memcpy(to, name.data(), name.size());
    return to + name.size();
  }

 private:
  static std::size_t long_size(std::string_view item) noexcept {
    std::uint32_t size;
    std::memcpy(&size, item.data() + 1, sizeof size);
    return size;
  }
};

// A member of a sorted set: its score, as it lies in memory, and the name.
struct Scored {
  static std::string_view name(std::string_view item) noexcept { return item.substr(sizeof(double)); }
  static double score(std::string_view item) noexcept {
    double score;
    std::memcpy(&score, item.data(), sizeof score);
    return score;
  }
};

// --- Of a tree ----------------------------------------------------------------------------------------------------------

// By score, and among equals by name. No score is NaN.
struct ByScore {
  static constexpr bool kSorted = true;
  static constexpr std::size_t kLeafBytesMax = 2048;
  using Key = double;
  // How a name begins: 16 bytes of it, for user:12345 and the like.
  struct Prefix {
    std::uint64_t words[2] = {};
    auto operator<=>(const Prefix&) const = default;
  };

  static std::string_view name(std::string_view item) noexcept { return item; }
  static Prefix prefix(std::string_view name) noexcept {
    Prefix prefix;
    if (!name.empty()) std::memcpy(prefix.words, name.data(), name.size() < 16 ? name.size() : 16);
    for (std::uint64_t& word : prefix.words) word = __builtin_bswap64(word);
    return prefix;
  }
};

// In the order in which they were put.
struct Sequence {
  static constexpr bool kSorted = false;
  static constexpr std::size_t kLeafBytesMax = 4096;
  struct Key {
    auto operator<=>(const Key&) const = default;
  };
  using Prefix = Key;

  static std::string_view name(std::string_view) noexcept { return {}; }
  static Prefix prefix(std::string_view) noexcept { return {}; }
};

}  // namespace larder::collections
