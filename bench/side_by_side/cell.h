// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What is measured: the rows a user can name, and one point of one of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace larder::bench {

enum class Row : std::uint8_t {
  kGetHit,
  kGetMiss,
  kSet,
  kMix,
  kBatch,
  kInsert,
  kReadThrough,
  kBytes,
  kGrowth,
  kPause,
};
inline constexpr Row kRows[] = {Row::kGetHit, Row::kGetMiss,     Row::kSet,   Row::kMix,    Row::kBatch,
                                Row::kInsert, Row::kReadThrough, Row::kBytes, Row::kGrowth, Row::kPause};

std::string_view name_of(Row row);   // as in --only
std::string_view title_of(Row row);  // as in a table
std::optional<Row> row_named(std::string_view name);

// Timed side by side, or else a figure of one peer in a process of its own.
constexpr bool is_timed(Row row) { return row < Row::kBytes; }
// Needs caches at their bound.
constexpr bool is_at_bound(Row row) { return row == Row::kInsert || row == Row::kReadThrough; }

enum class Draw : std::uint8_t { kZipf, kUniform, kDistinct };
std::string_view name_of(Draw draw);

struct Cell {
  Row row = Row::kGetHit;
  std::uint64_t entries = 0;
  std::uint32_t value_bytes = 0;
  Draw draw = Draw::kUniform;
  unsigned threads = 1;
};

// "1M", "100k", "12345".
std::string short_number(std::uint64_t number);
// "GET hit: 1M entries, values of 32 bytes, zipf, 1 thread".
std::string title_of(const Cell& cell);

}  // namespace larder::bench
