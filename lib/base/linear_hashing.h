// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Which bucket a hash belongs to in a table that grows and shrinks by one bucket at a time (W. Litwin, "Linear hashing:
// a new tool for file and table addressing", VLDB 1980), and a walk over the buckets that outlives that.
//
// With n buckets, 2^k <= n < 2^(k+1), a hash belongs to bucket h mod 2^(k+1) if there is one, and to h mod 2^k
// otherwise. Growing adds bucket n and moves to it what belongs there from bucket n - 2^k; shrinking is the reverse.
#pragma once

#include <bit>
#include <cstdint>

namespace larder::base {

class LinearHashing {
 public:
  std::uint64_t buckets() const noexcept { return buckets_; }
  void set_buckets(std::uint64_t buckets) noexcept {
    buckets_ = buckets;
    mask_ = mask_of(buckets);
  }

  // Of the low bits of a hash. REQUIRES: buckets() > 0.
  std::uint64_t bucket_of(std::uint64_t bits) const noexcept {
    const std::uint64_t number = bits & mask_;
    return number < buckets_ ? number : number & (mask_ >> 1);
  }
  // The bucket that is parted when this one is added behind all others, and joined with it again when this one goes.
  // REQUIRES: number > 0.
  static std::uint64_t partner_of(std::uint64_t number) noexcept { return number & (mask_of(number) >> 1); }

  // A walk over all buckets in the order of the reversed bits of their numbers. In that order growing parts a bucket
  // into two neighbours, the first of which keeps the place, and shrinking joins two: so a walk that goes on from a
  // cursor misses nothing that was there all the time (the guarantee of SCAN). Begin with 0; what follows the last
  // bucket is 0. REQUIRES: buckets() > 0.
  static constexpr int kCursorBits = 32;
  std::uint64_t bucket_of_cursor(std::uint64_t cursor) const noexcept { return bucket_of(reversed(cursor)); }
  std::uint64_t next_cursor(std::uint64_t cursor) const noexcept {
    const std::uint64_t number = bucket_of_cursor(cursor);
    const std::uint64_t half = (mask_ + 1) / 2;
    const int log = std::countr_zero(half);
    const int depth = number >= half || number + half < buckets_ ? log + 1 : log;
    const int below = kCursorBits - depth;
    const std::uint64_t next = ((cursor >> below) + 1) << below;
    return next >> kCursorBits != 0 ? 0 : next;
  }
  // The low kCursorBits, the last first.
  static std::uint64_t reversed(std::uint64_t bits) noexcept {
    auto x = static_cast<std::uint32_t>(bits);
    x = (x >> 1 & 0x55555555) | (x & 0x55555555) << 1;
    x = (x >> 2 & 0x33333333) | (x & 0x33333333) << 2;
    x = (x >> 4 & 0x0f0f0f0f) | (x & 0x0f0f0f0f) << 4;
    return __builtin_bswap32(x);
  }

 private:
  // 2^(k+1) - 1, if 2^k <= buckets < 2^(k+1).
  static std::uint64_t mask_of(std::uint64_t buckets) noexcept {
    return buckets == 0 ? 0 : (std::uint64_t{2} << (63 - std::countl_zero(buckets))) - 1;
  }

  std::uint64_t buckets_ = 0;
  std::uint64_t mask_ = 0;  // of buckets_
};

}  // namespace larder::base
