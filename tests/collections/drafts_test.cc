// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Hashes, sets, sorted sets and lists against models of the standard library, while they grow from small to large, find
// no memory, and are edited while others hold an older version.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collections/hash.h"
#include "collections/list.h"
#include "collections/set.h"
#include "collections/sorted_set.h"
#include "support/depth.h"

namespace larder::collections {
namespace {

constexpr std::int64_t kPlenty = std::int64_t{1} << 40;

// What a collection is between two commands: packed bytes, or a large one.
template <typename DraftType>
class Held {
 public:
  using LargeForm = typename DraftType::LargeForm;

  explicit Held(SmallLimits limits) : limits_(limits) {}
  ~Held() {
    if (large_ != nullptr) large_->release();
    if (older_ != nullptr) older_->release();
    EXPECT_EQ(account_.bytes().used(), 0) << "charged for what is no more";
    EXPECT_TRUE(was_large_ && was_refused_) << "the test has not come to what it is for";
    account_.release();
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  // Runs one command with so many bytes; what it makes takes the place of what was, unless it has found no memory.
  // `aside`: in another version, also where it could be edited where it stands.
  template <typename Command>
  Edited run(std::int64_t bytes, bool aside, Command&& command) {
    hold_older();
    EXPECT_TRUE(account_.bytes().lease(bytes));
    PageMemory memory(account_, bytes);
    const Edited edited = run(memory, aside, command);
    account_.bytes().give_back(memory.left());
    was_refused_ |= edited == Edited::kNoMemory;
    return edited;
  }
  auto view() const {
    using View = decltype(std::declval<DraftType>().view());
    return large_ != nullptr ? View(*large_) : View(Packed(small_));
  }
  LargeForm* large() const { return large_; }
  const base::KeyHash& hash() const { return hash_; }

 private:
  // Now and then another version: all pages are shared then, also where an edit is made in place.
  void hold_older() {
    if (large_ == nullptr || ++commands_ % 7 != 0) return;
    if (older_ != nullptr) older_->release();
    EXPECT_TRUE(account_.bytes().lease(1'000));
    PageMemory memory(account_, 1'000);
    older_ = large_->share(memory);
    account_.bytes().give_back(memory.left());
  }
  template <typename Command>
  Edited run(PageMemory& memory, bool aside, Command& command) {
    DraftType draft({memory, hash_, limits_});
    LargeForm* version = nullptr;
    if (large_ != nullptr) {
      version = aside ? large_->share(memory) : large_;
      if (version == nullptr) return Edited::kNoMemory;
      draft.begin(version);
    } else {
      draft.begin(small_);
    }
    const Edited edited = command(draft);
    if (edited == Edited::kNoMemory) {
      if (draft.large() != nullptr && draft.large() != large_) draft.large()->discard(memory);
    } else {
      keep(draft);
    }
    return edited;
  }
  void keep(DraftType& draft) {
    if (draft.large() == nullptr) {
      small_ = draft.small().bytes();
      return;
    }
    if (large_ != nullptr && large_ != draft.large()) large_->release();
    large_ = draft.large();
    was_large_ = true;
  }

  memory::Account& account_ = *new memory::Account(Allocator::standard(), memory::Limit::kUnbounded);
  const base::KeyHash hash_{17};
  const SmallLimits limits_;
  std::string small_ = std::string(2, '\0');
  LargeForm* large_ = nullptr;
  LargeForm* older_ = nullptr;
  int commands_ = 0;
  bool was_large_ = false;
  bool was_refused_ = false;
};

// Texts of all lengths that matter: none, short ones, those that are no longer small, those that stand in a blob.
std::string text(std::mt19937_64& random, int kinds) {
  const std::size_t sizes[] = {0, 1, 7, 8, 20, 64, 65, 256, 257, 1000};
  std::string text(sizes[random() % static_cast<unsigned>(kinds)], 'x');
  for (char& c : text) c = static_cast<char>("ab\0\xff"[random() % 4]);
  return text;
}

struct Run {
  std::uint64_t seed;
  SmallLimits limits;
};

class Drafts : public testing::TestWithParam<Run> {
 protected:
  std::mt19937_64 random{GetParam().seed};
  const int commands = static_cast<int>(support::count(3'000, 50'000));
  // Half of all commands have little memory.
  std::int64_t bytes() { return random() % 2 == 0 ? kPlenty : static_cast<std::int64_t>(random() % 4'000); }
  bool aside() { return random() % 3 == 0; }
  std::string name() { return random() % 4 == 0 ? text(random, 10) : "name:" + std::to_string(random() % 300); }
};

TEST_P(Drafts, HashesAreAsMaps) {
  Held<HashDraft> held(GetParam().limits);
  std::map<std::string, std::string> model;
  for (int n = 0; n < commands; ++n) {
    const std::string field = name();
    const std::string value = text(random, 10);
    const bool erases = random() % 100 < (n / 500 % 2 == 0 ? 20u : 70u);
    const bool known = model.contains(field);
    const Edited edited = held.run(
        bytes(), aside(), [&](HashDraft& draft) { return erases ? draft.erase(field) : draft.set(field, value); });
    if (edited != Edited::kNoMemory) {
      ASSERT_EQ(edited == Edited::kDone, known == erases);
      if (erases) model.erase(field);
      if (!erases) model[field] = value;
    }
    ASSERT_EQ(held.view().size(), model.size());
    ASSERT_EQ(held.view().find(held.hash(), field),
              model.contains(field) ? std::optional<std::string_view>(model[field]) : std::nullopt);
    if (n % 100 != 0) continue;
    std::map<std::string, std::string> seen;
    held.view().each([&](std::string_view one, std::string_view its_value) { seen.emplace(one, its_value); });
    ASSERT_EQ(seen, model);
  }
}

TEST_P(Drafts, SetsAreAsSets) {
  Held<SetDraft> held(GetParam().limits);
  std::set<std::string> model;
  for (int n = 0; n < commands; ++n) {
    const std::string member = name();
    const bool erases = random() % 100 < (n / 500 % 2 == 0 ? 20u : 70u);
    const bool known = model.contains(member);
    const Edited edited =
        held.run(bytes(), aside(), [&](SetDraft& draft) { return erases ? draft.erase(member) : draft.add(member); });
    if (edited != Edited::kNoMemory) {
      ASSERT_EQ(edited == Edited::kDone, known == erases);
      if (erases) model.erase(member);
      if (!erases) model.insert(member);
    }
    ASSERT_EQ(held.view().size(), model.size());
    ASSERT_EQ(held.view().contains(held.hash(), member), model.contains(member));
    if (n % 100 != 0) continue;
    std::set<std::string> seen;
    held.view().each([&](std::string_view one) { seen.emplace(one); });
    ASSERT_EQ(seen, model);
  }
}

TEST_P(Drafts, ListsAreAsVectors) {
  Held<ListDraft> held(GetParam().limits);
  std::vector<std::string> model;
  for (int n = 0; n < commands; ++n) {
    const std::string element = text(random, 10);
    const std::uint64_t kind = random() % 100;
    const bool erases = !model.empty() && kind < (n / 500 % 2 == 0 ? 20u : 60u);
    const bool sets = !erases && !model.empty() && kind > 80;
    const std::uint64_t ends[] = {0, model.size(), random() % (model.size() + 1)};
    std::uint64_t at = ends[random() % 3];
    if (erases || sets) at = std::min<std::uint64_t>(at, model.size() - 1);
    const std::uint64_t end = at + (random() % 20 == 0 ? 1 + random() % 50 : 1);
    // A range is erased in another version: it may be half done when memory ends.
    const Edited edited = held.run(bytes(), aside() || end - at > 1, [&](ListDraft& draft) {
      return erases ? draft.erase(at, end) : sets ? draft.set(at, element) : draft.insert(at, element);
    });
    if (edited != Edited::kNoMemory) {
      const auto place = model.begin() + static_cast<std::ptrdiff_t>(at);
      if (erases)
        model.erase(place, model.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(end, model.size())));
      if (sets) *place = element;
      if (!erases && !sets) model.insert(place, element);
    }
    ASSERT_EQ(held.view().size(), model.size());
    if (n % 50 != 0 || model.empty()) continue;
    const std::uint64_t first = random() % model.size();
    const std::uint64_t count = random() % (model.size() + 2);
    const bool backwards = random() % 2 == 0;
    std::vector<std::string> seen;
    held.view().range(first, count, backwards, [&](std::string_view one) {
      seen.emplace_back(one);
      return true;
    });
    std::vector<std::string> wanted(model);
    if (backwards) std::reverse(wanted.begin(), wanted.end());
    wanted.erase(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(first));
    if (wanted.size() > count) wanted.resize(count);
    ASSERT_EQ(seen, wanted);
    ASSERT_EQ(held.view().at(first), model[first]);
  }
}

class SortedModel {
 public:
  bool set(const std::string& member, double score) {
    const bool is_new = !scores_.contains(member);
    if (!is_new) order_.erase({scores_[member], member});
    scores_[member] = score;
    order_.insert({score, member});
    return is_new;
  }
  bool erase(const std::string& member) {
    if (!scores_.contains(member)) return false;
    order_.erase({scores_[member], member});
    scores_.erase(member);
    return true;
  }
  std::vector<std::pair<double, std::string>> all() const { return {order_.begin(), order_.end()}; }
  const std::map<std::string, double>& scores() const { return scores_; }

 private:
  std::map<std::string, double> scores_;
  std::set<std::pair<double, std::string>> order_;
};

void expect_same(const Held<SortedSetDraft>& held, const SortedModel& model, std::mt19937_64& random) {
  const auto all = model.all();
  ASSERT_EQ(held.view().size(), all.size());
  for (const bool backwards : {false, true}) {
    std::vector<std::pair<double, std::string>> seen;
    held.view().range(0, ~std::uint64_t{0}, backwards, [&](std::string_view member, double score) {
      seen.emplace_back(score, member);
      return true;
    });
    if (backwards) std::reverse(seen.begin(), seen.end());
    ASSERT_EQ(seen, all);
  }
  std::map<std::string, double> walked;
  std::uint64_t cursor = 0;
  do cursor = held.view().walk(cursor, [&](std::string_view member, double score) { walked.emplace(member, score); });
  while (cursor != 0);
  ASSERT_EQ(walked, model.scores());
  if (all.empty()) return;
  const std::size_t rank = random() % all.size();
  ASSERT_EQ(held.view().before(all[rank].first, all[rank].second), rank);
  const auto below =
      std::count_if(all.begin(), all.end(), [&](const auto& one) { return one.first < all[rank].first; });
  ASSERT_EQ(held.view().before(all[rank].first, ""), static_cast<std::uint64_t>(below));
}

TEST_P(Drafts, SortedSetsAreInOrder) {
  Held<SortedSetDraft> held(GetParam().limits);
  SortedModel model;
  for (int n = 0; n < commands; ++n) {
    const std::string member = name();
    const double score = random() % 3 == 0 ? 1.0 : static_cast<double>(random() % 100) / 4 - 10;
    const bool erases = random() % 100 < (n / 500 % 2 == 0 ? 20u : 70u);
    const bool known = model.scores().contains(member);
    const Edited edited = held.run(bytes(), aside(), [&](SortedSetDraft& draft) {
      return erases ? draft.erase(member) : draft.set(member, score);
    });
    if (edited != Edited::kNoMemory) {
      ASSERT_EQ(edited == Edited::kDone, known == erases);
      erases ? model.erase(member) : model.set(member, score);
    }
    const auto found = model.scores().find(member);
    ASSERT_EQ(held.view().score(held.hash(), member),
              found == model.scores().end() ? std::nullopt : std::optional(found->second));
    if (n % 100 != 0) continue;
    ASSERT_NO_FATAL_FAILURE(expect_same(held, model, random));
    const std::uint64_t from = random() % (model.scores().size() + 1);
    const std::uint64_t to = from + random() % 20;
    if (held.run(kPlenty, true, [&](SortedSetDraft& draft) { return draft.erase_range(from, to); }) == Edited::kDone) {
      const auto all = model.all();
      for (std::uint64_t i = from; i < std::min<std::uint64_t>(to, all.size()); ++i) model.erase(all[i].second);
    }
    ASSERT_NO_FATAL_FAILURE(expect_same(held, model, random));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Drafts,
                         testing::Values(Run{1, {128, 64}}, Run{2, {128, 64}}, Run{3, {4, 8}}, Run{4, {0, 0}},
                                         Run{5, {1000, 1000}}, Run{6, {16, 20}}));

// --- What others hold ----------------------------------------------------------------------------------------------------

TEST(DraftVersions, WhatAReaderHoldsStaysAsItWas) {
  Held<HashDraft> held({4, 8});
  for (int n = 0; n < 2'000; ++n) {
    held.run(kPlenty, false, [&](HashDraft& draft) { return draft.set("field:" + std::to_string(n), "before"); });
  }
  EXPECT_EQ(held.run(0, true, [](HashDraft& draft) { return draft.set("other", ""); }), Edited::kNoMemory);
  LargeHash* snapshot = held.large();
  snapshot->acquire();
  for (int n = 0; n < 4'000; n += 2) {
    held.run(kPlenty, true,
             [&](HashDraft& draft) { return draft.set("field:" + std::to_string(n), std::string(400, 'a')); });
    held.run(kPlenty, true, [&](HashDraft& draft) { return draft.erase("field:" + std::to_string(n + 1)); });
  }
  std::uint64_t fields = 0;
  HashView(*snapshot).each([&](std::string_view, std::string_view value) {
    ++fields;
    EXPECT_EQ(value, "before");
  });
  EXPECT_EQ(fields, 2'000u);
  snapshot->release();
  EXPECT_EQ(held.view().size(), 2'000u);
}

TEST(DraftVersions, AllMemoryComesBack) {
  memory::Account& account = *new memory::Account(Allocator::standard(), 1 << 24);
  const base::KeyHash hash(3);
  ASSERT_TRUE(account.bytes().lease(1 << 23));
  {
    PageMemory memory(account, 1 << 23);
    SetDraft draft({memory, hash, {4, 8}});
    for (std::size_t n = 0; n < 5'000; ++n)
      ASSERT_NE(draft.add(std::string(n % 300, 'm') + std::to_string(n)), Edited::kNoMemory);
    LargeSet* second = draft.large()->share(memory);
    SetDraft other({memory, hash, {4, 8}});
    other.begin(second);
    for (std::size_t n = 0; n < 5'000; n += 3)
      ASSERT_NE(other.erase(std::string(n % 300, 'm') + std::to_string(n)), Edited::kNoMemory);
    account.bytes().give_back(memory.left());
    draft.large()->release();
    second->release();
  }
  EXPECT_EQ(account.bytes().used(), 0);
  account.release();
}

}  // namespace
}  // namespace larder::collections
