// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Several members with scores, as one argument.
#pragma once

#include <concepts>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

namespace larder {

struct MemberScore {
  std::string_view member;
  double score = 0;
};

// {{"ann", 42.0}, {"bob", 17.5}}, or a range of MemberScore, of which nothing is copied, or of what has `first` and
// `second`, such as a std::map<std::string, double>, or `member` and `score`, such as what zrange answers: the views
// are collected, in one allocation or a few. Refers to the bytes: they must outlive the call.
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
