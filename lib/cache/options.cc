// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Options::validate.
#include "larder/options.h"

#include <bit>
#include <string>

#include "advice/hot_keys.h"
#include "loading/staleness.h"

namespace larder {
namespace {

constexpr std::uint64_t kBufferBytesMin = 4096;
constexpr std::uint64_t kAdviceMemoryMin = 16_MiB;

// All that is wrong, in one text.
class Complaints {
 public:
  void add(std::string_view text) {
    if (!text_.empty()) text_ += "; ";
    text_ += text;
  }
  void check_time(const char* name, Milliseconds time) {
    if (time.count() < 0 || time > loading::kTimeMax) add(std::string(name) + " is negative or beyond 2,000 years");
  }
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

void check_hot_keys(std::uint32_t hot_keys, std::uint64_t max_memory, Complaints* wrong) {
  if (hot_keys > advice::HotKeys::kNamesMax) return wrong->add("hot_keys is above 1,000");
  const std::uint64_t bytes_min = 16 * advice::HotKeys::bytes_for(hot_keys);
  if (max_memory != 0 && max_memory < bytes_min)
    wrong->add("max_memory is below sixteen times what hot_keys takes, which makes " + std::to_string(bytes_min) +
               " bytes");
}

void check_memory(const Options& options, Complaints* wrong) {
  const std::uint64_t max_memory = options.max_memory;
  const std::uint32_t shards = options.shards;
  if (max_memory != 0 && max_memory < kMaxMemoryMin) wrong->add("max_memory is below 64 KiB (0 means unbounded)");
  if (max_memory > std::uint64_t{1} << 60) wrong->add("max_memory is beyond 2^60 bytes");
  if (options.max_entries > std::uint64_t{1} << 60) wrong->add("max_entries is beyond 2^60");
  if (options.value_bytes_max == 0 || options.value_bytes_max > kValueBytesMax)
    wrong->add("value_bytes_max is not from 1 byte to 512 MiB");
  if (shards > 1024 || (shards != 0 && !std::has_single_bit(shards)))
    wrong->add("shards is not 0 or a power of two up to 1024");
  if (max_memory != 0 && shards != 0 && max_memory / shards < kShardMemoryMin)
    wrong->add("max_memory is below 32 KiB a shard, which makes " + std::to_string(shards * kShardMemoryMin) +
               " bytes");
  if (options.max_entries != 0 && shards > options.max_entries) wrong->add("max_entries is below one a shard");
  const auto check_advice = [&](const std::string& name, bool set) {
    if (set && max_memory == 0 && options.max_entries == 0)
      wrong->add(name + " is set, and neither max_memory nor max_entries is: there is nothing to advise on");
    if (set && max_memory != 0 && max_memory < kAdviceMemoryMin)
      wrong->add(name + " takes 1 MiB, and max_memory is below 16 MiB");
  };
  check_advice("size_advice", options.size_advice);
  check_advice("policy_advice", options.policy_advice);
  check_hot_keys(options.hot_keys, max_memory, wrong);
}

void check_write_back(const WriteBackOptions& back, std::uint64_t max_memory, Complaints* wrong) {
  if (!back.dead_letters) wrong->add("store.write_back.dead_letters is not set: who takes what the store never does?");
  if (back.bytes_max != 0 && back.bytes_max < kBufferBytesMin)
    wrong->add("store.write_back.bytes_max is below 4 KiB (0 means an eighth of max_memory)");
  if (back.bytes_max > std::uint64_t{1} << 60) wrong->add("store.write_back.bytes_max is beyond 2^60");
  if (max_memory != 0 && back.bytes_max > max_memory / 2)
    wrong->add("store.write_back.bytes_max is more than half of max_memory");
  if (back.items_max == 0 || back.items_max > std::uint64_t{1} << 40)
    wrong->add("store.write_back.items_max is not from 1 to 2^40");
  if (back.batch_max == 0 || back.batch_max > 65'536) wrong->add("store.write_back.batch_max is not from 1 to 65,536");
  if (back.threads > 64) wrong->add("store.write_back.threads is above 64");
  if (back.attempts_max == 0) wrong->add("store.write_back.attempts_max is 0");
  if (back.rate_max > 1'000'000'000) wrong->add("store.write_back.rate_max is above 1,000,000,000");
  wrong->check_time("store.write_back.delay", back.delay);
  wrong->check_time("store.write_back.retry_first", back.retry_first);
  wrong->check_time("store.write_back.retry_most", back.retry_most);
  wrong->check_time("store.write_back.close_wait", back.close_wait);
  if (back.retry_first.count() == 0) wrong->add("store.write_back.retry_first is 0");
  if (back.retry_most < back.retry_first) wrong->add("store.write_back.retry_most is below retry_first");
}

// What would be as if it were not set.
void check_no_store(const StoreOptions& store, Complaints* wrong) {
  const auto unused = [&](const char* name, bool set) {
    if (set) wrong->add("store." + std::string(name) + " is set, and store.backing is not: there is no store");
  };
  unused("writes", store.writes != StoreOptions::Writes::kThrough);
  unused("negative_ttl", store.negative_ttl.count() != 0);
  unused("max_age", store.max_age.count() != 0);
  unused("check_versions", store.check_versions);
  unused("staleness", store.staleness.refresh_ahead.count() != 0 || store.staleness.stale_for.count() != 0);
}

void check_store(const StoreOptions& store, std::uint64_t max_memory, Complaints* wrong) {
  if (store.wait_max.count() < 0) wrong->add("store.wait_max is negative");
  if (store.backing == nullptr) return check_no_store(store, wrong);
  wrong->check_time("store.negative_ttl", store.negative_ttl);
  wrong->check_time("store.max_age", store.max_age);
  if (store.check_versions && !store.backing->capabilities().versions)
    wrong->add("store.check_versions is set, and the store keeps no versions");
  const Staleness& staleness = store.staleness;
  if (const char* text = loading::wrong_in(staleness, store.max_age))
    wrong->add("store.staleness." + std::string(text));
  if ((staleness.refresh_ahead.count() > 0 || staleness.stale_for.count() > 0) && store.max_age.count() == 0)
    wrong->add("store.staleness is set, and store.max_age is not: nothing would ever be stale");
  if (store.writes == StoreOptions::Writes::kBack) check_write_back(store.write_back, max_memory, wrong);
}

}  // namespace

Status Options::validate() const {
  Complaints wrong;
  check_memory(*this, &wrong);
  wrong.check_time("expiry.idle", expiry.idle);
  if (!(expiry.ttl_jitter >= 0.0 && expiry.ttl_jitter <= 1.0)) wrong.add("expiry.ttl_jitter is not from 0 to 1");
  check_store(store, max_memory, &wrong);
  if (background_thread && (background_interval.count() <= 0 || background_interval > std::chrono::hours(24)))
    wrong.add("background_interval is not from a millisecond to a day");
  if (wrong.text().empty()) return {};
  return {ErrorCode::kInvalidArgument, "options: " + wrong.text()};
}

}  // namespace larder
