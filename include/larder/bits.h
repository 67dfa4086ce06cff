// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands on strings seen as arrays of bits, the most significant bit of the first byte being bit 0. Names and
// semantics are those of Redis 7.0. Reference: https://redis.io/commands/?group=bitmap
//
// Thread safety and errors: as in strings.h. Large values are read with no lock held.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "larder/keys.h"
#include "larder/status.h"

namespace larder {

// A range, both ends included; negative counts from the end.
struct BitRange {
  enum class Unit : std::uint8_t { kByte, kBit };
  std::int64_t first = 0;
  std::optional<std::int64_t> last = {};  // no value: to the end
  Unit unit = Unit::kByte;
};

enum class BitOperation : std::uint8_t { kAnd, kOr, kXor, kNot };

// One step of BITFIELD on an integer of `width` bits: 1 to 64 if signed, 1 to 63 if not.
struct BitFieldStep {
  enum class Action : std::uint8_t { kGet, kSet, kIncrBy };
  enum class Overflow : std::uint8_t { kWrap, kSaturate, kFail };
  Action action = Action::kGet;
  bool is_signed = false;
  std::uint8_t width = 8;
  std::uint64_t bit_offset = 0;
  std::int64_t operand = 0;  // the new value, or what to add
  Overflow overflow = Overflow::kWrap;
};

class Bits {
 public:
  // The bit that was there. kOutOfRange past 512 MiB.
  Result<bool> set_bit(std::string_view key, std::uint64_t bit_offset, bool on);
  // False past the end, and if there is no key.
  Result<bool> get_bit(std::string_view key, std::uint64_t bit_offset);
  // How many bits are set. O(bytes).
  Result<std::uint64_t> bit_count(std::string_view key, const BitRange& range = {});
  // The first bit of that kind, or -1. Looking for a 0 with no `last`, the bits past the end count as 0. O(bytes).
  Result<std::int64_t> bit_pos(std::string_view key, bool on, const BitRange& range = {});
  // Stores the result under `to`, or deletes `to` if all sources are empty; answers its length. kNot takes exactly one
  // source, the others at least one and at most 1,023. O(bytes of all).
  Result<std::uint64_t> bit_op(BitOperation operation, std::string_view to, const KeyList& from);
  // All steps, in order, at once. An answer per step: what was read, the old value of a set, the new one of an
  // increment; no value where Overflow::kFail refused. At most 1,024 steps. kGet alone makes no key. O(steps).
  Result<std::vector<std::optional<std::int64_t>>> bit_field(std::string_view key, std::span<const BitFieldStep> steps);
  Result<std::vector<std::optional<std::int64_t>>> bit_field(std::string_view key,
                                                             std::initializer_list<BitFieldStep> steps) {
    return bit_field(key, std::span(steps.begin(), steps.size()));
  }

 protected:
  explicit Bits(keyspace::Keyspace* keyspace, bool looks = false) noexcept : keyspace_(keyspace), looks_(looks) {}
  ~Bits() = default;
  Bits(const Bits&) = delete;
  Bits& operator=(const Bits&) = delete;

 private:
  keyspace::Keyspace* keyspace_;
  bool looks_;  // what reads marks no use, and a store is not asked: see read_view.h
};

}  // namespace larder
