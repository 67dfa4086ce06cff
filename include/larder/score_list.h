// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Several members with scores, as one argument, and as one answer.
#pragma once

#include <concepts>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "larder/items.h"

namespace larder {

struct MemberScore {
  std::string_view member;
  double score = 0;
  bool operator==(const MemberScore&) const = default;
};

// Members, all in one block as in an ItemList, with their scores.
//
//     for (const auto [member, score] : *cache.zrange("board", 0, 9, {.rev = true})) show(member, score);
//
// The views are valid as long as this is, until it is changed or moved. Thread safety: like std::vector.
class ScoredMembers {
 public:
  using value_type = MemberScore;
  using const_iterator = ItemIterator<ScoredMembers>;

  ScoredMembers() = default;
  ScoredMembers(std::initializer_list<MemberScore> all) {
    for (const MemberScore& one : all) push_back(one);
  }

  std::size_t size() const noexcept { return scores_.size(); }
  bool empty() const noexcept { return scores_.empty(); }
  // REQUIRES: i < size(); for the first and the last: !empty(). Not checked.
  MemberScore operator[](std::size_t i) const noexcept { return {members_[i], scores_[i]}; }
  MemberScore front() const noexcept { return (*this)[0]; }
  MemberScore back() const noexcept { return (*this)[size() - 1]; }
  const_iterator begin() const noexcept { return {this, 0}; }
  const_iterator end() const noexcept { return {this, size()}; }
  // Without their scores.
  const ItemList& members() const& noexcept { return members_; }
  ItemList members() && noexcept { return std::move(members_); }

  // For so many members of so many bytes, all in all.
  void reserve(std::size_t members, std::size_t bytes) {
    members_.reserve(members, bytes);
    scores_.reserve(members);
  }
  // Amortised O(bytes). If it throws, nothing has changed. The bytes may not be its own.
  void push_back(const MemberScore& one) {
    append(
        one.member, 1,
        [&](std::size_t) {
          return ItemList::Place{0, one.member.size()};
        },
        [&](std::size_t) { return one.score; });
  }
  // Several, as to an ItemList; score(i) is the score of the i-th of them.
  template <typename PlaceOf, typename ScoreOf>
  void append(std::string_view block, std::size_t members, PlaceOf&& place, ScoreOf&& score) {
    const std::size_t old = scores_.size();
    if (scores_.capacity() - old < members) scores_.reserve(2 * old + members + 8);
    members_.append(block, members, place);
    for (std::size_t i = 0; i < members; ++i) scores_.push_back(score(i));  // there is room
  }
  void clear() noexcept {
    members_.clear();
    scores_.clear();
  }

  bool operator==(const ScoredMembers&) const = default;

 private:
  ItemList members_;
  std::vector<double> scores_;
};

// {{"ann", 42.0}, {"bob", 17.5}}, or a range of MemberScore, of which nothing is copied, or of what has `first` and
// `second`, such as a std::map<std::string, double>, or `member` and `score`, such as what zrange answers: the views
// are collected, in one allocation or a few. For arguments: it refers to the bytes.
class ScoreList {
 public:
  ScoreList(std::initializer_list<MemberScore> members) noexcept : members_(members.begin(), members.size()) {}
  ScoreList(std::span<const MemberScore> members) noexcept : members_(members) {}
  template <typename Range>
  requires std::convertible_to<const Range&, std::span<const MemberScore>> ScoreList(const Range& members)
  noexcept : members_(members) {}
  template <typename Range>
  requires requires(const Range& members) {
    { std::begin(members)->first } -> std::convertible_to<std::string_view>;
    { std::begin(members)->second } -> std::convertible_to<double>;
    std::end(members);
  }
  ScoreList(const Range& members) {
    for (const auto& [member, score] : members) collected_.push_back({member, static_cast<double>(score)});
    members_ = collected_;
  }
  template <typename Range>
  requires(!std::convertible_to<const Range&, std::span<const MemberScore>> && requires(const Range& members) {
    { std::begin(members)->member } -> std::convertible_to<std::string_view>;
    { std::begin(members)->score } -> std::convertible_to<double>;
    std::end(members);
  }) ScoreList(const Range& members) {
    for (const auto& one : members) collected_.push_back({one.member, one.score});
    members_ = collected_;
  }
  ScoreList(const ScoreList&) = delete;
  ScoreList& operator=(const ScoreList&) = delete;

  operator std::span<const MemberScore>() const noexcept { return members_; }

 private:
  std::vector<MemberScore> collected_;
  std::span<const MemberScore> members_;
};

}  // namespace larder
