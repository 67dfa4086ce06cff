// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands on lists: elements in the order in which they were put, under one key. Names and semantics are those of
// Redis 7.0. Reference: https://redis.io/commands/?group=list
//
//     cache.rpush("jobs", {"resize 7", "mail 8"});
//     if (auto job = cache.lpop("jobs")) run(*job);
//
// Left is the beginning. Elements have indices: 0 is the first, 1 the next; -1 is the last, -2 the one before.
//
// A list that takes up to 1 KiB is one block of packed bytes, gone through from its beginning; a larger one is a tree,
// in which an element is found by its index, and put or erased there, in O(log size). What is O(log size) here is
// O(bytes) in a packed one.
//
// Thread safety, errors: as in strings.h. A list of any size is read, searched and freed with no lock held; where many
// elements are put, searched or erased by a write, other writers of the key wait for it. A key whose last element goes
// is deleted. Elements have up to Options::value_bytes_max bytes (kValueTooLarge).
//
// With a store behind: as in strings.h. It gets the whole collection with each change (docs/stores.md).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "larder/blocking.h"
#include "larder/function_ref.h"
#include "larder/items.h"
#include "larder/key_list.h"
#include "larder/keys.h"
#include "larder/status.h"

namespace larder {

// A list as it was at one instant, made in O(1), whatever its size: later edits are not in it. While it lives, an edit
// of the list copies the few pages that it touches. May outlive the cache, but not a custom Allocator.
// Thread safety: like std::string.
class ListSnapshot {
 public:
  ListSnapshot(ListSnapshot&&) noexcept;
  ListSnapshot& operator=(ListSnapshot&&) noexcept;
  ~ListSnapshot();

  std::uint64_t size() const noexcept;
  // The element of this index; valid as long as the snapshot. O(log size).
  std::optional<std::string_view> get(std::int64_t index) const noexcept;
  // Shows every element, from the first on, until `visit` answers false, or throws.
  void for_each(FunctionRef<bool(std::string_view element)> visit) const;
  // The same from one index to another, both included; what is beyond an end is left out. O(log size), and what it
  // shows.
  void for_each(std::int64_t first, std::int64_t last, FunctionRef<bool(std::string_view element)> visit) const;
  // How many that would show.
  std::uint64_t count(std::int64_t first, std::int64_t last) const noexcept;

 private:
  friend class Lists;
  struct Body;
  explicit ListSnapshot(std::unique_ptr<Body> body) noexcept;
  std::unique_ptr<Body> body_;
};

// How LPOS searches.
struct LposOptions {
  // Which of the elements that are equal is the first to be answered: 1 is the first, 2 the second; -1 is the last, and
  // the search goes backwards then. kInvalidArgument for 0, kOutOfRange for the smallest number.
  std::int64_t rank = 1;
  // So many elements are looked at, at most; 0: all.
  std::uint64_t compared_max = 0;
};

enum class ListPlace : std::uint8_t { kBefore, kAfter };
enum class ListEnd : std::uint8_t { kLeft, kRight };

// What LMPOP has removed, and from which of the keys.
struct PoppedElements {
  std::string key;
  ItemList elements;
};
struct PoppedElement {
  std::string key;
  std::string element;
};

class Lists {
 public:
  // --- Reading ----------------------------------------------------------------------------------------------------
  Result<std::uint64_t> llen(std::string_view key);  // 0: no such key
  // A copy of the element of this index; a miss if there is none. O(log size).
  Lookup<std::string> lindex(std::string_view key, std::int64_t index);
  // Copies of the elements from one index to another, both included, of one instant; what is beyond an end is left out,
  // and of no such key there is nothing.
  // O(log size), and what it answers.
  Result<ItemList> lrange(std::string_view key, std::int64_t first, std::int64_t last);
  // The index, from the beginning, of an element that equals this one; a miss if there is none. O(size).
  Lookup<std::uint64_t> lpos(std::string_view key, std::string_view element, const LposOptions& options = {});
  // Of so many of them, at most, in the order in which they were found; 0: all.
  Result<std::vector<std::uint64_t>> lpos_all(std::string_view key, std::string_view element, std::uint64_t count = 0,
                                              const LposOptions& options = {});
  // The whole list without a copy of it; a miss if there is no such key.
  Lookup<ListSnapshot> lsnapshot(std::string_view key);

  // --- Writing ----------------------------------------------------------------------------------------------------
  // One after the other, before the first element, so that the last of them is the first then, or behind the last
  // element. All of them, or none. The size after it. O(elements * log size). kInvalidArgument if none are given.
  Result<std::uint64_t> lpush(std::string_view key, const KeyList& elements);
  Result<std::uint64_t> rpush(std::string_view key, const KeyList& elements);
  Result<std::uint64_t> lpush(std::string_view key, std::string_view element);
  Result<std::uint64_t> rpush(std::string_view key, std::string_view element);
  // The same, if there is such a list; otherwise nothing is done: 0.
  Result<std::uint64_t> lpush_x(std::string_view key, const KeyList& elements);
  Result<std::uint64_t> rpush_x(std::string_view key, const KeyList& elements);
  Result<std::uint64_t> lpush_x(std::string_view key, std::string_view element);
  Result<std::uint64_t> rpush_x(std::string_view key, std::string_view element);

  // The first element, or the last, which is removed; a miss if there is no such key. O(log size).
  Lookup<std::string> lpop(std::string_view key);
  Lookup<std::string> rpop(std::string_view key);
  // So many of them, or all there are, in the order in which they are removed; a miss if there is no such key, none if
  // there is one, and the count is 0. O(count + log size). kOutOfRange above 2^63 - 1: a negative number.
  Lookup<ItemList> lpop(std::string_view key, std::uint64_t count);
  Lookup<ItemList> rpop(std::string_view key, std::uint64_t count);

  // Another element in the place of one. kNoSuchKey; kOutOfRange if there is no such index. O(log size).
  Status lset(std::string_view key, std::int64_t index, std::string_view element);
  // Before the first element that equals `pivot`, or behind it. The size after it; -1: there is no such element; 0: no
  // such key. O(size).
  Result<std::int64_t> linsert(std::string_view key, ListPlace place, std::string_view pivot, std::string_view element);
  // Removes elements that equal this one: the first `count` of them; the last, if it is negative; all, if it is 0. How
  // many. O(size).
  Result<std::uint64_t> lrem(std::string_view key, std::int64_t count, std::string_view element);
  // Removes all elements but those from one index to another, both included. O(log size), and what it removes.
  Status ltrim(std::string_view key, std::int64_t first, std::int64_t last);

  // Moves an element from one end of a list to an end of another, which is made if there is none, or of the same. The
  // element; a miss if there is no such list. Atomic. O(log size). RPOPLPUSH is from kRight to kLeft.
  Lookup<std::string> lmove(std::string_view from, std::string_view to, ListEnd from_end, ListEnd to_end);
  // Removes up to so many elements from the first of these lists that is there; a miss if none is. Atomic. At most
  // 1,024 keys. kInvalidArgument for a count of 0, or no keys; kOutOfRange above 2^63 - 1.
  Lookup<PoppedElements> lmpop(const KeyList& keys, ListEnd end, std::uint64_t count = 1);

  // The same, of a list that is there now, or as soon as there is one: see blocking.h.
  Lookup<PoppedElement> blpop(const KeyList& keys, const BlockOptions& options = {});
  Lookup<PoppedElement> blpop(std::initializer_list<std::string_view> keys, const BlockOptions& options = {}) {
    return blpop(KeyList(keys), options);
  }
  Lookup<PoppedElement> blpop(std::string_view key, const BlockOptions& options = {}) { return blpop({key}, options); }
  Lookup<PoppedElement> brpop(const KeyList& keys, const BlockOptions& options = {});
  Lookup<PoppedElement> brpop(std::initializer_list<std::string_view> keys, const BlockOptions& options = {}) {
    return brpop(KeyList(keys), options);
  }
  Lookup<PoppedElement> brpop(std::string_view key, const BlockOptions& options = {}) { return brpop({key}, options); }
  Lookup<std::string> blmove(std::string_view from, std::string_view to, ListEnd from_end, ListEnd to_end,
                             const BlockOptions& options = {});
  Lookup<PoppedElements> blmpop(const KeyList& keys, ListEnd end, std::uint64_t count = 1,
                                const BlockOptions& options = {});

  Result<std::uint64_t> lpush(std::string_view key, std::initializer_list<std::string_view> elements) {
    return lpush(key, KeyList(elements));
  }
  Result<std::uint64_t> rpush(std::string_view key, std::initializer_list<std::string_view> elements) {
    return rpush(key, KeyList(elements));
  }
  Result<std::uint64_t> lpush_x(std::string_view key, std::initializer_list<std::string_view> elements) {
    return lpush_x(key, KeyList(elements));
  }
  Result<std::uint64_t> rpush_x(std::string_view key, std::initializer_list<std::string_view> elements) {
    return rpush_x(key, KeyList(elements));
  }

 protected:
  explicit Lists(keyspace::Keyspace* keyspace, bool looks = false) noexcept : keyspace_(keyspace), looks_(looks) {}
  ~Lists() = default;
  Lists(const Lists&) = delete;
  Lists& operator=(const Lists&) = delete;

 private:
  keyspace::Keyspace* keyspace_;
  bool looks_;  // what reads marks no use: see read_view.h
};

}  // namespace larder
