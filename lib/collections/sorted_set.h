// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Sorted sets: members with scores, in the order of the scores, and among equals of the members' bytes. No score is
// NaN. Small: in that order, each with its score before it. Large: a tree in that order, and a table of the scores by
// member, each with the members' bytes: so a range is read in sequence, and a score is two cache misses away.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "collections/draft.h"
#include "collections/table.h"
#include "collections/tree.h"
#include "larder/score_list.h"

namespace larder::collections {

struct SortedSetContents {
  Table<Scored> by_name = {};
  Tree<ByScore> by_score = {};

  std::uint64_t size() const noexcept { return by_name.size(); }
  SortedSetContents share() const noexcept { return {by_name.share(), by_score.share()}; }
  void release(PageMemory& memory) noexcept {
    by_name.release(memory);
    by_score.release(memory);
  }
};
using LargeSortedSet = LargeOf<SortedSetContents>;

// One to be read. Thread safety: none for itself; what it is of must stay as it is.
class SortedSetView {
 public:
  explicit SortedSetView(Packed small) noexcept : small_(small) {}
  explicit SortedSetView(const LargeSortedSet& large) noexcept : large_(&large.contents) {}

  std::uint64_t size() const noexcept { return large_ != nullptr ? large_->size() : small_.count(); }
  // O(1), or the bytes of a small one.
  std::optional<double> score(const base::KeyHash& hash, std::string_view member) const noexcept;
  // How many members stand before this place in the order, whether or not there is such a member: O(log size). The rank
  // of one that is there; and as an empty name is the smallest, where a range of scores begins.
  std::uint64_t before(double score, std::string_view member) const noexcept;
  // Calls visit(member, score) for up to `count` members from a rank on, in the order or, if `backwards`, in the order
  // reversed, ranks and all, until it returns false.
  template <typename Visit>
  void range(std::uint64_t first, std::uint64_t count, bool backwards, Visit&& visit) const;
  // Copies them. False: they have more bytes than that, and some of them may have been copied. Throws std::bad_alloc.
  bool copy(std::uint64_t first, std::uint64_t count, bool backwards, std::uint64_t bytes_max, ScoredMembers& to) const;
  // As of a hash (hash.h), with visit(member, score).
  template <typename Visit>
  void each(Visit&& visit) const {
    std::uint64_t cursor = 0;
    do cursor = walk(cursor, visit);
    while (cursor != 0);
  }
  template <typename Visit>
  std::uint64_t walk(std::uint64_t cursor, Visit&& visit) const {
    if (large_ != nullptr) {
      return large_->by_name.walk(
          cursor, [&](const auto& found) { visit(Scored::name(found.item()), Scored::score(found.item())); });
    }
    for (PackedItem item; small_.next(&item);) visit(Scored::name(item.bytes), Scored::score(item.bytes));
    return 0;
  }
  template <typename Visit>
  void random(base::Random& random, Visit&& visit) const {
    if (large_ != nullptr) {
      const auto found = large_->by_name.random(random);
      return visit(Scored::name(found.item()), Scored::score(found.item()));
    }
    const PackedItem item = small_.item(static_cast<unsigned>(random.below(small_.count())));
    visit(Scored::name(item.bytes), Scored::score(item.bytes));
  }

 private:
  friend class SortedSetDraft;
  std::optional<PackedItem> find_small(std::string_view member) const noexcept;

  Packed small_;
  const SortedSetContents* large_ = nullptr;
};

template <typename Visit>
void SortedSetView::range(std::uint64_t first, std::uint64_t count, bool backwards, Visit&& visit) const {
  const std::uint64_t size = this->size();
  if (first >= size) return;
  count = std::min(count, size - first);
  if (count == 0) return;
  if (large_ == nullptr) {
    const std::uint64_t lowest = backwards ? size - first - count : first;
    return small_.range(
        static_cast<unsigned>(lowest), static_cast<unsigned>(count), backwards,
        [&](const PackedItem& item) { return visit(Scored::name(item.bytes), Scored::score(item.bytes)); });
  }
  large_->by_score.range(backwards ? size - 1 - first : first, count, backwards, visit);
}

// One that is being edited.
class SortedSetDraft : public Draft<SortedSetContents> {
 public:
  using Draft::Draft;
  SortedSetView view() const noexcept {
    return large_ != nullptr ? SortedSetView(*large_) : SortedSetView(small_.view());
  }

  // kDone: it is a new member; kNothing: it was one, whatever its score. It may not point into the draft.
  Edited set(std::string_view member, double score) noexcept {
    return set(member, score, view().score(tools_.hash, member));
  }
  // The same for who knows what view().score() says of it.
  Edited set(std::string_view member, double score, const std::optional<double>& old) noexcept;
  // kNothing: it is none.
  Edited erase(std::string_view member) noexcept { return note(take_member(member)); }
  // The members of the ranks [from, to). After kNoMemory some may be gone. O(to - from + log size).
  Edited erase_range(std::uint64_t from, std::uint64_t to) noexcept { return note(take_range(from, to)); }

 private:
  Edited put_member(std::string_view member, double score, const std::optional<double>& old) noexcept;
  Edited take_member(std::string_view member) noexcept;
  Edited take_range(std::uint64_t from, std::uint64_t to) noexcept;
  void set_small(std::string_view member, double score, const std::optional<PackedItem>& old) noexcept;
  Edited set_large(std::string_view member, double score, const std::optional<double>& old) noexcept;
  Edited place_score(std::string_view member, double score) noexcept;
  bool outgrow() noexcept;
};

}  // namespace larder::collections
