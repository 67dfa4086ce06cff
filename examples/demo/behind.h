// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The third way to the database: everything goes through the cache, which reads from Larder's own SQLite store and
// writes behind it. And what the demo does to that store to see whether anything gets lost.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "access.h"
#include "larder/stores/sqlite_store.h"

namespace demo {

class FreshnessLedger;

// The SQLite store, as it is, but for what it is told to do wrong.
class DemoStore final : public larder::BackingStore {
 public:
  // Makes the table in a file of its own, with all rows in version 1. Throws DatabaseError.
  DemoStore(const std::filesystem::path& file, const Workload& workload, const Database::OnProgress& on_progress);

  larder::StoreCapabilities capabilities() const override { return store_->capabilities(); }
  larder::Lookup<larder::StoredValue> load(std::string_view key) override;
  larder::Status write(std::span<const larder::Mutation> batch, std::span<larder::WriteResult> results) override;

  // By this thread.
  static std::uint64_t loads();
  // While it fails, it writes nothing.
  void fail(bool on) { fails_ = on; }
  bool fails() const { return fails_; }
  // Forgets one write in fifty, and says that it is done: the comparison must find it.
  void lose_writes() { loses_ = true; }

 private:
  std::shared_ptr<larder::SqliteStore> store_;
  std::atomic<bool> fails_{false};
  bool loses_ = false;
  std::atomic<std::uint64_t> written_{0};
};

// The versions of rows, which the program numbers itself here: each update is one more than the last.
class Versions {
 public:
  explicit Versions(std::size_t rows) : last_(rows, 1) {}

  // Numbers an update and runs it, one at a time for each row.
  template <typename Update>
  std::uint32_t update(std::uint32_t id, Update&& run) {
    const std::lock_guard lock(locks_[id % locks_.size()]);
    run(last_[id] + 1);
    return ++last_[id];
  }
  // REQUIRES: no update runs.
  std::uint32_t last(std::uint32_t id) const { return last_[id]; }
  std::size_t rows() const { return last_.size(); }

 private:
  std::array<std::mutex, 256> locks_;
  std::vector<std::uint32_t> last_;
};

class BehindAccess final : public Access {
 public:
  BehindAccess(const Workload& workload, larder::Cache& cache, Versions& versions)
      : workload_(workload), cache_(cache), versions_(versions) {}

  larder::Lookup<std::string> read(std::uint32_t id) override {
    const std::uint64_t loads_before = DemoStore::loads();
    auto row = cache_.get(RowKey(id).view());
    database_reads_ += DemoStore::loads() - loads_before;
    return row;
  }
  std::uint32_t update(std::uint32_t id, std::uint64_t stamp) override;

 private:
  const Workload& workload_;
  larder::Cache& cache_;
  Versions& versions_;
};

// Whether the database has what was written.
struct Comparison {
  std::uint64_t rows = 0;
  std::uint64_t updated = 0;  // of those
  std::uint64_t lost = 0;     // older than the last update, or not whole
  std::vector<std::string> examples;
};
Comparison compare(DemoStore& store, const Workload& workload, const Versions& versions,
                   const std::function<void(std::uint64_t rows)>& on_progress);

}  // namespace demo
