// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/near_cache.h"

#include <system_error>
#include <utility>

#include "near/near_state.h"

namespace larder {

std::string_view to_string(FlushCause cause) noexcept {
  switch (cause) {
    case FlushCause::kInvalidationsLost: return "invalidations_lost";
    case FlushCause::kConnectionLost: return "connection_lost";
    case FlushCause::kNoPong: return "no_pong";
    case FlushCause::kServerFlushed: return "server_flushed";
  }
  return "unknown";
}

Status NearCacheOptions::validate() const {
  std::string wrong;
  const auto demand = [&](bool holds, std::string_view what) {
    if (!holds) wrong += (wrong.empty() ? "" : "; ") + std::string(what);
  };
  constexpr std::size_t kPathMax = 107;  // of a unix socket
  demand(unix_path.size() <= kPathMax, "unix_path has more than 107 bytes");
  demand(!unix_path.empty() || (!host.empty() && port != 0), "there is no host, or no port");
  demand(username.empty() || !password.empty(), "a username without a password");
  demand(connections >= 1 && connections <= 64, "connections is not from 1 to 64");
  demand(connect_timeout.count() > 0 && command_timeout.count() > 0, "a time-out is not positive");
  demand(heartbeat.count() > 0, "heartbeat is not positive");
  demand(connect_timeout <= std::chrono::hours(1) && command_timeout <= std::chrono::hours(1) &&
             heartbeat <= std::chrono::hours(1),
         "a time-out or heartbeat is more than an hour");
  demand(max_age.count() > 0 && max_age <= std::chrono::hours(24 * 365), "max_age is not from 1 ms to a year");
  demand(stale_for.count() >= 0, "stale_for is negative");
  demand((stale_for.count() > 0) == (disconnected == Disconnected::kStale),
         "stale_for goes with disconnected = kStale, and that with a stale_for");
  demand(cache.store.backing == nullptr, "cache.store: a near cache has the server behind it");
  if (const Status status = cache.validate(); !status.ok()) demand(false, "cache: " + std::string(status.message()));
  return wrong.empty() ? Status() : Status(ErrorCode::kInvalidArgument, "NearCacheOptions: " + wrong);
}

Result<std::unique_ptr<NearCache>> NearCache::open(const NearCacheOptions& options) {
  if (Status status = options.validate(); !status.ok()) return status;
  try {
    std::unique_ptr<NearCache> made(new NearCache(std::make_unique<near::State>(options)));
    if (Status status = made->state_->begin(); !status.ok()) return status;
    return made;
  } catch (const std::system_error& error) {  // no descriptors, or no threads, are left
    return Status(ErrorCode::kDisconnected, error.what());
  }
}

NearCache::NearCache(std::unique_ptr<near::State> state) : state_(std::move(state)) {}
NearCache::~NearCache() = default;

int NearCache::descriptor() const noexcept { return state_->link->descriptor(); }
void NearCache::process() { state_->link->process(); }

NearCacheStats NearCache::stats() const {
  const near::LinkStats link = state_->link->stats();
  NearCacheStats stats;
  stats.connected = link.connected && !state_->is_lost();
  stats.connections = link.connections;
  stats.sessions = link.sessions;
  stats.round_trips = link.round_trips;
  stats.since_sign_of_life = link.since_sign_of_life;
  stats.lag = link.lag;
  stats.last_error = link.last_error;
  stats.round_trip = link.round_trip;
  stats.misses = state_->misses;
  stats.bypassed = state_->bypassed;
  stats.invalidations = state_->invalidations;
  for (std::size_t i = 0; i < kFlushCauses; ++i) stats.flushes[i] = state_->flushes[i];
  stats.cache = state_->cache.stats();
  stats.hits = stats.cache.hits;
  stats.overtaken = stats.cache.loads_discarded;
  return stats;
}

}  // namespace larder
