// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A backing store of one's own, tried by the conformance suite before it is put behind a cache. This one keeps its rows
// in a map, which stands for a database.
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "larder/cache.h"
#include "larder/store_conformance.h"

namespace {

struct Table {
  std::mutex mutex;
  std::map<std::string, larder::StoredValue, std::less<>> rows;
};

class OwnStore final : public larder::BackingStore {
 public:
  explicit OwnStore(std::shared_ptr<Table> table) : table_(std::move(table)) {}

  larder::Lookup<larder::StoredValue> load(std::string_view key) override {
    const std::lock_guard lock(table_->mutex);
    const auto row = table_->rows.find(key);
    if (row == table_->rows.end()) return {};
    return row->second;
  }

  larder::Status write(std::span<const larder::Mutation> batch, std::span<larder::WriteResult>) override {
    const std::lock_guard lock(table_->mutex);
    for (const larder::Mutation& one : batch) {
      if (one.is_put()) {
        table_->rows[std::string(one.key)] = {one.type, std::string(one.bytes), one.expires_at};
      } else {
        table_->rows.erase(std::string(one.key));
      }
    }
    return {};
  }

 private:
  std::shared_ptr<Table> table_;
};

}  // namespace

int main() {
  const auto table = std::make_shared<Table>();
  const auto open = [table] { return std::make_shared<OwnStore>(table); };
  const auto failures = larder::check_store({
      .open = open,
      .on_check = [](std::string_view check) { std::cerr << check << '\n'; },  // if it hangs, it is in the last one
  });
  for (const larder::ConformanceFailure& one : failures) std::cerr << one.to_string() << '\n';
  if (!failures.empty()) return 1;

  larder::Cache cache({.store = {.backing = open()}});
  if (!cache.set("user:42", "Ada").ok() || !cache.clear().ok()) return 1;
  std::cout << cache.get("user:42").value_or("?") << " comes from the store\n";
  return cache.get("user:42").value_or("") == "Ada" ? 0 : 1;
}
