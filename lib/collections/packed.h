// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The small form of every collection: one run of bytes that fits into an entry.
//
//   2 bytes     how many items; the highest bit: kOutgrown
//   items       how long, in 7 bits a byte, the lowest first, the high bit says that there is more; then the bytes
//
// A member of a sorted set has its score before it, 8 bytes as they lie in memory, which its length counts.
//
// Finding something is a walk, which at this size costs less than anything that would spare it. Thread safety: none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/hold_work.h"

namespace larder::collections {

inline constexpr std::size_t kPackedBytesMax = 1024;

// Where an item stands, with its length before it, and its bytes.
struct PackedItem {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view bytes = {};
};

// Names in one collection tend to begin alike, and to end differently.
inline bool same_name(std::string_view one, std::string_view other) noexcept {
  return one.size() == other.size() && (one.empty() || (one.back() == other.back() && one == other));
}

class Packed {
 public:
  static constexpr std::size_t kHeaderBytes = 2;

  Packed() = default;  // with no items
  explicit Packed(std::string_view bytes) noexcept : bytes_(bytes) {}

  unsigned count() const noexcept { return header() & ~unsigned{kOutgrown}; }
  // Whether it once had more, or longer, items than Redis keeps in a compact form (OBJECT ENCODING).
  bool outgrown() const noexcept { return header() & kOutgrown; }

  // All there is, at most kPackedBytesMax.
  std::string_view bytes() const noexcept { return bytes_; }
  // The item behind another one, or the first. False: there is none.
  bool next(PackedItem* item) const noexcept {
    std::size_t at = item->end == 0 ? kHeaderBytes : item->end;
    if (at >= bytes_.size()) return false;
    item->begin = at;
    std::size_t length = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_[at++]);
      length |= std::size_t{byte & 0x7fu} << shift;
      if (byte < 0x80) break;
    }
    item->bytes = bytes_.substr(at, length);
    item->end = at + length;
    return true;
  }
  // REQUIRES: number < count().
  PackedItem item(unsigned number) const noexcept {
    PackedItem item;
    for (unsigned i = 0; i <= number; ++i) next(&item);
    return item;
  }
  // Calls visit(PackedItem) for the items of these numbers, in either direction, until it returns false.
  template <typename Visit>
  void range(unsigned first, unsigned count, bool backwards, Visit&& visit) const {
    std::array<std::uint16_t, kPackedBytesMax> ends;  // of those before each
    unsigned number = 0;
    PackedItem item;
    for (; number < first && next(&item); ++number) {
    }
    const unsigned wanted = first + count;
    for (std::size_t end = item.end; number < wanted && next(&item); end = item.end, ++number) {
      if (!backwards && !visit(item)) return;
      ends[number - first] = static_cast<std::uint16_t>(end);
    }
    while (backwards && number-- > first) {
      item.end = ends[number - first];
      next(&item);
      if (!visit(item)) return;
    }
  }

  static std::size_t bytes_for(std::size_t item_bytes) noexcept {
    return item_bytes + (item_bytes < 0x80 ? 1 : 2);  // up to 16 KiB
  }

 private:
  friend class PackedDraft;
  static constexpr std::uint16_t kOutgrown = 0x8000;

  std::uint16_t header() const noexcept {
    std::uint16_t header = 0;
    if (!bytes_.empty()) std::memcpy(&header, bytes_.data(), sizeof header);
    return header;
  }

  std::string_view bytes_;
};

// One that is being edited.
class PackedDraft {
 public:
  PackedDraft() noexcept { clear(); }
  void assign(std::string_view bytes) noexcept {
    base::count_bytes(bytes.size());
    size_ = bytes.size();
    std::memcpy(bytes_.data(), bytes.data(), bytes.size());
  }
  void clear() noexcept {
    size_ = Packed::kHeaderBytes;
    set_header(0);
  }

  Packed view() const noexcept { return Packed(bytes()); }
  std::string_view bytes() const noexcept { return {bytes_.data(), size_}; }
  unsigned count() const noexcept { return view().count(); }
  // Whether so many bytes, lengths and all, find room where one item goes.
  bool has_room(std::size_t bytes, const PackedItem& goes = {}) const noexcept {
    return size_ - (goes.end - goes.begin) + bytes <= kPackedBytesMax;
  }
  void set_outgrown() noexcept { set_header(static_cast<std::uint16_t>(view().header() | Packed::kOutgrown)); }

  // An item before the place (an item's begin; or the end), in two parts. REQUIRES: room. Returns the place behind it.
  std::size_t insert(std::size_t place, std::string_view first, std::string_view second = {}) noexcept {
    const std::size_t bytes = Packed::bytes_for(first.size() + second.size());
    write(resize(place, place, bytes), first, second);
    count(1);
    return place + bytes;
  }
  // One that takes the place of another. REQUIRES: room.
  void replace(const PackedItem& item, std::string_view bytes) noexcept {
    write(resize(item.begin, item.end, Packed::bytes_for(bytes.size())), bytes, {});
  }
  void erase(const PackedItem& item) noexcept { erase(item.begin, item.end, 1); }
  // All from the first to the last.
  void erase(const PackedItem& first, const PackedItem& last, int items) noexcept {
    erase(first.begin, last.end, items);
  }
  // The items [from, to). REQUIRES: from < to, and there are so many.
  void erase(unsigned from, unsigned to) noexcept {
    PackedItem item = view().item(from);
    const std::size_t begin = item.begin;
    for (unsigned i = from + 1; i < to; ++i) view().next(&item);
    erase(begin, item.end, static_cast<int>(to - from));
  }
  std::size_t end() const noexcept { return size_; }

 private:
  void erase(std::size_t begin, std::size_t end, int items) noexcept {
    resize(begin, end, 0);
    count(-items);
  }
  // So many bytes where those from `begin` to `end` were. Returns where they begin.
  char* resize(std::size_t begin, std::size_t end, std::size_t bytes) noexcept {
    char* const at = bytes_.data() + begin;
    if (const std::size_t gone = end - begin; gone != bytes) {
      std::memmove(at + bytes, at + gone, size_ - end);
      size_ = size_ - gone + bytes;
    }
    return at;
  }
  static void write(char* at, std::string_view first, std::string_view second) noexcept {
    const std::size_t length = first.size() + second.size();
    if (length < 0x80) {
      *at++ = static_cast<char>(length);
    } else {
      *at++ = static_cast<char>((length & 0x7f) | 0x80);
      *at++ = static_cast<char>(length >> 7);
    }
    if (!first.empty()) std::memcpy(at, first.data(), first.size());
    if (!second.empty()) std::memcpy(at + first.size(), second.data(), second.size());
  }
  void count(int items) noexcept { set_header(static_cast<std::uint16_t>(view().header() + items)); }
  void set_header(std::uint16_t header) noexcept { std::memcpy(bytes_.data(), &header, sizeof header); }

  std::size_t size_ = 0;
  std::array<char, kPackedBytesMax> bytes_;
};

}  // namespace larder::collections
