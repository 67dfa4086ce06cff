// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What is resident, whatever its keys: to walk over it, and to drop it. A store behind the cache is neither asked nor
// told.
//
// Thread safety: every function may be called by any thread at any time. None blocks but for short locks. Each may
// answer kClosed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "larder/clock.h"
#include "larder/function_ref.h"
#include "larder/keys.h"
#include "larder/status.h"

namespace larder {

struct ScanPage {
  std::uint64_t cursor = 0;  // for the next call; 0: done
  std::vector<std::string> keys;
};

// An entry as for_each shows it.
struct EntryView {
  std::string_view key;
  ValueType type = ValueType::kNone;
  std::string_view value;  // of a string; empty for other types
  std::optional<Milliseconds> ttl;
};

class Contents {
 public:
  // A miss if there are none. Every key is about equally likely.
  Lookup<std::string> random_key();
  // Some keys, and where to go on; begin with 0. A key that is there from the first call to the last is returned at
  // least once, whatever comes and goes meanwhile; others may be. O(count). kInvalidArgument for a count out of range.
  Result<ScanPage> scan(std::uint64_t cursor, const ScanOptions& options = {});
  // Every key that matches. O(entries), in slices: not one instant's picture.
  Result<std::vector<std::string>> keys(std::string_view pattern = "*");
  // Shows every entry, in slices, with no lock held, until `visit` answers false. Entries that come or go meanwhile may
  // be shown or not. Marks no use. `visit` may call the cache.
  Status for_each(FunctionRef<bool(const EntryView&)> visit);
  // How many entries there are. O(shards), after giving back what has expired. DBSIZE.
  Result<std::uint64_t> dbsize();

  // Drops the cached copy, as del does, but is no write: a store behind the cache is not told. A load of this key that
  // is under way is not stored.
  Result<bool> invalidate(std::string_view key);
  // The same for each key that begins with `prefix`. O(entries), in slices; not atomic. Loads under way of such keys
  // are not stored.
  Result<std::uint64_t> invalidate_prefix(std::string_view prefix);
  // Drops everything, in slices; not atomic. FLUSHALL. Loads under way are not stored.
  Status clear();

 protected:
  explicit Contents(keyspace::Keyspace* keyspace) noexcept : keyspace_(keyspace) {}
  ~Contents() = default;
  Contents(const Contents&) = delete;
  Contents& operator=(const Contents&) = delete;

 private:
  keyspace::Keyspace* keyspace_;
};

}  // namespace larder
