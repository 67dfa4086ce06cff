// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A store behind the cache: what is missing is read from it, and what is written is in the store before the cache shows
// it. Here the store is a map that fails when it is told to.
#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>

#include "larder/cache.h"

namespace {

class Accounts final : public larder::BackingStore {
 public:
  larder::Lookup<larder::StoredValue> load(std::string_view key) override {
    const std::lock_guard lock(mutex_);
    const auto row = rows_.find(key);
    if (row == rows_.end()) return {};
    return row->second;
  }

  larder::Status write(std::span<const larder::Mutation> batch, std::span<larder::WriteResult> results) override {
    if (broken) {  // certainly not written. An error instead would say that nobody knows
      for (larder::WriteResult& result : results) result = larder::WriteResult::retry("no connection");
      return {};
    }
    const std::lock_guard lock(mutex_);
    for (const larder::Mutation& one : batch) {
      if (one.is_put()) {
        rows_[std::string(one.key)] = {one.type, std::string(one.bytes), one.expires_at};
      } else {
        rows_.erase(std::string(one.key));
      }
    }
    return {};
  }

  std::string row(std::string_view key) {
    const std::lock_guard lock(mutex_);
    const auto found = rows_.find(key);
    return found == rows_.end() ? "(none)" : found->second.bytes;
  }

  std::atomic<bool> broken{false};

 private:
  std::mutex mutex_;
  std::map<std::string, larder::StoredValue, std::less<>> rows_ = {{"balance:ada", {.bytes = "100"}}};
};

int wrong = 0;
void expect(bool holds, const char* what) {
  std::printf("%-60s %s\n", what, holds ? "yes" : "NO");
  wrong += !holds;
}

}  // namespace

int main() {
  auto accounts = std::make_shared<Accounts>();
  larder::Cache cache({.store = {.backing = accounts}});

  expect(cache.get("balance:ada").value_or("") == "100", "a miss is read from the store");
  expect(cache.incr_by("balance:ada", 50).ok() && accounts->row("balance:ada") == "150", "a write is in the store");

  accounts->broken = true;
  const auto refused = cache.incr_by("balance:ada", 1'000);
  expect(refused.status().code() == larder::ErrorCode::kStoreFailed, "a failed write says so");
  accounts->broken = false;
  expect(cache.get("balance:ada").value_or("") == "150", "and the cache shows what the store has");

  expect(*cache.del("balance:ada") && accounts->row("balance:ada") == "(none)", "a deletion is a write");
  return wrong;
}
