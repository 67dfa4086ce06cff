// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Writing behind, and the comparison of the database with what was written.
#include "behind.h"

#include <algorithm>

#include "row.h"
#include "workload.h"

namespace demo {
namespace {

constexpr std::size_t kRowsABatch = 1'000;
constexpr std::size_t kExamplesMax = 3;
constexpr std::uint64_t kWritesALoss = 50;

thread_local std::uint64_t loads_of_this_thread = 0;

std::shared_ptr<larder::SqliteStore> open(const std::filesystem::path& file) {
  larder::SqliteStoreOptions options;
  options.path = file.string();
  options.synchronous = larder::SqliteStoreOptions::Synchronous::kNormal;  // as the database of the other runs
  auto store = larder::SqliteStore::open(options);
  if (!store) throw DatabaseError(store.status().to_string());
  return *store;
}

void fill(larder::BackingStore& store, const Workload& workload, const Database::OnProgress& on_progress) {
  std::vector<std::string> keys(kRowsABatch), values(kRowsABatch);
  std::vector<larder::Mutation> batch;
  std::string payload;
  for (std::uint32_t first = 0; first < workload.rows(); first += kRowsABatch) {
    batch.clear();
    const auto last = static_cast<std::uint32_t>(std::min<std::size_t>(first + kRowsABatch, workload.rows()));
    for (std::uint32_t id = first; id < last; ++id) {
      make_payload(id, mix(id), workload.payload_bytes(id), payload);
      keys[id - first] = RowKey(id).view();
      values[id - first] = make_value(1, payload);
      batch.push_back({.key = keys[id - first], .bytes = values[id - first], .sequence = id + std::uint64_t{1}});
    }
    std::vector<larder::WriteResult> results(batch.size());
    if (const larder::Status status = store.write(batch, results); !status.ok()) {
      throw DatabaseError("cannot fill the store: " + status.to_string());
    }
    if (!on_progress(last)) throw DatabaseError("interrupted while the store was filled");
  }
}

}  // namespace

DemoStore::DemoStore(const std::filesystem::path& file, const Workload& workload,
                     const Database::OnProgress& on_progress)
    : store_(open(file)) {
  fill(*store_, workload, on_progress);
}

larder::Lookup<larder::StoredValue> DemoStore::load(std::string_view key) {
  ++loads_of_this_thread;
  return store_->load(key);
}

std::uint64_t DemoStore::loads() { return loads_of_this_thread; }

larder::Status DemoStore::write(std::span<const larder::Mutation> batch, std::span<larder::WriteResult> results) {
  if (fails_) return {larder::ErrorCode::kStoreFailed, "the demo has it fail"};
  if (!loses_) return store_->write(batch, results);
  std::vector<larder::Mutation> kept;
  for (const larder::Mutation& one : batch) {
    if (++written_ % kWritesALoss != 0) kept.push_back(one);
  }
  std::vector<larder::WriteResult> answers(kept.size());
  return store_->write(kept, answers);
}

std::uint32_t BehindAccess::update(std::uint32_t id, std::uint64_t stamp) {
  std::string payload;
  make_payload(id, stamp, workload_.payload_bytes(id), payload);
  return versions_.update(id, [&](std::uint32_t version) {
    const auto stored = cache_.set(RowKey(id).view(), make_value(version, payload));
    if (!stored.ok())
      throw DatabaseError("cannot write row " + std::to_string(id) + ": " + stored.status().to_string());
  });
}

Comparison compare(DemoStore& store, const Workload& workload, const Versions& versions,
                   const std::function<void(std::uint64_t rows)>& on_progress) {
  Comparison comparison;
  for (std::uint32_t id = 0; id < versions.rows(); ++id) {
    const std::uint32_t expected = versions.last(id);
    ++comparison.rows;
    comparison.updated += expected > 1;
    const auto row = store.load(RowKey(id).view());
    const auto version = row ? version_of(row->bytes, id, workload.payload_bytes(id)) : std::nullopt;
    if (id % kRowsABatch == 0) on_progress(id);
    if (version.value_or(0) == expected) continue;  // versions begin with 1
    ++comparison.lost;
    if (comparison.examples.size() < kExamplesMax) {
      comparison.examples.push_back(
          "row " + std::to_string(id) + " is " +
          (version ? "version " + std::to_string(*version) : std::string("not whole, or not there")) +
          " in the database, and was written in version " + std::to_string(expected));
    }
  }
  return comparison;
}

}  // namespace demo
