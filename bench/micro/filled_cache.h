// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A cache with entries in it and keys to ask it for, for suites of Google Benchmark. Keys come in a random order that
// is longer than a processor's caches remember.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bench/workload/keys.h"
#include "larder/cache.h"

namespace larder::bench {

struct FilledSetup {
  std::uint64_t entries = 0;
  std::size_t value_bytes = 32;
  std::string value = {};  // empty: value_bytes of text
  std::string policy = "adaptive";
  bool at_bound = false;  // max_entries is `entries`
  bool size_advice = false;
  std::uint32_t hot_keys = 0;
  bool policy_advice = false;
  bool with_ttl = false;
  StoreOptions store = {};
};

class FilledCache {
 public:
  explicit FilledCache(const FilledSetup& setup);

  Cache cache;
  const std::string value;
  // In turns, for ever.
  std::string_view next_key() { return next_of(present_, present_at_); }
  std::string_view next_missing_key() { return next_of(missing_, missing_at_); }
  KeySpan next_keys(std::size_t count) { return present_.take(count); }
  // One never used before, written to a buffer: some ten nanoseconds.
  std::string_view fresh_key() {
    write_key(fresh_id_++, fresh_);
    return {fresh_, kKeyBytes};
  }
  SetOptions set_options;

 private:
  static std::string_view next_of(const KeySequence& sequence, std::size_t& at) {
    if (at == sequence.size()) at = 0;
    return sequence.all()[at++];
  }

  KeySequence present_;
  KeySequence missing_;
  std::size_t present_at_ = 0;
  std::size_t missing_at_ = 0;
  std::uint64_t fresh_id_ = std::uint64_t{1} << 40;
  char fresh_[kKeyBytes] = {};
};

}  // namespace larder::bench
