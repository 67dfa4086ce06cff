// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Counters that are written behind: each hit is counted in the cache, and the store gets the sum now and then. While
// the store fails, counting goes on; what it never takes is handed over.
#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>

#include "larder/cache.h"

using namespace std::chrono_literals;

namespace {

class Pages final : public larder::BackingStore {
 public:
  larder::Lookup<larder::StoredValue> load(std::string_view key) override {
    const std::lock_guard lock(mutex_);
    const auto row = rows_.find(key);
    if (row == rows_.end()) return {};
    return larder::StoredValue{.bytes = row->second};
  }

  larder::Status write(std::span<const larder::Mutation> batch, std::span<larder::WriteResult> results) override {
    if (broken) return {larder::ErrorCode::kStoreFailed, "no connection"};
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch[i].is_put() && batch[i].type != larder::ValueType::kString) {
        results[i] = larder::WriteResult::never("the table has texts only");
      } else if (batch[i].bytes.size() > 20) {
        results[i] = larder::WriteResult::never("too long for the column");
      } else if (batch[i].is_put()) {
        rows_[std::string(batch[i].key)] = batch[i].bytes;
      } else {
        rows_.erase(std::string(batch[i].key));
      }
      ++writes;
    }
    return {};
  }

  std::string row(std::string_view key) {
    const std::lock_guard lock(mutex_);
    const auto found = rows_.find(key);
    return found == rows_.end() ? "(none)" : found->second;
  }

  std::atomic<bool> broken{false};
  std::atomic<int> writes{0};

 private:
  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> rows_;
};

int wrong = 0;
void expect(bool holds, const char* what) {
  std::printf("%-66s %s\n", what, holds ? "yes" : "NO");
  wrong += !holds;
}

}  // namespace

int main() {
  auto pages = std::make_shared<Pages>();
  std::atomic<int> dead_letters{0};
  larder::Options options;
  options.store.backing = pages;
  options.store.writes = larder::StoreOptions::Writes::kBack;
  options.store.write_back.retry_most = 50ms;  // a demonstration has no patience
  options.store.write_back.dead_letters = [&](const larder::DeadLetter& letter) {
    std::printf("not stored: %.*s (%s)\n", static_cast<int>(letter.mutation.key.size()), letter.mutation.key.data(),
                letter.error.to_string().c_str());
    ++dead_letters;
  };
  larder::Cache cache(options);

  for (int i = 0; i < 10'000; ++i) cache.incr("hits:/index.html");
  expect(cache.flush(5s).complete(), "flush says that the store has everything");
  expect(pages->row("hits:/index.html") == "10000", "and it has");
  expect(pages->writes < 1'000, "ten thousand increments made fewer than a thousand writes");

  pages->broken = true;
  expect(cache.incr("hits:/index.html").ok(), "the store fails, and counting goes on");
  const larder::FlushReport left = cache.flush(100ms);
  expect(left.items == 1 && !left.last_error.ok(), "flush says what is left, and why");
  cache.clear();
  expect(cache.get("hits:/index.html").value_or("") == "10001", "clear does not lose what is not stored yet");
  pages->broken = false;

  cache.set("title:/", "longer than the column is");
  const larder::FlushReport report = cache.close(5s);
  expect(report.complete(), "close leaves nothing behind");
  expect(pages->row("hits:/index.html") == "10001", "what failed was tried again");
  expect(dead_letters == 1 && pages->row("title:/") == "(none)", "and what the store never takes was handed over");
  return wrong;
}
