// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What holds for every command that takes a key, run over a table of them.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

#include "larder/cache.h"
#include "support/counting_allocator.h"

namespace larder::commands {

// Runs a command on a key, and answers with the code of its status.
struct Call {
  const char* name;
  ErrorCode (*run)(Cache& cache, std::string_view key);
};

inline ErrorCode code_of(const Status& status) { return status.code(); }
template <typename T>
ErrorCode code_of(const Result<T>& result) {
  return result.status().code();
}
template <typename T>
ErrorCode code_of(const Lookup<T>& lookup) {
  return lookup.status().code();
}

// The longest key is one like any other; a byte more, and nothing is done.
inline void expect_key_limit(Cache& cache, std::span<const Call> calls) {
  const std::string longest(kKeyBytesMax, 'k');
  for (const Call& call : calls) {
    EXPECT_EQ(call.run(cache, longest), ErrorCode::kOk) << call.name;
    EXPECT_EQ(call.run(cache, ""), ErrorCode::kOk) << call.name;
    ASSERT_TRUE(cache.clear().ok());
    EXPECT_EQ(call.run(cache, longest + "k"), ErrorCode::kKeyTooLong) << call.name;
    EXPECT_EQ(cache.dbsize().value_or(1), 0u) << call.name;
  }
}

inline void expect_closed(Cache& cache, std::span<const Call> calls) {
  cache.set("k", "1");
  cache.close();
  for (const Call& call : calls) EXPECT_EQ(call.run(cache, "k"), ErrorCode::kClosed) << call.name;
}

// Where there is room for no further entry, a command that needs one is refused and leaves nothing. `full` has one
// entry, "full", and may have no other.
inline void expect_no_room(Cache& full, std::span<const Call> calls) {
  ASSERT_TRUE(full.set("full", "7").ok());
  for (const Call& call : calls) {
    const std::uint64_t refused = full.stats().refused_out_of_memory;
    EXPECT_EQ(call.run(full, "new"), ErrorCode::kOutOfMemory) << call.name;
    EXPECT_EQ(full.stats().refused_out_of_memory, refused + 1) << call.name;
    EXPECT_FALSE(*full.exists("new")) << call.name;
    EXPECT_EQ(full.peek("full").value_or(""), "7") << call.name;
  }
}

// The same where the allocator has no more memory, whatever the bounds allow.
inline void expect_no_memory(std::span<const Call> calls) {
  support::CountingAllocator allocator;
  {
    Cache cache({.shards = 1, .allocator = &allocator, .seed = 1});
    ASSERT_TRUE(cache.set("full", "7").ok());
    for (const Call& call : calls) {
      allocator.refuse(true);
      EXPECT_EQ(call.run(cache, "new"), ErrorCode::kOutOfMemory) << call.name;
      allocator.refuse(false);
      EXPECT_FALSE(*cache.exists("new")) << call.name;
      EXPECT_EQ(cache.peek("full").value_or(""), "7") << call.name;
      EXPECT_EQ(cache.check_invariants().to_string(), "ok") << call.name;
    }
  }
  EXPECT_EQ(allocator.complaints(true), "");
}

// For expect_no_room: a cache of one entry.
inline Options one_entry() {
  Options options;
  options.max_memory = 0;
  options.max_entries = 1;
  options.eviction = Eviction::none();
  return options;
}

}  // namespace larder::commands
