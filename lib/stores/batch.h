// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A batch as its units: what is written as a whole or not at all. A group is one, a mutation without a group is one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "larder/backing_store.h"

namespace larder::stores {

using Unit = std::vector<std::size_t>;  // places in the batch, ascending

// In the order of their first mutations.
inline std::vector<Unit> units_of(std::span<const Mutation> batch) {
  std::vector<Unit> units;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto same = [&](const Unit& unit) { return batch[unit[0]].group == batch[i].group; };
    const auto found = batch[i].group == 0 ? units.end() : std::find_if(units.begin(), units.end(), same);
    found == units.end() ? units.push_back({i}) : found->push_back(i);
  }
  return units;
}

inline void answer(const Unit& unit, const WriteResult& result, std::span<WriteResult> results) {
  for (const std::size_t i : unit) results[i] = result;
}

// Takes from the units those that can never be written, and answers them.
inline void refuse_impossible(std::span<const Mutation> batch, std::uint64_t value_bytes_max, std::vector<Unit>& units,
                              std::span<WriteResult> results) {
  std::erase_if(units, [&](const Unit& unit) {
    for (const std::size_t i : unit) {
      if (!batch[i].is_put()) continue;
      if (batch[i].type < ValueType::kString || batch[i].type > ValueType::kSortedSet) {
        answer(unit, WriteResult::never("a value of a type that this store does not know"), results);
        return true;
      }
      if (batch[i].bytes.size() > value_bytes_max) {
        answer(unit,
               WriteResult::never("a value of " + std::to_string(batch[i].bytes.size()) +
                                  " bytes is above the store's value_bytes_max of " + std::to_string(value_bytes_max)),
               results);
        return true;
      }
    }
    return false;
  });
}

// A batch, on the connection that take(&why) lends; a lease without one says why. work(connection, units) writes and
// answers the units that may be written; if it says no, or throws, its lease is given to give_up.
template <typename Take, typename Work, typename GiveUp>
Status write_units(std::span<const Mutation> batch, std::span<WriteResult> results, std::uint64_t value_bytes_max,
                   Take&& take, Work&& work, GiveUp&& give_up) {
  std::vector<Unit> units = units_of(batch);
  refuse_impossible(batch, value_bytes_max, units, results);
  if (units.empty()) return {};
  Status why;
  auto lease = take(&why);
  if (lease.connection == nullptr) {
    for (const Unit& unit : units) answer(unit, WriteResult::retry(why.message()), results);
    return {};
  }
  bool whole = false;
  try {
    whole = work(*lease.connection, units);
  } catch (...) {  // no memory
    give_up(lease);
    throw;
  }
  if (!whole) give_up(lease);
  return {};
}

// Of one member of a unit that had another version: the others are not written either, and not their own fault.
inline void answer_conflict(const Unit& unit, std::size_t culprit, std::span<WriteResult> results) {
  answer(unit, WriteResult::conflict("another key of its group has another version than the one expected"), results);
  results[culprit] = WriteResult::conflict("the store has another version than the one expected");
}

}  // namespace larder::stores
