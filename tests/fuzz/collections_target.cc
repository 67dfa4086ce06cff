// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What collections promise, checked:
//   - an edited version has the items that a plain container has, and so have all others: looked at when an edit found
//   no
//     memory, when a version goes, and now and then;
//   - an edit that finds no memory has done nothing, but for the erasing of ranges;
//   - all memory comes back.
#include "fuzz/collections_target.h"

#include <type_traits>
#include <vector>

#include "model/choices.h"
#include "support/collection_pairs.h"
#include "support/counting_allocator.h"
#include "support/page_source.h"

namespace larder::fuzz {
namespace {

using support::Edit;
using support::Edited;
using support::Habits;
using support::NthFails;
using support::PageMemory;
using support::Spot;

constexpr std::size_t kActionsMax = 1'000;
constexpr std::size_t kVersionsMax = 4;
constexpr std::size_t kItemsMax = 1'000;

template <typename Pair>
class CollectionRun {
 public:
  explicit CollectionRun(model::ByteChoices& choices)
      : choices_(choices), account_(new memory::Account(allocator_, memory::Limit::kUnbounded)), pages_(*account_) {
    habits_.universe = choices.one_in(2) ? 20 : 500;
    habits_.blobs = choices.one_in(2);
  }
  ~CollectionRun() { account_->release(); }
  CollectionRun(const CollectionRun&) = delete;
  CollectionRun& operator=(const CollectionRun&) = delete;

  std::string run() {
    std::string wrong;
    for (std::size_t i = 0; i < kActionsMax && !choices_.used_up() && wrong.empty(); ++i) wrong = act();
    if (wrong.empty()) wrong = compare_all();
    while (!versions_.empty()) {
      release(versions_.size() - 1);
      if (wrong.empty()) wrong = compare_all();
    }
    if (wrong.empty() && pages_.taken() != 0) wrong = std::to_string(pages_.taken()) + " bytes of pages are left";
    if (wrong.empty() && account_->bytes().used() != 0) wrong = "blobs are left";
    if (wrong.empty()) wrong = counted_.complaints(false);
    return wrong.empty() ? wrong : wrong + "\n" + story_;
  }

 private:
  void tell(const std::string& what) { story_ += "  " + what + "\n"; }

  std::string act() {
    const std::uint64_t which = choices_.below(versions_.size());
    switch (choices_.below(16)) {
      case 0:
        if (versions_.size() == kVersionsMax) return "";
        tell("share " + std::to_string(which));
        versions_.push_back(versions_[which].share());
        return "";
      case 1:
        if (versions_.size() == 1) return "";
        release(which);
        return choices_.one_in(4) ? compare_all() : "";
      case 2:
        habits_.spot = static_cast<Spot>(choices_.below(4));
        habits_.inserts_of_16 = choices_.below(17);
        habits_.ranges_of_16 = choices_.below(3);
        return "";
      case 3: return edit(which, 1 + choices_.below(8));
      case 4: return fill(which, choices_.below(256));
      default: return edit(which, NthFails::kNever);
    }
  }

  // Whose nth allocation fails.
  std::string edit(std::uint64_t which, std::uint64_t nth) {
    Pair& pair = versions_[which];
    const Edit edit = pair.choose(choices_, habits_);
    if (nth != NthFails::kNever && edit.erases_range()) nth = NthFails::kNever;
    tell("of " + std::to_string(which) + ", allocation " + std::to_string(nth) + " fails: " + edit.text());
    allocator_.fail_nth(nth);
    const Edited edited = apply(pair, edit);
    const bool failed = allocator_.failed();
    allocator_.fail_nth(NthFails::kNever);
    if (edited == Edited::kNoMemory && !failed) return "no memory, where there was enough";
    const bool look = failed || pair.items().size() < 20 || ++edits_ % 64 == 0;
    return look ? pair.compare() : "";
  }

  // Many at once, for few bytes of the input.
  std::string fill(std::uint64_t which, std::uint64_t count) {
    tell("fill " + std::to_string(which) + " with " + std::to_string(count));
    model::RandomChoices choices(count);
    Habits habits = habits_;
    habits.universe = 5'000;
    habits.inserts_of_16 = 16;
    Pair& pair = versions_[which];
    for (; count > 0 && pair.items().size() < kItemsMax; --count) apply(pair, pair.choose(choices, habits));
    return "";
  }

  Edited apply(Pair& pair, const Edit& edit) {
    return pages_.edit([&](PageMemory& memory) { return pair.apply(edit, *account_, memory); });
  }
  void release(std::uint64_t which) {
    tell("release " + std::to_string(which));
    pages_.edit([&](PageMemory& memory) {
      versions_[which].release(memory);
      return true;
    });
    versions_.erase(versions_.begin() + static_cast<std::ptrdiff_t>(which));
  }
  std::string compare_all() const {
    for (const Pair& version : versions_) {
      if (std::string wrong = version.compare(); !wrong.empty()) return wrong;
    }
    return "";
  }

  model::ByteChoices& choices_;
  support::CountingAllocator counted_;
  NthFails allocator_{counted_};
  memory::Account* account_;
  support::PageSource pages_;
  Habits habits_;
  std::vector<Pair> versions_{1};
  std::uint64_t edits_ = 0;
  std::string story_;
};

}  // namespace

std::string run_collections(std::span<const std::uint8_t> bytes) {
  model::ByteChoices choices(bytes);
  switch (choices.below(5)) {
    case 0: return CollectionRun<support::SequencePair>(choices).run();
    case 1: return CollectionRun<support::TablePair<collections::Member>>(choices).run();
    case 2: return CollectionRun<support::TablePair<collections::Field>>(choices).run();
    case 3: return CollectionRun<support::TablePair<collections::Scored>>(choices).run();
    default: return CollectionRun<support::SortedPair>(choices).run();
  }
}

}  // namespace larder::fuzz
