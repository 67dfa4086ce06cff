// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What the function of Cache::atomically works with: the commands of the cache, on the keys that were declared.
//
//     cache.atomically({"acct:a", "acct:b"}, [](larder::Transaction& t) -> larder::Status {
//       if (t.decr_by("acct:a", 10).value_or(-1) < 0) return {larder::ErrorCode::kOutOfRange, "not enough"};
//       return t.incr_by("acct:b", 10).status();
//     });
#pragma once

#include "larder/bits.h"
#include "larder/fwd.h"
#include "larder/hashes.h"
#include "larder/keys.h"
#include "larder/lists.h"
#include "larder/sets.h"
#include "larder/sorted_sets.h"
#include "larder/strings.h"

namespace larder {

// Every function sees what the ones before it have done, and nothing that others do. A key that was not declared:
// kUndeclaredKey. Memory is that of the cache, and is had before a value is changed. Thread safety: none; it is of use
// until the function returns.
class Transaction final : private Keys,
                          public Strings,
                          public Bits,
                          public Hashes,
                          public Lists,
                          public Sets,
                          public SortedSets {
 public:
  using Keys::copy;
  using Keys::del;
  using Keys::exists;
  using Keys::expire;
  using Keys::expire_at;
  using Keys::expire_time;
  using Keys::persist;
  using Keys::rename;
  using Keys::rename_nx;
  using Keys::ttl;
  using Keys::type;

 private:
  friend class Cache;
  explicit Transaction(keyspace::Keyspace* own) noexcept
      : Keys(own), Strings(own), Bits(own), Hashes(own), Lists(own), Sets(own), SortedSets(own) {}
};

}  // namespace larder
