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

// Random access into a list; what it points at is made of views, by value.
template <typename List>
class ItemIterator {
 public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = typename List::value_type;
  using difference_type = std::ptrdiff_t;
  using reference = value_type;
  class pointer {
   public:
    const value_type* operator->() const noexcept { return &item_; }

   private:
    friend class ItemIterator;
    explicit pointer(const value_type& item) noexcept : item_(item) {}
    value_type item_;
  };

  ItemIterator() = default;
  value_type operator*() const noexcept { return (*list_)[static_cast<std::size_t>(at_)]; }
  pointer operator->() const noexcept { return pointer(**this); }
  value_type operator[](difference_type n) const noexcept { return *(*this + n); }
  ItemIterator& operator++() noexcept { return *this += 1; }
  ItemIterator& operator--() noexcept { return *this -= 1; }
  ItemIterator operator++(int) noexcept {
    const ItemIterator before = *this;
    ++*this;
    return before;
  }
  ItemIterator operator--(int) noexcept {
    const ItemIterator before = *this;
    --*this;
    return before;
  }
  ItemIterator& operator+=(difference_type n) noexcept {
    at_ += n;
    return *this;
  }
  ItemIterator& operator-=(difference_type n) noexcept { return *this += -n; }
  friend ItemIterator operator+(ItemIterator a, difference_type n) noexcept { return a += n; }
  friend ItemIterator operator+(difference_type n, ItemIterator a) noexcept { return a += n; }
  friend ItemIterator operator-(ItemIterator a, difference_type n) noexcept { return a -= n; }
  friend difference_type operator-(const ItemIterator& a, const ItemIterator& b) noexcept { return a.at_ - b.at_; }
  friend bool operator==(const ItemIterator& a, const ItemIterator& b) noexcept { return a.at_ == b.at_; }
  friend auto operator<=>(const ItemIterator& a, const ItemIterator& b) noexcept { return a.at_ <=> b.at_; }

 private:
  friend List;
  ItemIterator(const List* list, std::size_t at) noexcept : list_(list), at_(static_cast<difference_type>(at)) {}

  const List* list_ = nullptr;
  difference_type at_ = 0;
};

// Items of bytes in one block: two allocations, however many there are, and sixteen bytes an item beside its own.
//
//     for (std::string_view item : *cache.lrange("queue", 0, -1)) show(item);
//
// The views are valid as long as the list is, until it is changed or moved. Thread safety: like std::vector.
class ItemList {
 public:
  using value_type = std::string_view;
  using const_iterator = ItemIterator<ItemList>;

  ItemList() = default;

  std::size_t size() const noexcept { return places_.size(); }
  bool empty() const noexcept { return places_.empty(); }
  // REQUIRES: i < size(), as below: there is one.
  std::string_view operator[](std::size_t i) const noexcept { return {bytes_.data() + places_[i].at, places_[i].size}; }
  std::string_view front() const noexcept { return (*this)[0]; }
  std::string_view back() const noexcept { return (*this)[size() - 1]; }
  const_iterator begin() const noexcept { return {this, 0}; }
  const_iterator end() const noexcept { return {this, size()}; }

  // For so many items of so many bytes, all in all.
  void reserve(std::size_t items, std::size_t bytes) {
    places_.reserve(items);
    bytes_.reserve(bytes);
  }
  // Amortised O(bytes), as below. If it throws, nothing has changed.
  void push_back(std::string_view item) {
    append(item, 1, [&](std::size_t) { return Place{0, item.size()}; });
  }
  struct Place {
    std::size_t at = 0;
    std::size_t size = 0;
  };
  // Several that are parts of one block; place(i) says where the i-th of them stands in it.
  template <typename PlaceOf>
  void append(std::string_view block, std::size_t items, PlaceOf&& place) {
    const std::size_t old = places_.size();
    const std::size_t begin = bytes_.size();
    if (places_.capacity() - old < items) places_.reserve(2 * old + items + 8);
    bytes_.append(block);
    for (std::size_t i = 0; i < items; ++i) {
      const Place in_block = place(i);
      places_.push_back({begin + in_block.at, in_block.size});  // there is room
    }
  }
  void clear() noexcept {
    bytes_.clear();
    places_.clear();
  }

  bool operator==(const ItemList& other) const noexcept {
    std::size_t same = 0;
    while (same < size() && same < other.size() && (*this)[same] == other[same]) ++same;
    return same == size() && same == other.size();
  }

 private:
  std::string bytes_;
  std::vector<Place> places_;  // of each item, in bytes_
};

}  // namespace larder
