// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The keys of a cell, made before the clock runs. Those of a cache of n entries have the ids 0 to n - 1; keys that are
// not there have ids from n on, and distinct ones, each used once, from kFirstFresh on.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "bench/side_by_side/cell.h"
#include "bench/workload/keys.h"
#include "bench/workload/zipf.h"

namespace larder::bench {

class KeySupply {
 public:
  explicit KeySupply(std::uint64_t entries)
      : entries_(entries),
        read_through_ranks_(read_through_keys(entries), Zipf::kExponent, 3),
        read_through_id_(read_through_keys(entries)) {}

  // How many keys a sequence has that is used again and again: more than a processor's caches remember.
  static constexpr std::size_t kDraws = 4'000'000;

  // The next `count` keys of a row. Valid until the next call. REQUIRES: count <= kDraws.
  KeySpan take(const Cell& cell, std::size_t count) {
    if (cell.row == Row::kInsert) return fresh(count, [&] { return next_fresh_++; });
    if (cell.row == Row::kReadThrough)
      return fresh(count, [&] { return read_through_id_(read_through_ranks_.next()); });
    return sequence(cell).take(count);
  }

  // What read-through asks for: four times as many keys as entries fit. Never a sequence again: a cache could learn it.
  static std::uint64_t read_through_keys(std::uint64_t entries) { return 4 * entries; }

 private:
  static constexpr std::uint64_t kFirstFresh = std::uint64_t{1} << 40;
  enum class Kind : std::uint8_t { kUniform, kZipf, kMissing };

  template <typename NextId>
  KeySpan fresh(std::size_t count, NextId&& next_id) {
    fresh_.emplace(count, next_id);
    return fresh_->all();
  }

  KeySequence& sequence(const Cell& cell) {
    Kind kind = cell.draw == Draw::kZipf ? Kind::kZipf : Kind::kUniform;
    if (cell.row == Row::kGetMiss) kind = Kind::kMissing;
    auto& slot = sequences_[kind];
    if (slot == nullptr) slot = make(kind);
    return *slot;
  }

  std::unique_ptr<KeySequence> make(Kind kind) const {
    if (kind == Kind::kZipf) {
      Zipf ranks(entries_);
      const Scramble id_of(entries_);
      return std::make_unique<KeySequence>(kDraws, [&] { return id_of(ranks.next()); });
    }
    base::Random random(kind == Kind::kUniform ? 11 : 12);
    const std::uint64_t first = kind == Kind::kUniform ? 0 : entries_;
    return std::make_unique<KeySequence>(kDraws, [&] { return first + random.below(entries_); });
  }

  std::uint64_t entries_;
  std::uint64_t next_fresh_ = kFirstFresh;
  Zipf read_through_ranks_;
  Scramble read_through_id_;
  std::map<Kind, std::unique_ptr<KeySequence>> sequences_;
  std::optional<KeySequence> fresh_;
};

}  // namespace larder::bench
