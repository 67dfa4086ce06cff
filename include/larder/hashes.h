// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands on hashes: fields with values, under one key. Names and semantics are those of Redis 7.0.
// Reference: https://redis.io/commands/?group=hash
//
//     cache.hset("user:42", {{"name", "Ada"}, {"mail", "ada@example.org"}});
//     if (auto name = cache.hget("user:42", "name")) greet(*name);
//
// A hash that takes up to 1 KiB, and no more than Options::compact allows, is one block of packed bytes, searched from
// its beginning; a larger one is a table. What is O(1) here is O(bytes) in a packed one.
//
// Thread safety, errors: as in strings.h. A hash of any size is read, copied and freed with no lock held; many fields
// are written under a latch of the key, for which other writers of that key wait. A key whose last field goes is
// deleted. Fields and values have up to Options::value_bytes_max bytes (kValueTooLarge).
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

#include "larder/function_ref.h"
#include "larder/items.h"
#include "larder/key_list.h"
#include "larder/keys.h"
#include "larder/status.h"

namespace larder {

// A hash as it was at one instant, made in O(1), whatever its size: later edits are not in it. While it lives, an edit
// of the hash copies the few pages that it touches. May outlive the cache, but not a custom Allocator.
// Thread safety: like std::string.
class HashSnapshot {
 public:
  HashSnapshot(HashSnapshot&&) noexcept;
  HashSnapshot& operator=(HashSnapshot&&) noexcept;
  ~HashSnapshot();

  std::uint64_t size() const noexcept;
  // The value of a field; valid as long as the snapshot.
  std::optional<std::string_view> get(std::string_view field) const noexcept;
  // Shows every field, in no particular order, until `visit` answers false, or throws.
  void for_each(FunctionRef<bool(std::string_view field, std::string_view value)> visit) const;

 private:
  friend class Hashes;
  struct Body;
  explicit HashSnapshot(std::unique_ptr<Body> body) noexcept;
  std::unique_ptr<Body> body_;
};

struct FieldPage {
  std::uint64_t cursor = 0;  // for the next call; 0: done
  FieldValues fields;
};

class Hashes {
 public:
  // --- Reading ----------------------------------------------------------------------------------------------------
  // A copy of the field's value; a miss if there is no such field, or key.
  Lookup<std::string> hget(std::string_view key, std::string_view field);
  // In the order of the fields. O(fields).
  Result<std::vector<std::optional<std::string>>> hmget(std::string_view key, const KeyList& fields);
  Result<bool> hexists(std::string_view key, std::string_view field);
  Result<std::uint64_t> hlen(std::string_view key);                             // 0: no such key
  Result<std::uint64_t> hstrlen(std::string_view key, std::string_view field);  // 0: no such field
  // Of one instant; nothing if there is no such key. O(size).
  Result<FieldValues> hget_all(std::string_view key);
  Result<ItemList> hkeys(std::string_view key);
  Result<ItemList> hvals(std::string_view key);
  // The whole hash without a copy of it; a miss if there is no such key.
  Lookup<HashSnapshot> hsnapshot(std::string_view key);
  // A field, each as likely as any other; a miss if there is no such key.
  Lookup<std::string> hrand_field(std::string_view key);
  // That many different fields, or all there are, with their values; -n: exactly n, drawn one by one; nothing if there
  // is no such key. O(n), or O(size) if n is more than a third of it. kOutOfRange for a count below -kDrawnMax.
  Result<FieldValues> hrand_fields(std::string_view key, std::int64_t count);
  // The same without a copy, and for any count: shown with no lock held, until `visit` answers false. What it throws
  // becomes kCallbackThrew.
  Status hrand_fields(std::string_view key, std::int64_t count,
                      FunctionRef<bool(std::string_view field, std::string_view value)> visit);
  // Some fields, and where to go on; begin with 0. One that is there from the first call to the last is returned at
  // least once. O(count). kInvalidArgument for a count out of range.
  Result<FieldPage> hscan(std::string_view key, std::uint64_t cursor, const ScanOptions& options = {});

  // --- Writing ----------------------------------------------------------------------------------------------------
  // Whether the field is new.
  Result<bool> hset(std::string_view key, std::string_view field, std::string_view value);
  // All of them, or none. How many are new. O(fields). kInvalidArgument if none are given.
  Result<std::uint64_t> hset(std::string_view key, const PairList& fields);
  // Only if there is no such field. Whether it was set.
  Result<bool> hset_nx(std::string_view key, std::string_view field, std::string_view value);
  // How many of them were there and are no more.
  Result<std::uint64_t> hdel(std::string_view key, const KeyList& fields);
  Result<std::uint64_t> hdel(std::string_view key, std::initializer_list<std::string_view> fields) {
    return hdel(key, KeyList(fields));
  }
  Result<bool> hdel(std::string_view key, std::string_view field);
  // The value is a decimal number, and no field counts as 0. The number after it. kNotAnInteger, kOverflow.
  Result<std::int64_t> hincr_by(std::string_view key, std::string_view field, std::int64_t by);
  // In long double; answers the text that is now the value. kNotAFloat; kOverflow for infinity.
  Result<std::string> hincr_by_float(std::string_view key, std::string_view field, long double by);

 protected:
  explicit Hashes(keyspace::Keyspace* keyspace, bool looks = false) noexcept : keyspace_(keyspace), looks_(looks) {}
  ~Hashes() = default;
  Hashes(const Hashes&) = delete;
  Hashes& operator=(const Hashes&) = delete;

 private:
  keyspace::Keyspace* keyspace_;
  bool looks_;  // what reads marks no use: see read_view.h
};

}  // namespace larder
