// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What the function of Cache::atomically works with: the commands of the cache, on the keys that were declared.
//
//     cache.atomically({"acct:a", "acct:b"}, [](larder::Transaction& t) -> larder::Status {
//       if (t.decr_by("acct:a", 10).value_or(-1) < 0) return {larder::ErrorCode::kOutOfRange, "not enough"};
//       return t.incr_by("acct:b", 10).status();
//     });
#pragma once

#include <string_view>

#include "larder/commands.h"
#include "larder/fwd.h"

namespace larder {

// A key, and the version that it must still have: Keys::version, get_versioned.
struct Unchanged {
  std::string_view key;
  Version version;
};

// Every function sees what the ones before it have done, and nothing that others do. A key that was not declared:
// kUndeclaredKey. Memory is that of the cache, and is had before a value is changed. Thread safety: none; it is of use
// until the function returns.
class Transaction final : public Commands {
 private:
  friend class Cache;
  friend class ReadView;
  explicit Transaction(keyspace::Keyspace* own) noexcept : Commands(own), own_(own) {}
  keyspace::Keyspace* own_;
};

}  // namespace larder
