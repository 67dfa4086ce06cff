// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Many items as one answer.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace larder {

// As many items at most may be drawn one by one into one answer.
inline constexpr std::int64_t kDrawnMax = std::int64_t{1} << 27;

// Items of bytes, one after the other in one block: two allocations, however many there are, and eight bytes an item
// beside its own.
//
//     for (std::string_view item : *cache.lrange("queue", 0, -1)) show(item);
//
// The views are valid as long as the list is, until it is changed or moved. Thread safety: like std::vector.
class ItemList {
 public:
  class Iterator;
  using value_type = std::string_view;
  using const_iterator = Iterator;

  ItemList() = default;

  std::size_t size() const noexcept { return ends_.size(); }
  bool empty() const noexcept { return ends_.empty(); }
  // REQUIRES: i < size(), as below: there is one.
  std::string_view operator[](std::size_t i) const noexcept {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }
  std::string_view front() const noexcept { return (*this)[0]; }
  std::string_view back() const noexcept { return (*this)[size() - 1]; }
  Iterator begin() const noexcept;
  Iterator end() const noexcept;

  // For so many items of so many bytes, all in all.
  void reserve(std::size_t items, std::size_t bytes) {
    ends_.reserve(items);
    bytes_.reserve(bytes);
  }
  // Amortised O(bytes). If it throws, nothing has changed.
  void push_back(std::string_view item) {
    if (ends_.size() == ends_.capacity()) ends_.reserve(2 * ends_.size() + 8);
    bytes_.append(item);
    ends_.push_back(bytes_.size());  // which has its place
  }
  void clear() noexcept {
    bytes_.clear();
    ends_.clear();
  }

  bool operator==(const ItemList&) const = default;

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;  // of each item, in bytes_
};

// Random access; what it points at is a view, by value.
class ItemList::Iterator {
 public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = std::string_view;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = std::string_view;

  Iterator() = default;
  std::string_view operator*() const noexcept { return (*list_)[static_cast<std::size_t>(at_)]; }
  std::string_view operator[](difference_type n) const noexcept { return *(*this + n); }
  Iterator& operator++() noexcept { return *this += 1; }
  Iterator& operator--() noexcept { return *this -= 1; }
  Iterator operator++(int) noexcept {
    const Iterator before = *this;
    ++*this;
    return before;
  }
  Iterator operator--(int) noexcept {
    const Iterator before = *this;
    --*this;
    return before;
  }
  Iterator& operator+=(difference_type n) noexcept {
    at_ += n;
    return *this;
  }
  Iterator& operator-=(difference_type n) noexcept { return *this += -n; }
  friend Iterator operator+(Iterator a, difference_type n) noexcept { return a += n; }
  friend Iterator operator+(difference_type n, Iterator a) noexcept { return a += n; }
  friend Iterator operator-(Iterator a, difference_type n) noexcept { return a -= n; }
  friend difference_type operator-(const Iterator& a, const Iterator& b) noexcept { return a.at_ - b.at_; }
  friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.at_ == b.at_; }
  friend auto operator<=>(const Iterator& a, const Iterator& b) noexcept { return a.at_ <=> b.at_; }

 private:
  friend class ItemList;
  Iterator(const ItemList* list, std::size_t at) noexcept : list_(list), at_(static_cast<difference_type>(at)) {}

  const ItemList* list_ = nullptr;
  difference_type at_ = 0;
};

inline ItemList::Iterator ItemList::begin() const noexcept { return {this, 0}; }
inline ItemList::Iterator ItemList::end() const noexcept { return {this, size()}; }

}  // namespace larder
