// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Calls of a store as a test writes them.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <initializer_list>
#include <string>
#include <vector>

#include "larder/backing_store.h"

namespace larder::stores {

using Outcome = WriteResult::Outcome;

// As a cache gives them: no two are the same.
inline std::uint64_t next_sequence() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

inline Mutation put(std::string_view key, std::string_view bytes, std::uint64_t group = 0) {
  return {.key = key, .bytes = bytes, .sequence = next_sequence(), .group = group};
}

inline Mutation erase(std::string_view key, std::uint64_t expected_version) {
  return {
      .kind = Mutation::Kind::kErase, .key = key, .sequence = next_sequence(), .expected_version = expected_version};
}

inline std::vector<WriteResult> write(BackingStore& store, std::initializer_list<Mutation> batch) {
  std::vector<WriteResult> results(batch.size());
  EXPECT_TRUE(store.write({batch.begin(), batch.size()}, results).ok());
  for (const WriteResult& one : results) {
    EXPECT_NE(one.outcome, Outcome::kAsTheBatch);
    EXPECT_EQ(one.error.ok(), one.outcome == Outcome::kDone) << one.error.to_string();
  }
  return results;
}
inline WriteResult write_one(BackingStore& store, const Mutation& one) { return write(store, {one})[0]; }

// In their order: "done never".
inline std::string outcomes(const std::vector<WriteResult>& results) {
  constexpr const char* kNames[] = {"", "done", "retry", "never", "unknown"};
  std::string text;
  for (const WriteResult& one : results) {
    text += std::string(text.empty() ? "" : " ") + kNames[static_cast<std::size_t>(one.outcome)];
  }
  return text;
}

// The bytes; "(none)", or "(failed)".
inline std::string read(BackingStore& store, std::string_view key) {
  const Lookup<StoredValue> found = store.load(key);
  if (!found.status().ok()) return "(failed)";
  return found ? found->bytes : "(none)";
}

}  // namespace larder::stores
