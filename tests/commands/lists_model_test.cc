// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Random edits of a list, against a vector; and versions, which must stay what they were.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "larder/lists.h"
#include "support/cache_fixture.h"
#include "support/depth.h"

namespace larder::commands {
namespace {

using Model = std::vector<std::string>;

class ListEdits {
 public:
  ListEdits(Cache& cache, std::uint64_t seed) : cache_(cache), random_(seed) {
    longest_ = seed % 3 == 0 ? 20 : seed % 3 == 1 ? 300 : 3'000;
  }

  void step() {
    switch (below(11)) {
      case 0:
      case 1: return push();
      case 2: return pop();
      case 3: return pop_several();
      case 4: return set();
      case 5: return insert();
      case 6: return remove_some();
      case 7: return below(4) == 0 ? remove_all() : find();
      case 8: return trim();
      case 9: return take_version();
      default: EXPECT_EQ(cache_.llen("l").value_or(~0u), model_.size());
    }
  }
  void compare() {
    const auto all = cache_.lrange("l", 0, -1);
    ASSERT_TRUE(all.ok());
    ASSERT_EQ(Model(all->begin(), all->end()), model_);
    ASSERT_EQ(cache_.exists("l").value_or(false), !model_.empty());
  }
  void compare_versions() {
    for (const auto& [version, was] : versions_) {
      Model seen;
      version.for_each([&](std::string_view one) {
        seen.emplace_back(one);
        return true;
      });
      ASSERT_EQ(seen, was);
    }
  }

 private:
  std::size_t below(std::size_t n) { return random_() % n; }
  std::string element() {
    switch (below(12)) {
      case 0: return "";
      case 1: return support::binary(below(300));
      case 2: return below(20) == 0 ? support::binary(17'000) : "y";
      default: return "e" + std::to_string(below(9));
    }
  }
  std::string one_that_is_there() { return model_.empty() || below(6) == 0 ? element() : model_[below(model_.size())]; }
  static Model::difference_type offset(std::size_t n) { return static_cast<Model::difference_type>(n); }

  void push() {
    Model more(1 + below(below(10) == 0 ? longest_ / 2 : 5));
    std::generate(more.begin(), more.end(), [&] { return element(); });
    const bool left = below(2) == 0;
    if (left) {
      model_.insert(model_.begin(), more.rbegin(), more.rend());
    } else {
      model_.insert(model_.end(), more.begin(), more.end());
    }
    EXPECT_EQ((left ? cache_.lpush("l", more) : cache_.rpush("l", more)).value_or(0), model_.size());
  }
  void pop() {
    const bool left = below(2) == 0;
    const auto popped = left ? cache_.lpop("l") : cache_.rpop("l");
    ASSERT_EQ(popped.missing(), model_.empty());
    if (model_.empty()) return;
    EXPECT_EQ(popped, left ? model_.front() : model_.back());
    model_.erase(left ? model_.begin() : model_.end() - 1);
  }
  void pop_several() {
    const bool left = below(2) == 0;
    const std::size_t count = below(80);
    const std::size_t gone = std::min(count, model_.size());
    const auto popped = left ? cache_.lpop("l", count) : cache_.rpop("l", count);
    ASSERT_EQ(popped.missing(), model_.empty());
    if (model_.empty()) return;
    const auto first = left ? model_.begin() : model_.end() - offset(gone);
    Model wanted(first, first + offset(gone));
    if (!left) std::reverse(wanted.begin(), wanted.end());
    EXPECT_EQ(Model(popped->begin(), popped->end()), wanted);
    model_.erase(first, first + offset(gone));
  }
  void set() {
    const std::size_t at = below(model_.size() + 1);
    const std::string value = element();
    const std::int64_t index = static_cast<std::int64_t>(at) - (below(2) == 0 ? 0 : std::ssize(model_) + 1);
    // -1 - size() is no index, and as many from behind is one less.
    const std::int64_t number = index < 0 ? index + std::ssize(model_) : index;
    const bool fits = number >= 0 && number < std::ssize(model_);
    EXPECT_EQ(cache_.lset("l", index, value).ok(), fits);
    if (fits) model_[static_cast<std::size_t>(number)] = value;
  }
  void insert() {
    const std::string pivot = one_that_is_there();
    const bool before = below(2) == 0;
    const auto found = std::find(model_.begin(), model_.end(), pivot);
    const std::int64_t size = model_.empty() ? 0 : found == model_.end() ? -1 : std::ssize(model_) + 1;
    const std::string value = element();
    if (found != model_.end()) model_.insert(before ? found : found + 1, value);
    EXPECT_EQ(*cache_.linsert("l", before ? ListPlace::kBefore : ListPlace::kAfter, pivot, value), size);
  }
  void remove_some() {
    const std::string gone = one_that_is_there();
    const auto most = static_cast<std::int64_t>(1 + below(3));
    const bool backwards = below(2) == 0;
    if (backwards) std::reverse(model_.begin(), model_.end());
    std::int64_t left = most;
    const auto erased = std::erase_if(model_, [&](const auto& one) { return one == gone && left > 0 && left-- > 0; });
    if (backwards) std::reverse(model_.begin(), model_.end());
    EXPECT_EQ(cache_.lrem("l", backwards ? -most : most, gone).value_or(9), erased);
  }
  void remove_all() {
    const std::string gone = one_that_is_there();
    EXPECT_EQ(cache_.lrem("l", 0, gone).value_or(9), std::erase(model_, gone));
  }
  void find() {
    const std::string wanted = one_that_is_there();
    std::vector<std::uint64_t> indices;
    for (std::size_t i = 0; i < model_.size(); ++i) {
      if (model_[i] == wanted) indices.push_back(i);
    }
    EXPECT_EQ(*cache_.lpos_all("l", wanted), indices);
    std::reverse(indices.begin(), indices.end());
    EXPECT_EQ(*cache_.lpos_all("l", wanted, 0, {.rank = -1}), indices);
  }
  void trim() {
    if (model_.size() < longest_ && below(6) != 0) return;
    const std::size_t from = below(4);
    const std::size_t to = longest_ / 2 + below(longest_ / 2);  // behind the last
    ASSERT_TRUE(cache_.ltrim("l", static_cast<std::int64_t>(from), static_cast<std::int64_t>(to) - 1).ok());
    if (to < model_.size()) model_.erase(model_.begin() + offset(to), model_.end());
    model_.erase(model_.begin(), model_.begin() + offset(std::min(from, model_.size())));
  }
  void take_version() {
    if (!model_.empty() && versions_.size() < 5) versions_.emplace_back(*cache_.lsnapshot("l"), model_);
    if (below(20) == 0) versions_.clear();
  }

  Cache& cache_;
  std::mt19937_64 random_;
  std::size_t longest_;
  Model model_;
  std::vector<std::pair<ListSnapshot, Model>> versions_;
};

class ListsModel : public support::CacheFixture {};

TEST_F(ListsModel, RandomEditsGiveWhatTheyShould) {
  const std::uint64_t first = support::seed(1);
  const std::uint64_t rounds = support::seed_is_given() ? 1 : support::count(15, 400);
  for (std::uint64_t seed = first; seed < first + rounds; ++seed) {
    SCOPED_TRACE(support::how_to_repeat(seed));
    ListEdits edits(cache_, seed);
    for (int step = 0; step < 600; ++step) {
      edits.step();
      if (step % 20 == 0) edits.compare();
      if (HasFailure()) return;
    }
    edits.compare();
    edits.compare_versions();
    ASSERT_EQ(cache_.check_invariants().to_string(), "ok");
    ASSERT_TRUE(cache_.del("l").ok());
  }
}

}  // namespace
}  // namespace larder::commands
