// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Larder as a subject: a cache with a clock that stands still, a counting allocator and a listener that remembers.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "larder/cache.h"
#include "model/subject.h"
#include "support/counting_allocator.h"

namespace larder::model {

// Runs commands on a cache. Keeps what a program would keep between calls: versions and handles.
class CacheDriver {
 public:
  explicit CacheDriver(Cache& cache) : cache_(cache) {}

  Answer run(const Command& command);
  // Empty, or which handle no longer shows what it showed.
  std::string check_handles() const;
  void let_all_go() { handles_.clear(); }

 private:
  Answer run_string_read(const Command& command);
  Answer run_string_write(const Command& command);
  Answer run_number(const Command& command);
  Answer run_bits(const Command& command);
  Answer run_key(const Command& command);
  Answer run_many_keys(const Command& command);
  Answer run_other(const Command& command);
  Answer get(const Command& command);
  Answer mget(const Command& command);
  Answer lcs(const Command& command);
  Answer bit_field(const Command& command);
  Answer get_versioned(const Command& command);
  Answer compare_and_set(const Command& command);
  Answer scan_all(const Command& command);
  Answer for_each();
  Answer hold(const Command& command);
  Answer let_go(const Command& command);

  struct Handle {
    Pinned pinned;
    std::string shown;
  };
  Cache& cache_;
  std::map<std::int64_t, std::pair<std::string, Version>> versions_;
  std::map<std::int64_t, Handle> handles_;
};

class LarderSubject final : public Subject {
 public:
  explicit LarderSubject(const RunSetup& setup);
  ~LarderSubject() override;

  Answer run(const Command& command) override;
  ScanStep scan_step(std::uint64_t cursor, std::uint32_t count) override;
  std::vector<Removal> take_removals() override { return std::exchange(removals_, {}); }
  Usage usage() override;
  void set_ceiling(std::uint64_t bytes) override { allocator_.set_ceiling(bytes); }
  std::string complaints() override;
  std::string finish() override;

  Cache& cache() { return *cache_; }
  ManualClock& clock() { return clock_; }

 private:
  ManualClock clock_;
  support::CountingAllocator allocator_;
  std::vector<Removal> removals_;
  std::unique_ptr<Cache> cache_;
  std::unique_ptr<CacheDriver> driver_;
};

std::unique_ptr<Subject> make_larder(const RunSetup& setup);

}  // namespace larder::model
