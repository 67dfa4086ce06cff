// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Several keys, and several keys with values, as one argument.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace larder {

// {"a", "b"}, or a range of whatever converts to std::string_view: std::vector<std::string>,
// std::set<std::string_view>, an array of const char*. Nothing is copied of a contiguous range of std::string_view; of
// another the views are, in one allocation. For arguments: it refers to the keys, and one with a name would outlive
// those that are made on the spot.
class KeyList {
 public:
  KeyList(std::initializer_list<std::string_view> keys) noexcept : keys_(keys.begin(), keys.size()) {}
  template <typename Range>
  requires requires(const Range& keys) {
    { *std::begin(keys) } -> std::convertible_to<std::string_view>;
    std::end(keys);
  }
  KeyList(const Range& keys) {
    using Key = decltype(*std::begin(keys));
    static_assert(std::is_reference_v<Key> || std::is_same_v<Key, std::string_view>,
                  "the keys of this range live for a moment only: collect them first");
    if constexpr (std::is_convertible_v<const Range&, std::span<const std::string_view>>) {
      keys_ = keys;
    } else {
      for (const auto& key : keys) collected_.emplace_back(key);
      keys_ = collected_;
    }
  }
  KeyList(const KeyList&) = delete;
  KeyList& operator=(const KeyList&) = delete;

  operator std::span<const std::string_view>() const noexcept { return keys_; }
  auto begin() const noexcept { return keys_.begin(); }
  auto end() const noexcept { return keys_.end(); }
  std::size_t size() const noexcept { return keys_.size(); }

 private:
  std::vector<std::string_view> collected_;
  std::span<const std::string_view> keys_;
};

struct KeyValue {
  std::string_view key;
  std::string_view value;
};

// {{"a", "1"}, {"b", "2"}}, or a range of KeyValue, of which nothing is copied, or of what has `first` and `second`,
// such as a std::map<std::string, std::string>: the views are collected, in one allocation or a few. For arguments, as
// above.
class PairList {
 public:
  PairList(std::initializer_list<KeyValue> pairs) noexcept : pairs_(pairs.begin(), pairs.size()) {}
  PairList(std::span<const KeyValue> pairs) noexcept : pairs_(pairs) {}
  template <typename Range>
  requires std::convertible_to<const Range&, std::span<const KeyValue>> PairList(const Range& pairs)
  noexcept : pairs_(pairs) {}
  template <typename Range>
  requires requires(const Range& pairs) {
    { std::begin(pairs)->first } -> std::convertible_to<std::string_view>;
    { std::begin(pairs)->second } -> std::convertible_to<std::string_view>;
    std::end(pairs);
  }
  PairList(const Range& pairs) {
    for (const auto& [key, value] : pairs) collected_.push_back({key, value});
    pairs_ = collected_;
  }
  PairList(const PairList&) = delete;
  PairList& operator=(const PairList&) = delete;

  operator std::span<const KeyValue>() const noexcept { return pairs_; }

 private:
  std::vector<KeyValue> collected_;
  std::span<const KeyValue> pairs_;
};

}  // namespace larder
