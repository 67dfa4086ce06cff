// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The copies of a near cache, and how they come and go.
//
// What GET answers is kept under the key itself, by the single flight of the engine: an answer that a change overtakes
// is not kept, and who asks later does not join it. What other commands answer of a key stands together in one hash,
// its group, a field for each command, so that one deletion removes all. A group has a lease, a number that no other
// has ever had; an answer is kept with the lease that stood there before the server was asked, and is fit only as long
// as that stands there. A change deletes the group with its lease.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "larder/cache.h"
#include "larder/near_cache.h"
#include "near/command_info.h"
#include "near/reply.h"
#include "near/tracking_link.h"

namespace larder {

namespace near {

// The key in Redis that is there while this one is loaded.
inline std::string lease_of(std::string_view key) { return "larder:load:{" + std::string(key) + "}"; }

class State final : public Copies {
 public:
  // Makes what connects it to its server; null: a TrackingLink.
  using MakeLink = std::function<std::unique_ptr<Link>(const NearCacheOptions& options, Copies& copies)>;
  explicit State(const NearCacheOptions& its_options, const MakeLink& make_link = {});
  ~State() override;

  using Words = std::span<const std::string_view>;

  // --- Reading ----------------------------------------------------------------------------------------------------
  Lookup<std::string> get(std::string_view key);
  std::vector<Lookup<std::string>> mget(std::span<const std::string_view> keys);
  Lookup<std::string> load_through(std::string_view key, FunctionRef<Loaded()> load, const NearLoadOptions& how);
  // What a command on this key answers; never an error within. `age`: since the server has answered.
  Result<RemoteReply> read(std::string_view key, Words words, Milliseconds* age = nullptr);
  // --- Writing, and whatever is not kept ---------------------------------------------------------------------------
  // What stands behind it goes with it, and its answers to nobody.
  Result<RemoteReply> write(std::span<const std::string_view> keys, Words words, const Batch& behind = {});
  Result<RemoteReply> ask(Words words);
  Result<CommandInfo> info_of(std::string_view word);
  Result<std::vector<std::string>> keys_of(const CommandInfo& info, Words words);

  // Whether copies are unfit, for want of reports.
  bool is_lost() const noexcept { return fitness_.load(std::memory_order_acquire) == Fitness::kLost; }

  // --- Copies -----------------------------------------------------------------------------------------------------
  void drop(std::string_view key) noexcept override;
  void drop_all() noexcept override;
  void lost(FlushCause cause) noexcept override;
  void renew() noexcept override;
  void found() noexcept override;

  const NearCacheOptions options;
  const LoadOptions load_options;
  Cache cache;
  CommandInfos infos;
  std::atomic<std::uint64_t> misses{0}, bypassed{0}, invalidations{0};
  std::array<std::atomic<std::uint64_t>, kFlushCauses> flushes{};
  const std::unique_ptr<Link> link;
  Status begin();  // the first session, and the thread

 private:
  enum class Way : std::uint8_t { kKept, kBypass, kFail };
  struct Copy;
  // Of a group: its lease, 0 if it has none, and a copy that is fit.
  struct Found {
    std::uint64_t lease = 0;
    std::optional<std::string> copy = {};
  };

  bool may_be_kept(std::string_view key) const noexcept;
  Way way_of(std::string_view key) const noexcept;
  Lookup<std::string> get_past(std::string_view key, Way way);
  void forget(std::string_view key) noexcept;
  Link::Answer fetch(const Batch& commands, Link::Reports reports, std::string_view key);
  Link::Answer fetch_copy(const Batch& commands, std::string_view key);
  Milliseconds life_of(const Link::Answer& answer, const redisReply& pttl) const;
  Loaded load_value(std::string_view key);
  Loaded load_once(std::string_view key, FunctionRef<Loaded()> load, const NearLoadOptions& how);
  Loaded load_with_lease(std::string_view key, std::string_view lease, std::string_view token,
                         FunctionRef<Loaded()> load, const NearLoadOptions& how);
  std::vector<Loaded> load_values(std::span<const std::string_view> names);
  Found find_copy(const std::string& group, std::string_view field);
  std::uint64_t take_lease(const std::string& group);
  Loaded load_copy(std::string_view key, Words words, const std::string& group, std::string_view field,
                   std::uint64_t lease);
  void run() noexcept;

  // Whether copies may be used.
  enum class Fitness : std::uint8_t { kLost, kBeingDropped, kFit };
  std::atomic<Fitness> fitness_{Fitness::kLost};
  std::atomic<std::int64_t> lost_at_{0};  // monotonic ns
  std::atomic<std::uint64_t> next_lease_{1};
  const std::string tokens_;  // those of this one begin so
  std::atomic<std::uint64_t> next_token_{0};
  int stop_ = -1;  // eventfd
  std::thread thread_;
};

}  // namespace near
}  // namespace larder
