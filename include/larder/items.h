// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Many items as one answer, in one block.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

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

// Items of bytes in one block, sixteen bytes an item beside its own: one allocation where their sizes are known before,
// a few otherwise.
//
//     for (std::string_view item : *cache.lrange("queue", 0, -1)) show(item);
//
// The views are valid as long as the list is, until it is changed or moved; what is to be sorted, or to stay, is
// copied: std::vector<std::string> own(items.begin(), items.end()). Thread safety: like std::vector.
class ItemList {
 public:
  using value_type = std::string_view;
  using const_iterator = ItemIterator<ItemList>;

  ItemList() = default;
  ItemList(std::initializer_list<std::string_view> all) {
    for (const std::string_view one : all) push_back(one);
  }
  ItemList(const ItemList& other)
      : capacity_(units_for(other.size_, other.bytes_)), bytes_(other.bytes_), size_(other.size_) {
    block_ = other.copy(capacity_);
  }
  ItemList(ItemList&& other) noexcept
      : block_(std::move(other.block_)),
        capacity_(std::exchange(other.capacity_, 0)),
        bytes_(std::exchange(other.bytes_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  ItemList& operator=(ItemList other) noexcept {
    block_ = std::move(other.block_);
    capacity_ = other.capacity_;
    bytes_ = other.bytes_;
    size_ = other.size_;
    return *this;
  }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  // REQUIRES: i < size(); for the first and the last: !empty(). Not checked.
  std::string_view operator[](std::size_t i) const noexcept { return {bytes() + place(i).at, place(i).size}; }
  std::string_view front() const noexcept { return (*this)[0]; }
  std::string_view back() const noexcept { return (*this)[size() - 1]; }
  const_iterator begin() const noexcept { return {this, 0}; }
  const_iterator end() const noexcept { return {this, size()}; }

  // For so many items of so many bytes, all in all.
  void reserve(std::size_t items, std::size_t bytes) {
    const std::size_t units = units_for(items, bytes);
    if (units > capacity_) grow(units);
  }
  // Amortised O(bytes). If it throws, nothing has changed. The bytes may not be the list's own.
  void push_back(std::string_view item) {
    append(item, 1, [&](std::size_t) { return Place{0, item.size()}; });
  }
  struct Place {
    std::size_t at;
    std::size_t size;
  };
  // Several that are parts of one block; place_of(i) says where the i-th of them stands in it.
  template <typename PlaceOf>
  void append(std::string_view block, std::size_t items, PlaceOf&& place_of) {
    make_room(items, block.size());
    if (!block.empty()) block.copy(bytes() + bytes_, block.size());
    for (std::size_t i = 0; i < items; ++i) {
      const Place in_block = place_of(i);
      place(size_ + i) = {bytes_ + in_block.at, in_block.size};
    }
    bytes_ += block.size();
    size_ += items;
  }
  void clear() noexcept { bytes_ = size_ = 0; }

  bool operator==(const ItemList& other) const noexcept {
    std::size_t same = 0;
    while (same < size() && same < other.size() && (*this)[same] == other[same]) ++same;
    return same == size() && same == other.size();
  }

 private:
  friend class FieldValues;

  // In units of one place.
  static std::size_t units_for(std::size_t items, std::size_t bytes) noexcept {
    return items + (bytes + sizeof(Place) - 1) / sizeof(Place);
  }
  char* bytes() const noexcept { return reinterpret_cast<char*>(block_.get()); }
  Place& place(std::size_t i) const noexcept { return block_[capacity_ - 1 - i]; }
  // For so many more.
  void make_room(std::size_t items, std::size_t bytes) {
    const std::size_t units = units_for(size_ + items, bytes_ + bytes);
    if (units > capacity_) grow(units > 2 * capacity_ ? units : 2 * capacity_);
  }
  void grow(std::size_t units) {
    block_ = copy(units);
    capacity_ = units;
  }
  std::unique_ptr<Place[]> copy(std::size_t units) const {
    std::unique_ptr<Place[]> block(units == 0 ? nullptr : new Place[units]);  // not set to anything
    if (bytes_ > 0) std::string_view(bytes(), bytes_).copy(reinterpret_cast<char*>(block.get()), bytes_);
    for (std::size_t i = 0; i < size_; ++i) block[units - 1 - i] = place(i);
    return block;
  }

  std::unique_ptr<Place[]> block_;  // bytes of items from its beginning, their places from its end
  std::size_t capacity_ = 0;        // units
  std::size_t bytes_ = 0;
  std::size_t size_ = 0;
};

// Fields with their values, all in one block as in an ItemList.
//
//     for (const auto [field, value] : *cache.hget_all("user:42")) show(field, value);
//
// The views are valid as long as this is, until it is changed or moved. Thread safety: like std::vector.
class FieldValues {
 public:
  using value_type = std::pair<std::string_view, std::string_view>;
  using const_iterator = ItemIterator<FieldValues>;

  FieldValues() = default;
  FieldValues(std::initializer_list<value_type> all) {
    for (const auto& [field, value] : all) push_back(field, value);
  }

  std::size_t size() const noexcept { return items_.size() / 2; }
  bool empty() const noexcept { return items_.empty(); }
  // REQUIRES: i < size(); for the first and the last: !empty(). Not checked.
  value_type operator[](std::size_t i) const noexcept { return {items_[2 * i], items_[2 * i + 1]}; }
  value_type front() const noexcept { return (*this)[0]; }
  value_type back() const noexcept { return (*this)[size() - 1]; }
  const_iterator begin() const noexcept { return {this, 0}; }
  const_iterator end() const noexcept { return {this, size()}; }

  // For so many fields, and so many bytes of them and their values, all in all.
  void reserve(std::size_t fields, std::size_t bytes) { items_.reserve(2 * fields, bytes); }
  // Amortised O(bytes). If it throws, nothing has changed. The bytes may not be its own.
  void push_back(std::string_view field, std::string_view value) {
    items_.make_room(2, field.size() + value.size());
    items_.push_back(field);
    items_.push_back(value);
  }
  void clear() noexcept { items_.clear(); }

  bool operator==(const FieldValues&) const = default;

 private:
  ItemList items_;  // field, value, field, value, ...
};

}  // namespace larder
