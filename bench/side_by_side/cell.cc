// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "bench/side_by_side/cell.h"

namespace larder::bench {

std::string_view name_of(Row row) {
  switch (row) {
    case Row::kGetHit: return "get-hit";
    case Row::kGetMiss: return "get-miss";
    case Row::kSet: return "set";
    case Row::kMix: return "mix";
    case Row::kBatch: return "batch";
    case Row::kInsert: return "insert";
    case Row::kReadThrough: return "read-through";
    case Row::kBytes: return "bytes";
    case Row::kGrowth: return "growth";
    case Row::kPause: return "pause";
  }
  return {};
}

std::string_view title_of(Row row) {
  switch (row) {
    case Row::kGetHit: return "GET hit";
    case Row::kGetMiss: return "GET miss";
    case Row::kSet: return "SET, overwrite of the same size";
    case Row::kMix: return "95 % GET, 5 % SET";
    case Row::kBatch: return "GET in batches of 16, per key";
    case Row::kInsert: return "insert with eviction";
    case Row::kReadThrough: return "GET, and SET on a miss, at the bound";
    case Row::kBytes: return "bytes of overhead per entry";
    case Row::kGrowth: return "growth of the process over max_memory";
    case Row::kPause: return "longest single insert while growing from 0";
  }
  return {};
}

std::optional<Row> row_named(std::string_view name) {
  for (const Row row : kRows) {
    if (name_of(row) == name) return row;
  }
  return std::nullopt;
}

std::string_view name_of(Draw draw) {
  switch (draw) {
    case Draw::kZipf: return "zipf";
    case Draw::kUniform: return "uniform";
    case Draw::kDistinct: return "distinct";
  }
  return {};
}

std::string short_number(std::uint64_t number) {
  if (number >= 1'000'000 && number % 1'000'000 == 0) return std::to_string(number / 1'000'000) + "M";
  if (number >= 1'000 && number % 1'000 == 0) return std::to_string(number / 1'000) + "k";
  return std::to_string(number);
}

std::string title_of(const Cell& cell) {
  return std::string(title_of(cell.row)) + ": " + short_number(cell.entries) + " entries, values of " +
         std::to_string(cell.value_bytes) + " bytes, " + std::string(name_of(cell.draw)) + " keys, " +
         std::to_string(cell.threads) + (cell.threads == 1 ? " thread" : " threads");
}

}  // namespace larder::bench
