// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The proof that no answer was older than it may be.
//
// An update is completed when the database has committed it and the cached copy has been invalidated. A read that
// begins after that must see it or something newer. So, per row, the ledger keeps the newest version whose update was
// completed; a reader takes that number *before* it asks, and the version in its answer must not be below it. An answer
// that is newer is fine: the read overlapped an update.
//
// Thread safety: any thread, any time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace demo {

class FreshnessLedger {
 public:
  explicit FreshnessLedger(std::size_t rows) : completed_(rows) {}

  // The oldest version that an answer to a read that begins now may have.
  std::uint32_t floor_of(std::uint32_t id) const { return completed_[id].load(std::memory_order_acquire); }

  // Call when the update that made `version` is completed. Updates of one row may come in any order: the newest counts.
  // The order of the atomic publishes it: who sees the number begins after the update.
  void complete(std::uint32_t id, std::uint32_t version) {
    std::uint32_t before = completed_[id].load(std::memory_order_relaxed);
    while (before < version && !completed_[id].compare_exchange_weak(before, version, std::memory_order_acq_rel)) {
    }
  }

 private:
  std::vector<std::atomic<std::uint32_t>> completed_;
};

}  // namespace demo
