// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What collections are made of: leaves, which have the items, and what leads to them. Pages are counted, so that
// versions of a collection share them. Who may write a page: whoever has the only reference to it, and to every page
// above it.
//
// A leaf is one block, as large as its items need:
//
//   header | keys, of one size | ends, 2 bytes each |  free  | items, the last first
//
// Item i ends `end(i)` bytes before the end of the block. So an item costs a key and two bytes, and items are read in
// sequence. Those above kItemBytesMax stand in a Blob; the leaf has its address.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "base/hold_work.h"
#include "memory/blob.h"

namespace larder::collections {

inline constexpr std::size_t kItemBytesMax = 256;

struct Page {
  std::atomic<std::uint32_t> references{1};
  std::uint16_t capacity = 0;  // of the block, in bytes
  std::uint16_t count = 0;     // items, or children
  std::uint16_t bytes = 0;     // of the items
  std::uint8_t level = 0;      // 0: a leaf
  bool has_blobs = false;      // there may be some

  // acquire: what readers did before they let go comes before what the writer does next.
  bool shared() const noexcept { return references.load(std::memory_order_acquire) != 1; }
  void acquire() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
  // Whether this was the last reference.
  bool let_go() noexcept { return references.fetch_sub(1, std::memory_order_acq_rel) == 1; }
};

// The sizes of blocks: four between two powers of two, as allocators have them.
constexpr std::size_t block_for(std::size_t bytes) noexcept {
  if (bytes <= 64) return 64;
  const std::size_t step = std::bit_floor(bytes - 1) / 4;
  return (bytes + step - 1) / step * step;
}

template <typename Key>
class Leaf : public Page {
 public:
  static constexpr std::size_t kKeyBytes = std::is_empty_v<Key> ? 0 : sizeof(Key);
  static constexpr std::size_t kSlotBytes = kKeyBytes + 2;
  static constexpr std::size_t kHeaderBytes = 12;
  static constexpr std::size_t kBytesMax = 0x7fff;

  static constexpr std::size_t bytes_for(std::size_t items, std::size_t item_bytes) noexcept {
    return kHeaderBytes + items * kSlotBytes + item_bytes;
  }
  std::size_t used() const noexcept { return bytes_for(count, bytes); }
  bool has_room(std::size_t item_bytes) const noexcept { return used() + kSlotBytes + item_bytes <= capacity; }

  const char* keys() const noexcept { return reinterpret_cast<const char*>(this) + kHeaderBytes; }
  Key key(unsigned i) const noexcept {
    Key key{};
    if constexpr (kKeyBytes != 0) std::memcpy(&key, keys() + i * kKeyBytes, kKeyBytes);
    return key;
  }
  std::size_t begin(unsigned i) const noexcept { return i == 0 ? 0 : end(i - 1); }
  std::size_t end(unsigned i) const noexcept { return end_word(i) & ~unsigned{kIsBlob}; }
  bool is_blob(unsigned i) const noexcept { return end_word(i) & kIsBlob; }
  // What stands in the leaf: the item, or the address of its blob.
  std::string_view stored(unsigned i) const noexcept {
    const std::size_t end = this->end(i);
    return {block_end() - end, end - begin(i)};
  }
  Blob* blob(unsigned i) const noexcept {
    Blob* blob;
    std::memcpy(&blob, stored(i).data(), sizeof blob);
    return blob;
  }
  std::string_view item(unsigned i) const noexcept { return is_blob(i) ? blob(i)->view() : stored(i); }
  // The bytes of the items [from, to), the last first. REQUIRES: there are some, and none is a blob.
  std::string_view stored(unsigned from, unsigned to) const noexcept {
    const std::size_t end = this->end(to - 1);
    return {block_end() - end, end - begin(from)};
  }

  // A place for an item, whose bytes are to be written. REQUIRES: has_room.
  char* insert(unsigned i, const Key& key, std::size_t item_bytes, bool is_blob) noexcept;
  // REQUIRES: the blob, if it is one, was released.
  void erase(unsigned i) noexcept { erase(i, i + 1); }
  // The same for those of [from, to).
  void erase(unsigned from, unsigned to) noexcept;
  // Another size for an item, whose bytes are to be written. REQUIRES: there is room.
  char* resize(unsigned i, std::size_t item_bytes, bool is_blob) noexcept;
  // The items [from, to) of another leaf, behind those that are here; their blobs are not counted. REQUIRES: room.
  void append(const Leaf& other, unsigned from, unsigned to) noexcept;
  // For those that were appended and live on in the other leaf, too.
  void acquire_blobs() const noexcept {
    if (!has_blobs) return;
    for (unsigned i = 0; i < count; ++i) {
      if (is_blob(i)) blob(i)->acquire();
    }
  }
  void release_blobs() noexcept {
    if (!has_blobs) return;
    for (unsigned i = 0; i < count; ++i) {
      if (is_blob(i)) blob(i)->release();
    }
  }

 private:
  static constexpr std::uint16_t kIsBlob = 0x8000;

  char* keys() noexcept { return reinterpret_cast<char*>(this) + kHeaderBytes; }
  char* ends() noexcept { return keys() + count * kKeyBytes; }
  const char* ends() const noexcept { return keys() + count * kKeyBytes; }
  char* block_end() noexcept { return reinterpret_cast<char*>(this) + capacity; }
  const char* block_end() const noexcept { return reinterpret_cast<const char*>(this) + capacity; }
  std::uint16_t end_word(unsigned i) const noexcept {
    std::uint16_t word;
    std::memcpy(&word, ends() + 2 * i, 2);
    return word;
  }
  void set_end(unsigned i, std::size_t end, bool is_blob) noexcept {
    const auto word = static_cast<std::uint16_t>(end | (is_blob ? kIsBlob : 0u));
    std::memcpy(ends() + 2 * i, &word, 2);
  }
  void shift_ends(unsigned from, std::ptrdiff_t by) noexcept {
    char* const all = ends();
    const unsigned n = count;
    for (unsigned i = from; i < n; ++i) {
      std::uint16_t word;
      std::memcpy(&word, all + 2 * i, 2);
      word = static_cast<std::uint16_t>(word + by);
      std::memcpy(all + 2 * i, &word, 2);
    }
  }
};

// What none of the items below a page is smaller than, as far as it is kept: two that are equal may have names that
// differ behind their prefixes.
template <typename Key, typename Prefix>
struct Separator {
  Key key;
  Prefix prefix;
};

// A page of a tree: children, with how many items are below each, and the separators that they begin by; the first
// child has none.
template <typename Key, typename Prefix>
struct Inner : Page {
  static constexpr bool kSeparates = !std::is_empty_v<Key>;
  static constexpr std::size_t kSeparatorBytes = kSeparates ? sizeof(Key) + sizeof(Prefix) : 0;
  static constexpr unsigned kFanout = (1024 - 16) / (sizeof(Page*) + 4 + kSeparatorBytes);

  // What a search needs stands together.
  Key keys[kSeparates ? kFanout : 1];
  Page* children[kFanout];
  std::uint32_t sizes[kFanout];
  Prefix prefixes[kSeparates ? kFanout : 1];

  bool full() const noexcept { return count == kFanout; }
  Separator<Key, Prefix> separator(unsigned i) const noexcept {
    if constexpr (!kSeparates) return {};
    return {keys[i], prefixes[i]};
  }
  void set_separator(unsigned i, const Separator<Key, Prefix>& separator) noexcept {
    if constexpr (!kSeparates) return;
    keys[i] = separator.key;
    prefixes[i] = separator.prefix;
  }
  void insert(unsigned i, Page* child, std::uint64_t size, const Separator<Key, Prefix>& separator) noexcept {
    move(i + 1, *this, i, count - i);
    children[i] = child;
    sizes[i] = static_cast<std::uint32_t>(size);
    set_separator(i, separator);
    ++count;
  }
  void erase(unsigned i) noexcept {
    move(i, *this, i + 1, count - i - 1u);
    --count;
  }
  // The children [from, to) of another page, behind those that are here.
  void append(const Inner& other, unsigned from, unsigned to) noexcept {
    move(count, other, from, to - from);
    count = static_cast<std::uint16_t>(count + to - from);
  }

 private:
  void move(unsigned to, const Inner& other, unsigned from, unsigned n) noexcept {
    std::memmove(children + to, other.children + from, n * sizeof *children);
    std::memmove(sizes + to, other.sizes + from, n * sizeof *sizes);
    if constexpr (!kSeparates) return;
    std::memmove(keys + to, other.keys + from, n * sizeof *keys);
    std::memmove(prefixes + to, other.prefixes + from, n * sizeof *prefixes);
  }
};

// --- Leaf ---------------------------------------------------------------------------------------------------------------

template <typename Key>
char* Leaf<Key>::insert(unsigned i, const Key& key, std::size_t item_bytes, bool is_blob) noexcept {
  const std::size_t n = count;
  char* const old_ends = ends();
  char* const top = block_end();
  const std::size_t start = begin(i);
  base::count_bytes(used() + item_bytes);
  std::memmove(top - bytes - item_bytes, top - bytes, bytes - start);
  std::memmove(old_ends + kKeyBytes + 2 * (i + 1), old_ends + 2 * i, 2 * (n - i));
  if constexpr (kKeyBytes != 0) {
    std::memmove(old_ends + kKeyBytes, old_ends, 2 * i);
    std::memmove(keys() + (i + 1) * kKeyBytes, keys() + i * kKeyBytes, (n - i) * kKeyBytes);
    std::memcpy(keys() + i * kKeyBytes, &key, kKeyBytes);
  }
  count = static_cast<std::uint16_t>(n + 1);
  bytes = static_cast<std::uint16_t>(bytes + item_bytes);
  set_end(i, start + item_bytes, is_blob);
  shift_ends(i + 1, static_cast<std::ptrdiff_t>(item_bytes));
  if (is_blob) has_blobs = true;
  return top - start - item_bytes;
}

template <typename Key>
void Leaf<Key>::erase(unsigned from, unsigned to) noexcept {
  const std::size_t n = count;
  const std::size_t gone = to - from;
  const std::size_t start = begin(from);
  const std::size_t item_bytes = begin(to) - start;
  char* const old_ends = ends();
  char* const top = block_end();
  base::count_bytes(used());
  shift_ends(to, -static_cast<std::ptrdiff_t>(item_bytes));
  std::memmove(top - bytes + item_bytes, top - bytes, bytes - start - item_bytes);
  if constexpr (kKeyBytes != 0) {
    std::memmove(keys() + from * kKeyBytes, keys() + to * kKeyBytes, (n - to) * kKeyBytes);
    std::memmove(old_ends - gone * kKeyBytes, old_ends, 2 * from);
  }
  std::memmove(old_ends - gone * kKeyBytes + 2 * from, old_ends + 2 * to, 2 * (n - to));
  count = static_cast<std::uint16_t>(n - gone);
  bytes = static_cast<std::uint16_t>(bytes - item_bytes);
}

template <typename Key>
char* Leaf<Key>::resize(unsigned i, std::size_t item_bytes, bool is_blob) noexcept {
  const std::size_t start = begin(i);
  const std::size_t old_end = end(i);
  const std::ptrdiff_t more = static_cast<std::ptrdiff_t>(start + item_bytes) - static_cast<std::ptrdiff_t>(old_end);
  char* const top = block_end();
  if (more != 0) {
    base::count_bytes(used() + item_bytes);
    std::memmove(top - (bytes + more), top - bytes, bytes - old_end);
    shift_ends(i + 1, more);
    bytes = static_cast<std::uint16_t>(bytes + more);
  }
  set_end(i, start + item_bytes, is_blob);
  if (is_blob) has_blobs = true;
  return top - start - item_bytes;
}

template <typename Key>
void Leaf<Key>::append(const Leaf& other, unsigned from, unsigned to) noexcept {
  if (from == to) return;
  const std::size_t start = other.begin(from);
  const std::size_t stop = other.end(to - 1);
  const unsigned n = count;
  const unsigned more = to - from;
  char* const top = block_end();
  base::count_bytes(stop - start);
  std::memcpy(top - bytes - (stop - start), other.block_end() - stop, stop - start);
  if constexpr (kKeyBytes != 0) {
    std::memmove(ends() + more * kKeyBytes, ends(), 2 * n);
    std::memcpy(keys() + n * kKeyBytes, other.keys() + from * kKeyBytes, more * kKeyBytes);
  }
  count = static_cast<std::uint16_t>(n + more);
  std::memcpy(ends() + 2 * n, other.ends() + 2 * from, 2 * more);
  shift_ends(n, static_cast<std::ptrdiff_t>(bytes) - static_cast<std::ptrdiff_t>(start));
  bytes = static_cast<std::uint16_t>(bytes + (stop - start));
  has_blobs |= other.has_blobs;
}

}  // namespace larder::collections
