// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands on sets: different members, under one key. Names and semantics are those of Redis 7.0.
// Reference: https://redis.io/commands/?group=set
//
//     cache.sadd("tags:42", {"blue", "round"});
//     if (cache.sis_member("tags:42", "blue").value_or(false)) paint();
//     auto both = cache.sinter({"tags:42", "tags:43"});
//
// A set that takes up to 1 KiB, and has no more members than Options::compact allows, is one block of packed bytes,
// searched from its beginning; a larger one is a table. What is O(1) here is O(bytes) in a packed one.
//
// Thread safety, errors: as in strings.h. Sets of any size are read, combined, copied and freed with no lock held; many
// members are added or removed under a latch of the key, for which other writers of that key wait. A key whose last
// member goes is deleted. Members have up to Options::value_bytes_max bytes (kValueTooLarge).
//
// With a store behind: as in strings.h. It gets the whole collection with each change (docs/stores.md).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "larder/function_ref.h"
#include "larder/items.h"
#include "larder/key_list.h"
#include "larder/keys.h"
#include "larder/status.h"

namespace larder {

// A set as it was at one instant, made in O(1), whatever its size: later edits are not in it. While it lives, an edit
// of the set copies the few pages that it touches. May outlive the cache, but not a custom Allocator. Thread safety:
// like std::string.
class SetSnapshot {
 public:
  SetSnapshot(SetSnapshot&&) noexcept;
  SetSnapshot& operator=(SetSnapshot&&) noexcept;
  ~SetSnapshot();

  std::uint64_t size() const noexcept;
  bool contains(std::string_view member) const noexcept;
  // Shows every member, in no particular order, until `visit` answers false, or throws. What it is shown is valid as
  // long as the snapshot.
  void for_each(FunctionRef<bool(std::string_view member)> visit) const;

 private:
  friend class Sets;
  struct Body;
  explicit SetSnapshot(std::unique_ptr<Body> body) noexcept;
  std::unique_ptr<Body> body_;
};

struct MemberPage {
  std::uint64_t cursor = 0;  // for the next call; 0: done
  ItemList members;
};

class Sets {
 public:
  // Is shown one member after another, with no lock held, until it answers false. What it is shown is valid meanwhile.
  // What it throws becomes kCallbackThrew.
  using VisitMember = FunctionRef<bool(std::string_view member)>;

  // --- Reading ----------------------------------------------------------------------------------------------------
  Result<std::uint64_t> scard(std::string_view key);  // how many members; 0: no such key
  Result<bool> sis_member(std::string_view key, std::string_view member);
  // In the order of the members that are asked for. O(their number).
  Result<std::vector<bool>> smis_member(std::string_view key, const KeyList& members);
  // Of one instant, in no particular order; nothing if there is no such key. O(size).
  Result<ItemList> smembers(std::string_view key);
  // The whole set without a copy of it; a miss if there is no such key.
  Lookup<SetSnapshot> ssnapshot(std::string_view key);
  // A member, each as likely as any other; a miss if there is no such key.
  Lookup<std::string> srand_member(std::string_view key);
  // That many different members, or all there are; -n: exactly n, drawn one by one; nothing if there is no such key.
  // O(n), or O(size) if n is more than a third of it. kOutOfRange for a count below -kDrawnMax.
  Result<ItemList> srand_members(std::string_view key, std::int64_t count);
  // The same without a copy, and for any count.
  Status srand_members(std::string_view key, std::int64_t count, VisitMember visit);
  // Some members, and where to go on; begin with 0. One that is there from the first call to the last is returned at
  // least once. O(count). kInvalidArgument for a count out of range.
  Result<MemberPage> sscan(std::string_view key, std::uint64_t cursor, const ScanOptions& options = {});

  // --- Reading several --------------------------------------------------------------------------------------------
  // Of up to 1,024 keys (kTooManyKeys), all as they were at one instant; a ReadView that looks reads one after the
  // other. A key that is not there is an empty set. In no particular order, each member once. kInvalidArgument if no
  // keys are given.

  // Members of all of them. O(size of the smallest * keys).
  Result<ItemList> sinter(const KeyList& keys);
  Status sinter(const KeyList& keys, VisitMember visit);
  // How many there are; it stops counting at `limit`. 0: it does not.
  Result<std::uint64_t> sinter_card(const KeyList& keys, std::uint64_t limit = 0);
  // Members of any of them. O(members of all).
  Result<ItemList> sunion(const KeyList& keys);
  Status sunion(const KeyList& keys, VisitMember visit);
  // Members of the first that are in none of the others. O(size of the first * keys) or O(members of all), whichever
  // is less.
  Result<ItemList> sdiff(const KeyList& keys);
  Status sdiff(const KeyList& keys, VisitMember visit);

  // --- Writing ----------------------------------------------------------------------------------------------------
  // Whether the member is new.
  Result<bool> sadd(std::string_view key, std::string_view member);
  // All of them, or none. How many are new. O(members). kInvalidArgument if none are given.
  Result<std::uint64_t> sadd(std::string_view key, const KeyList& members);
  Result<std::uint64_t> sadd(std::string_view key, std::initializer_list<std::string_view> members) {
    return sadd(key, KeyList(members));
  }
  // Whether it was a member, and is no more.
  Result<bool> srem(std::string_view key, std::string_view member);
  // How many of them. O(members).
  Result<std::uint64_t> srem(std::string_view key, const KeyList& members);
  Result<std::uint64_t> srem(std::string_view key, std::initializer_list<std::string_view> members) {
    return srem(key, KeyList(members));
  }
  // Removes a member, each as likely as any other; a miss if there is no such key.
  Lookup<std::string> spop(std::string_view key);
  // Up to so many, each as likely as any other; nothing if there is no such key. O(count), or O(size) if that is more
  // than a third of it. kOutOfRange above 2^63 - 1: a negative number.
  Result<ItemList> spop(std::string_view key, std::uint64_t count);

  // --- Writing one from others ------------------------------------------------------------------------------------
  // Moves a member to another set, which is made if there is none; false if it is no member. Atomic.
  Result<bool> smove(std::string_view from, std::string_view to, std::string_view member);
  // What sinter, sunion and sdiff would answer takes the place of whatever `to` holds, which may be one of `keys`. How
  // many members it has; of none `to` is deleted. Atomic: the work is done with no lock held, and again if one of the
  // keys was changed meanwhile. Up to 1,023 keys.
  Result<std::uint64_t> sinter_store(std::string_view to, const KeyList& keys);
  Result<std::uint64_t> sunion_store(std::string_view to, const KeyList& keys);
  Result<std::uint64_t> sdiff_store(std::string_view to, const KeyList& keys);

 protected:
  explicit Sets(keyspace::Keyspace* keyspace, bool looks = false) noexcept : keyspace_(keyspace), looks_(looks) {}
  ~Sets() = default;
  Sets(const Sets&) = delete;
  Sets& operator=(const Sets&) = delete;

 private:
  keyspace::Keyspace* keyspace_;
  bool looks_;  // what reads marks no use: see read_view.h
};

}  // namespace larder
