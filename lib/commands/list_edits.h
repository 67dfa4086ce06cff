// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What the commands on lists do to a list, whichever key it is under.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/hold_work.h"
#include "collections/list.h"
#include "larder/items.h"
#include "larder/lists.h"

namespace larder::commands {

// --- Indices ------------------------------------------------------------------------------------------------------------

// The element of an index: from the first, 0, on, or from the last, -1, backwards.
constexpr std::optional<std::uint64_t> element_at(std::int64_t index, std::uint64_t size) noexcept {
  if (index >= 0) {
    const auto number = static_cast<std::uint64_t>(index);
    return number < size ? std::optional(number) : std::nullopt;
  }
  const std::uint64_t back = 0 - static_cast<std::uint64_t>(index);
  return back <= size ? std::optional(size - back) : std::nullopt;
}

struct ListRange {
  std::uint64_t from = 0;
  std::uint64_t to = 0;  // behind the last
  constexpr std::uint64_t size() const noexcept { return to - from; }
};

// From one index to another, both included, as far as there are elements.
constexpr ListRange range_of(std::int64_t first, std::int64_t last, std::uint64_t size) noexcept {
  const std::uint64_t from = first >= 0 ? static_cast<std::uint64_t>(first) : element_at(first, size).value_or(0);
  const std::optional<std::uint64_t> end = element_at(last, size);
  if (!end && last < 0) return {};
  const std::uint64_t to = end ? *end + 1 : size;
  return from < to ? ListRange{from, to} : ListRange{};
}

// --- Ends ---------------------------------------------------------------------------------------------------------------

using larder::ListEnd;

// What is pushed there is put before this number.
constexpr std::uint64_t place_at(ListEnd end, std::uint64_t size) noexcept { return end == ListEnd::kLeft ? 0 : size; }
// So many elements at this end. REQUIRES: there are.
constexpr ListRange elements_at(ListEnd end, std::uint64_t count, std::uint64_t size) noexcept {
  return end == ListEnd::kLeft ? ListRange{0, count} : ListRange{size - count, size};
}

// --- Elements that equal another ----------------------------------------------------------------------------------------

// Calls visit(number), the number counted from the first one looked at, for each of the elements [at, to), counted from
// that end, until it answers false.
template <typename Visit>
void each_equal(const collections::ListView& list, ListEnd end, std::uint64_t at, std::uint64_t to,
                std::string_view element, Visit&& visit) {
  if (at >= to) return;
  list.range(at, to - at, end == ListEnd::kRight, [&](std::string_view found) {
    const std::uint64_t number = at++;
    return found != element || visit(number);
  });
}

// The elements that equal one: the first `most` of them, or the last. Those that lie side by side are a run.
class EqualElements {
 public:
  static constexpr unsigned kRuns = 64;

  EqualElements(std::string_view element, ListEnd end, std::uint64_t most) noexcept
      : element_(element), end_(end), most_(most) {}

  // Removes them, and answers how many there were. Nothing is answered, and nothing removed, if they are more than
  // `runs_max` runs, which is kRuns at most; 0: there may be any number. Ends early where it finds no memory.
  // O(size + runs * log size).
  std::optional<std::uint64_t> remove(collections::ListDraft& draft, unsigned runs_max = 0) noexcept {
    std::uint64_t removed = 0;
    std::uint64_t at = 0;  // counted from the end at which it begins
    for (bool more = true; more;) {
      more = find_runs(draft.view(), at, most_ - removed, runs_max == 0 ? kRuns : runs_max);
      if (more && runs_max != 0) return std::nullopt;
      at = count_ == 0 ? 0 : runs_[count_ - 1].to;
      // The one that was found last first: the numbers of the others stay as they are.
      while (count_ > 0) {
        const ListRange run = runs_[--count_];
        const std::uint64_t size = draft.view().size();
        const ListRange goes = end_ == ListEnd::kLeft ? run : ListRange{size - run.to, size - run.from};
        if (draft.erase(goes.from, goes.to) == collections::Edited::kNoMemory) return removed;
        removed += run.size();
        at -= run.size();
      }
    }
    return removed;
  }

 private:
  // Whether there are more than it has found room for.
  bool find_runs(const collections::ListView& list, std::uint64_t at, std::uint64_t most, unsigned runs_max) noexcept {
    count_ = 0;
    bool more = false;
    each_equal(list, end_, at, list.size(), element_, [&](std::uint64_t number) {
      if (count_ > 0 && runs_[count_ - 1].to == number) {
        ++runs_[count_ - 1].to;
      } else if (count_ < runs_max) {
        runs_[count_++] = {number, number + 1};
      } else {
        more = true;
        return false;
      }
      return --most != 0;
    });
    return more;
  }

  const std::string_view element_;
  const ListEnd end_;
  const std::uint64_t most_;
  std::array<ListRange, kRuns> runs_;
  unsigned count_ = 0;
};

}  // namespace larder::commands
