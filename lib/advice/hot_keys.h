// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The most used keys of late, and their shares of the uses: Space-Saving (A. Metwally, D. Agrawal, A. El Abbadi,
// "Efficient computation of frequent and top-k elements in data streams", ICDT 2005) over a sample of the uses, with
// counts that fade (G. Cormode, V. Shkapenyuk, D. Srivastava, B. Xu, "Forward decay: a practical time decay model for
// streaming systems", ICDE 2009): what was seen counts half when 32,768 more uses have come.
//
// A key without a counter takes over the least, and what that had counted is its error: it was used no more than its
// count says, and no less than the count without the error, which is what is told. Counters stand in sets of 16, and a
// key's hash names its set: so there is no order to be kept, and what Space-Saving guarantees holds in each set. A key
// with more than a sixteenth of the uses of its set has a counter; with 64 sets that is about a thousandth of all.
//
// Cost: 35 to 60 ns a use; once in 655,000 uses, a walk over all counters. 282 bytes a counter.
//
// Limits: a hash stands for its key, so two keys that share all 64 bits are one.
//
// Thread safety: all of it. `used` waits for nobody, and forgets a use where it would have to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "larder/stats.h"

namespace larder::advice {

class HotKeys {
 public:
  static constexpr std::uint32_t kNamesMax = 1'000;
  // Of a longer key: its first bytes, "...", and a hash of it all in 16 digits.
  static constexpr std::size_t kKeyBytesMax = 256;

  // Names so many at most. Throws std::bad_alloc.
  explicit HotKeys(std::uint32_t names);
  // Of memory; of none for no names.
  static constexpr std::size_t bytes_for(std::uint32_t names) noexcept {
    return names == 0 ? 0 : sizeof(HotKeys) + sets_for(names) * sizeof(Set);
  }
  std::uint32_t names() const noexcept { return names_; }

  // A key, with a hash that is its own, was used.
  void used(std::uint64_t hash, std::string_view key) noexcept;
  // The most used first. Named is what was seen 16 times more often than the error. Throws std::bad_alloc.
  std::vector<HotKey> top();

 private:
  static constexpr std::size_t kWays = 16;
  struct Set {
    std::array<std::uint64_t, kWays> hashes{};
    std::array<double, kWays> counts{};  // 0: nobody's
    std::array<double, kWays> errors{};
    std::array<std::uint16_t, kWays> key_sizes{};
    std::array<std::array<char, kKeyBytesMax>, kWays> keys;
  };
  static constexpr std::size_t sets_for(std::uint32_t names) noexcept {
    const std::size_t counters = std::size_t{8} * names;
    return (counters < 1'024 ? 1'024 : counters + kWays - 1) / kWays;
  }
  void count(std::uint64_t hash, std::string_view key) noexcept REQUIRES_LOCK(mutex_);
  void fade() noexcept REQUIRES_LOCK(mutex_);

  const std::uint32_t names_;
  base::LeafMutex mutex_;
  std::vector<Set> sets_ GUARDED_BY(mutex_);
  double weight_ GUARDED_BY(mutex_) = 1;  // of the next use: it grows, which is as if all before it faded
  double total_ GUARDED_BY(mutex_) = 0;
};

}  // namespace larder::advice
